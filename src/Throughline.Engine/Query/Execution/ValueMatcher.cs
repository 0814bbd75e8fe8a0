using System.Globalization;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Compares attribute values with a literal. An untyped literal equals every type whose text equals it, a string literal only strings. Order
/// comparisons hold between numbers, or between texts by ordinal order. Of an array any element counts. One query's own; not thread safe.
/// </summary>
internal sealed class ValueMatcher
{
    private readonly AttributeOperator _operator;
    private readonly AttributeLiteral _literal;
    private readonly double? _number;
    private readonly long? _integer;
    private readonly decimal? _decimal;
    private readonly byte[] _utf8;
    private readonly TextSearch _search;
    private readonly IdMemo _strings;
    private readonly IdMemo _arrays;

    /// <summary>Compares values of a segment. <see cref="AttributeOperator.NotEqual"/> is asked as <see cref="AttributeOperator.Equal"/> and turned round by the caller.</summary>
    public ValueMatcher(AttributeOperator comparison, AttributeLiteral literal, SpanBatch tables)
    {
        _operator = comparison == AttributeOperator.NotEqual ? AttributeOperator.Equal : comparison;
        _literal = literal;
        _utf8 = Encoding.UTF8.GetBytes(literal.Text);
        _search = new TextSearch(literal.Text);
        if (!literal.IsString)
        {
            if (long.TryParse(literal.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)) _integer = integer;
            if (double.TryParse(literal.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) _number = number;
            // Holds every 64-bit integer beside a fraction, which a double does not.
            if (_integer is null && decimal.TryParse(literal.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact)) _decimal = exact;
        }
        _strings = new IdMemo(tables.Strings, MatchesText);
        _arrays = new IdMemo(tables.Blobs, MatchesElement);
    }

    /// <summary>Whether a value compares so.</summary>
    public bool Matches(AttributeType type, long value) => _operator == AttributeOperator.Exists || type switch
    {
        AttributeType.String => _strings[(int)value],
        AttributeType.Int => MatchesInteger(value),
        AttributeType.Double => MatchesDouble(BitConverter.Int64BitsToDouble(value)),
        AttributeType.Bool => MatchesWord(value != 0 ? "true" : "false"),
        AttributeType.Array => _arrays[(int)value],
        _ => false,
    };

    private bool MatchesElement(ReadOnlySpan<byte> array)
    {
        foreach (var element in AttributeValue.ReadArray(array))
        {
            var matches = element.Type switch
            {
                AttributeType.String => MatchesText(Encoding.UTF8.GetBytes(element.Text)),
                AttributeType.Int => MatchesInteger(element.Number),
                AttributeType.Double => MatchesDouble(BitConverter.Int64BitsToDouble(element.Number)),
                AttributeType.Bool => MatchesWord(element.Number != 0 ? "true" : "false"),
                _ => false,
            };
            if (matches) return true;
        }
        return false;
    }

    private bool MatchesText(ReadOnlySpan<byte> text)
    {
        if (_operator == AttributeOperator.Equal) return text.SequenceEqual(_utf8);
        if (_operator == AttributeOperator.Contains) return _search.IsIn(text);
        // A bare number is compared with numbers only: "9" > 10 by text would surprise.
        return (_literal.IsString || _number is null) && Holds(text.SequenceCompareTo(_utf8));
    }

    private bool MatchesInteger(long value) => _operator switch
    {
        AttributeOperator.Equal => _integer == value && IsText(value.ToString(CultureInfo.InvariantCulture)),
        AttributeOperator.Contains => ContainsIn(value.ToString(CultureInfo.InvariantCulture)),
        _ when _integer is { } integer => Holds(value.CompareTo(integer)),
        _ when _decimal is { } exact => Holds(((decimal)value).CompareTo(exact)),
        _ => MatchesOrder(value),
    };

    private bool MatchesDouble(double value) => _operator switch
    {
        // A double has many texts (1e-7, 1E-07): every decimal that says the same number is one of them. Only a written infinity is one, not 1e999.
        AttributeOperator.Equal => double.IsFinite(value) ? _number == value : IsText(value.ToString("R", CultureInfo.InvariantCulture)),
        AttributeOperator.Contains => ContainsIn(value.ToString("R", CultureInfo.InvariantCulture)),
        _ => MatchesOrder(value),
    };

    private bool MatchesOrder(double value) => _number is { } number && !double.IsNaN(value) && !double.IsNaN(number) && Holds(value.CompareTo(number));

    private bool MatchesWord(string word) => _operator switch
    {
        AttributeOperator.Equal => IsText(word),
        AttributeOperator.Contains => ContainsIn(word),
        _ => false,
    };

    private bool ContainsIn(string text) => !_literal.IsString && _search.IsIn(Encoding.UTF8.GetBytes(text));

    private bool IsText(string text) => !_literal.IsString && text == _literal.Text;

    private bool Holds(int comparison) => _operator switch
    {
        AttributeOperator.Greater => comparison > 0,
        AttributeOperator.GreaterOrEqual => comparison >= 0,
        AttributeOperator.Less => comparison < 0,
        AttributeOperator.LessOrEqual => comparison <= 0,
        _ => false,
    };
}
