using System.Globalization;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Compares attribute values with a literal. An untyped literal equals every type whose text equals it, a string literal only strings. Order
/// comparisons hold between numbers, or between texts by ordinal order. Of an array any element counts. Immutable; thread safe.
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

    /// <summary>A comparison. <see cref="AttributeOperator.NotEqual"/> is asked as <see cref="AttributeOperator.Equal"/> and turned round by the caller.</summary>
    public ValueMatcher(AttributeOperator comparison, AttributeLiteral literal)
    {
        _operator = comparison == AttributeOperator.NotEqual ? AttributeOperator.Equal : comparison;
        _literal = literal;
        _utf8 = AnswerBook.Utf8(literal.Text);
        _search = new TextSearch(literal.Text);
        if (literal.IsString) return;
        if (long.TryParse(literal.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)) _integer = integer;
        if (double.TryParse(literal.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) _number = number;
        // Holds every 64-bit integer beside a fraction, which a double does not.
        if (_integer is null && decimal.TryParse(literal.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact)) _decimal = exact;
    }

    /// <summary>The comparison as a question about entries of string columns.</summary>
    public Model.Columns.EntryTest ForTexts() => _operator switch
    {
        AttributeOperator.Equal => new TextEquals(_utf8),
        AttributeOperator.Contains => new TextContains(_literal.Text),
        _ => new EntryHolds(MatchesText),
    };

    /// <summary>Whether a string compares so.</summary>
    public bool MatchesText(ReadOnlySpan<byte> text)
    {
        if (_operator == AttributeOperator.Equal) return text.SequenceEqual(_utf8);
        if (_operator == AttributeOperator.Contains) return _search.IsIn(text);
        // A bare number is compared with numbers only: "9" > 10 by text would surprise.
        return (_literal.IsString || _number is null) && Holds(text.SequenceCompareTo(_utf8));
    }

    /// <summary>Whether some element of an encoded array compares so.</summary>
    public bool MatchesElement(ReadOnlySpan<byte> array)
    {
        foreach (var element in AttributeValue.ReadArray(array))
        {
            var matches = element.Type switch
            {
                AttributeType.String => MatchesText(AnswerBook.Utf8(element.Text)),
                AttributeType.Int => MatchesInteger(element.Number),
                AttributeType.Double => MatchesDouble(BitConverter.Int64BitsToDouble(element.Number)),
                AttributeType.Bool => MatchesBool(element.Number != 0),
                _ => false,
            };
            if (matches) return true;
        }
        return false;
    }

    /// <summary>Whether an integer compares so.</summary>
    public bool MatchesInteger(long value) => _operator switch
    {
        AttributeOperator.Equal => _integer == value && IsText(value.ToString(CultureInfo.InvariantCulture)),
        AttributeOperator.Contains => ContainsIn(value.ToString(CultureInfo.InvariantCulture)),
        _ when _integer is { } integer => Holds(value.CompareTo(integer)),
        _ when _decimal is { } exact => Holds(((decimal)value).CompareTo(exact)),
        _ => MatchesOrder(value),
    };

    /// <summary>
    /// The integers that compare so, when they are a range; no range (smallest above largest) when none does. False when they have to be asked one by one.
    /// </summary>
    public bool TryGetIntegers(out long smallest, out long largest)
    {
        (smallest, largest) = (0, -1);
        switch (_operator)
        {
            case AttributeOperator.Contains:
                return false;
            case AttributeOperator.Equal:
                if (_integer is { } integer && MatchesInteger(integer)) (smallest, largest) = (integer, integer);
                return true;
            case AttributeOperator.Less or AttributeOperator.LessOrEqual:
                if (MatchesInteger(long.MinValue)) (smallest, largest) = (long.MinValue, LastThat(holdsBelow: true));
                return true;
            default:
                if (MatchesInteger(long.MaxValue)) (smallest, largest) = (LastThat(holdsBelow: false), long.MaxValue);
                return true;
        }
    }

    /// <summary>The end of the range, which goes from one end of the integers to it: comparisons by order do not change their answer twice.</summary>
    private long LastThat(bool holdsBelow)
    {
        var (holds, fails) = holdsBelow ? (long.MinValue, (Int128)long.MaxValue + 1) : (long.MaxValue, (Int128)long.MinValue - 1);
        Int128 inside = holds;
        while (Int128.Abs(inside - fails) > 1)
        {
            var middle = (inside + fails) / 2;
            if (middle == inside || middle == fails) middle = inside + (fails > inside ? 1 : -1);
            if (MatchesInteger((long)middle)) inside = middle;
            else fails = middle;
        }
        return (long)inside;
    }

    /// <summary>Whether a double compares so.</summary>
    public bool MatchesDouble(double value) => _operator switch
    {
        // A double has many texts (1e-7, 1E-07): every decimal that says the same number is one of them. Only a written infinity is one, not 1e999.
        AttributeOperator.Equal => double.IsFinite(value) ? _number == value : IsText(value.ToString("R", CultureInfo.InvariantCulture)),
        AttributeOperator.Contains => ContainsIn(value.ToString("R", CultureInfo.InvariantCulture)),
        _ => MatchesOrder(value),
    };

    /// <summary>Whether a bool compares so.</summary>
    public bool MatchesBool(bool value) => _operator switch
    {
        AttributeOperator.Equal => IsText(value ? "true" : "false"),
        AttributeOperator.Contains => ContainsIn(value ? "true" : "false"),
        _ => false,
    };

    private bool MatchesOrder(double value) => _number is { } number && !double.IsNaN(value) && !double.IsNaN(number) && Holds(value.CompareTo(number));

    private bool ContainsIn(string text) => !_literal.IsString && _search.IsIn(AnswerBook.Utf8(text));

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
