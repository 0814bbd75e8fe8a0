using System.Globalization;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Native;

/// <summary>What the page writes beside a span's bar: the kind of a wait and what it says of itself, and what went wrong. Reads one trace; not thread safe.</summary>
internal sealed class TraceLabels(TraceView trace, TextTable texts)
{
    private readonly SpanBatch _spans = trace.Spans;
    private readonly int _waitKind = trace.Spans.Strings.Find("wait.kind"u8);
    private readonly int _waitDetail = trace.Spans.Strings.Find("wait.detail"u8);
    private readonly int _errorType = trace.Spans.Strings.Find("error.type"u8);
    private readonly int _exceptionType = trace.Spans.Strings.Find("exception.type"u8);

    /// <summary>The number of the text of the row's <c>wait.kind</c>; -1 when it is no wait.</summary>
    internal int Wait(int row)
    {
        if (_waitKind < 0) return -1;
        var (start, end) = (_spans.AttributeOffset[row], _spans.AttributeOffset[row + 1]);
        var found = _spans.Attributes.Key.Span[start..end].IndexOf(_waitKind);
        return found < 0 ? -1 : NumberOf(_spans.Attributes, start + found);
    }

    /// <summary>For a failed row the number of its error type, or its exception's type, or its status message; for a wait that of its <c>wait.detail</c>; -1 when there is nothing to say.</summary>
    internal int Label(int row)
    {
        if (!trace.IsError[row]) return Wait(row) < 0 ? -1 : Find(_spans.Attributes, _spans.AttributeOffset[row], _spans.AttributeOffset[row + 1], _waitDetail);
        var errorType = Find(_spans.Attributes, _spans.AttributeOffset[row], _spans.AttributeOffset[row + 1], _errorType);
        if (errorType >= 0) return errorType;
        for (var e = _spans.EventOffset[row]; e < _spans.EventOffset[row + 1]; e++)
        {
            var exception = Find(_spans.Events.Attributes, _spans.Events.AttributeOffset[e], _spans.Events.AttributeOffset[e + 1], _exceptionType);
            if (exception >= 0) return exception;
        }
        var message = _spans.StatusMessage[row];
        return _spans.Strings[message].Length == 0 ? -1 : texts.NumberOf(message);
    }

    /// <summary>The number of a string attribute's text; -1 when there is none or it is empty.</summary>
    private int Find(AttributeColumns attributes, int start, int end, int key)
    {
        if (key < 0) return -1;
        for (var i = start; i < end; i++)
        {
            if (attributes.Key[i] != key || attributes.Type[i] != (byte)AttributeType.String) continue;
            var text = (int)attributes.Value[i];
            if (_spans.Strings[text].Length > 0) return texts.NumberOf(text);
        }
        return -1;
    }

    private int NumberOf(AttributeColumns attributes, int index) => (AttributeType)attributes.Type[index] switch
    {
        AttributeType.String => texts.NumberOf((int)attributes.Value[index]),
        AttributeType.Int => texts.NumberOf(attributes.Value[index].ToString(CultureInfo.InvariantCulture)),
        AttributeType.Bool => texts.NumberOf(attributes.Value[index] == 0 ? "false" : "true"),
        _ => texts.NumberOf("wait"),
    };
}
