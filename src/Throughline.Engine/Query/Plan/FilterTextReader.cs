using System.Text;

namespace Throughline.Engine.Query.Plan;

/// <summary>One term of a filter text: free text when <paramref name="Operator"/> is null, else a comparison.</summary>
/// <param name="Position">Offset of the term's first character.</param>
/// <param name="ValuePosition">Offset of the value's first character.</param>
/// <param name="IsQuoted">The value was written in quotes.</param>
internal readonly record struct FilterTextTerm(int Position, string Key, AttributeOperator? Operator, string OperatorText, int ValuePosition, string Value, bool IsQuoted);

/// <summary>Splits a filter text into its terms, forward only. Not thread safe.</summary>
internal sealed class FilterTextReader(string text)
{
    private int _next;

    /// <summary>The next term. False at the end and at an error; the error's message tells which.</summary>
    internal bool Next(out FilterTextTerm term, out FilterTextError error)
    {
        term = default;
        error = default;
        while (_next < text.Length && char.IsWhiteSpace(text[_next])) _next++;
        if (_next == text.Length) return false;

        var start = _next;
        if (text[start] == '"')
        {
            if (!TryReadQuoted(out var phrase, out error)) return false;
            if (phrase.Length == 0) return Fail(start, "An empty phrase finds everything; write a word, or leave it out.", out error);
            term = new FilterTextTerm(start, "", null, "", start, phrase, true);
            return true;
        }

        while (_next < text.Length && !char.IsWhiteSpace(text[_next]) && OperatorAt(_next).Length == 0) _next++;
        var key = text[start.._next];
        if (_next == text.Length || char.IsWhiteSpace(text[_next]))
        {
            term = new FilterTextTerm(start, "", null, "", start, key, false);
            return true;
        }

        var written = OperatorAt(_next);
        var operatorAt = _next;
        _next += written.Length;
        if (key.Length == 0)
            return Fail(operatorAt, operatorAt > 0
                ? $"A key is missing before '{written}'. No blank may stand between key, operator and value: key{written}value. Free text with '{written}' in it goes in quotes."
                : $"A key is missing before '{written}'. Free text with '{written}' in it goes in quotes.", out error);
        if (_next == text.Length || char.IsWhiteSpace(text[_next]))
            return Fail(_next, $"A value is missing after '{key}{written}'. No blank may stand between key, operator and value. Empty text is written \"\".", out error);

        var valueAt = _next;
        var quoted = text[valueAt] == '"';
        string? value;
        if (quoted)
        {
            if (!TryReadQuoted(out value, out error)) return false;
        }
        else
        {
            while (_next < text.Length && !char.IsWhiteSpace(text[_next])) _next++;
            value = text[valueAt.._next];
        }
        term = new FilterTextTerm(start, key, Meaning(written), written, valueAt, value, quoted);
        return true;
    }

    private static AttributeOperator Meaning(string written) => written switch
    {
        "=" => AttributeOperator.Equal,
        "!=" => AttributeOperator.NotEqual,
        ">" => AttributeOperator.Greater,
        ">=" => AttributeOperator.GreaterOrEqual,
        "<" => AttributeOperator.Less,
        "<=" => AttributeOperator.LessOrEqual,
        _ => AttributeOperator.Contains,
    };

    /// <summary>The operator that begins at <paramref name="at"/>, or an empty text. A '!' alone is part of a key.</summary>
    private string OperatorAt(int at)
    {
        var followedByEqual = at + 1 < text.Length && text[at + 1] == '=';
        return text[at] switch
        {
            '=' => "=",
            '~' => "~",
            '!' => followedByEqual ? "!=" : "",
            '>' => followedByEqual ? ">=" : ">",
            '<' => followedByEqual ? "<=" : "<",
            _ => "",
        };
    }

    private bool TryReadQuoted(out string value, out FilterTextError error)
    {
        var start = _next;
        var unescaped = new StringBuilder();
        value = "";
        error = default;
        for (var i = start + 1; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\')
            {
                if (i + 1 == text.Length) break;
                if (text[i + 1] is not ('"' or '\\'))
                    return Fail(i, "A backslash in quotes stands before a quote or a backslash; a backslash itself is written \\\\.", out error);
                unescaped.Append(text[++i]);
                continue;
            }
            if (c != '"')
            {
                unescaped.Append(c);
                continue;
            }
            _next = i + 1;
            if (_next < text.Length && !char.IsWhiteSpace(text[_next]))
                return Fail(_next, "A blank is missing after the closing quote. A quote inside quotes is written \\\".", out error);
            value = unescaped.ToString();
            return true;
        }
        return Fail(start, "The quote that opens here is not closed.", out error);
    }

    private bool Fail(int position, string message, out FilterTextError error)
    {
        _next = text.Length;
        error = new FilterTextError(position, message);
        return false;
    }
}
