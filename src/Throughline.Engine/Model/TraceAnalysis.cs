using System.Runtime.InteropServices;

namespace Throughline.Engine.Model;

/// <summary>
/// Works out <see cref="TraceFacts"/> from a trace's rows in one batch. Reusable: keeps its buffers and the ids of the texts it asks for. Not thread safe.
/// </summary>
internal sealed class TraceAnalysis
{
    /// <summary>Rows that take less than a millisecond: between them a caller that has gone is noticed.</summary>
    private const int LookedAtOnce = 4_096;

    private readonly SpanBatch _batch;
    private readonly CancellationToken _cancellationToken;
    private readonly int _waitKey;
    private readonly int _errorTypeKey;
    private readonly int _exceptionTypeKey;
    private readonly int _emptyText;
    private readonly HashSet<ulong> _ids = [];
    private readonly Dictionary<int, (int Spans, int Errors)> _services = [];
    private readonly Dictionary<int, int> _errorTypes = [];
    private readonly List<(ulong Start, ulong End)> _covered = [];
    private readonly List<(ulong Start, ulong End)> _waits = [];

    /// <summary>For rows of this batch; texts that are added to it later are not known.</summary>
    public TraceAnalysis(SpanBatch batch, CancellationToken cancellationToken = default)
    {
        (_batch, _cancellationToken) = (batch, cancellationToken);
        _waitKey = batch.Strings.Find("wait.kind"u8);
        _errorTypeKey = batch.Strings.Find("error.type"u8);
        _exceptionTypeKey = batch.Strings.Find("exception.type"u8);
        _emptyText = batch.Strings.Find([]);
    }

    /// <summary>The facts of the trace whose rows these are (at least one, in any order), with its services if they are wanted. Needs every column of the batch.</summary>
    public TraceFacts Of(ReadOnlySpan<int> rows, bool withServices = true)
    {
        Reset();
        var batch = _batch;
        for (var i = 0; i < rows.Length; i++)
        {
            if (i % LookedAtOnce == 0) _cancellationToken.ThrowIfCancellationRequested();
            _ids.Add(batch.SpanId[rows[i]]);
        }
        var first = rows[0];
        var root = -1;
        var firstError = -1;
        var end = 0ul;
        int errors = 0, orphans = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            if (i % LookedAtOnce == 0) _cancellationToken.ThrowIfCancellationRequested();
            var row = rows[i];
            if (Precedes(row, first)) first = row;
            var parent = batch.ParentSpanId[row];
            if (parent == 0)
            {
                if (root < 0 || Precedes(row, root)) root = row;
            }
            else if (!_ids.Contains(parent))
            {
                orphans++;
            }
            var spanEnd = Math.Max(batch.StartUnixNano[row], batch.EndUnixNano[row]);
            end = Math.Max(end, spanEnd);
            _covered.Add((batch.StartUnixNano[row], spanEnd));
            if (Attribute(row, _waitKey) >= 0) _waits.Add((batch.StartUnixNano[row], spanEnd));
            var isError = (batch.Marks[row] & (byte)SpanMarks.Error) != 0;
            if (withServices)
            {
                ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_services, batch.Resources.Service[batch.Resource[row]], out _);
                count = (count.Spans + 1, count.Errors + (isError ? 1 : 0));
            }
            if (!isError) continue;
            errors++;
            if (firstError < 0 || Precedes(row, firstError)) firstError = row;
            CountErrorType(row);
        }
        var start = batch.StartUnixNano[first];
        return new TraceFacts
        {
            StartUnixNano = start,
            EndUnixNano = end,
            WaitingNano = end - start - Union(_covered) + Union(_waits),
            Spans = rows.Length,
            Errors = errors,
            Orphans = orphans,
            RootService = root < 0 ? -1 : batch.Resources.Service[batch.Resource[root]],
            RootName = root < 0 ? -1 : batch.Name[root],
            FirstService = batch.Resources.Service[batch.Resource[first]],
            FirstName = batch.Name[first],
            ErrorType = ErrorType(firstError),
            Services = withServices ? [.. _services.Select(s => (s.Key, s.Value.Spans, s.Value.Errors))] : [],
        };
    }

    /// <summary>The error type of a failed row (error.type, else the first exception event's exception.type), or -1.</summary>
    public int ErrorTypeOf(int row)
    {
        var type = Attribute(row, _errorTypeKey);
        if (type >= 0 || _exceptionTypeKey < 0) return type;
        var events = _batch.Events;
        for (var e = _batch.EventOffset[row]; e < _batch.EventOffset[row + 1]; e++)
        {
            for (var i = events.AttributeOffset[e]; i < events.AttributeOffset[e + 1]; i++)
            {
                if (events.Attributes.Key[i] == _exceptionTypeKey && events.Attributes.Type[i] == (byte)AttributeType.String) return (int)events.Attributes.Value[i];
            }
        }
        return -1;
    }

    /// <summary>The error type of a trace whose rows come in the order of a block's; -1 when no row failed, or none says why.</summary>
    public int ErrorTypeOf(ReadOnlySpan<int> orderedRows)
    {
        _errorTypes.Clear();
        var firstError = -1;
        foreach (var row in orderedRows)
        {
            if ((_batch.Marks[row] & (byte)SpanMarks.Error) == 0) continue;
            if (firstError < 0) firstError = row;
            CountErrorType(row);
        }
        return ErrorType(firstError);
    }

    /// <summary>The text of <c>wait.kind</c>, or -1 when the row is no wait.</summary>
    public int WaitKindOf(int row) => Attribute(row, _waitKey);

    private void Reset()
    {
        _ids.Clear();
        _services.Clear();
        _errorTypes.Clear();
        _covered.Clear();
        _waits.Clear();
    }

    private bool Precedes(int row, int other)
    {
        var order = _batch.StartUnixNano[row].CompareTo(_batch.StartUnixNano[other]);
        if (order == 0) order = _batch.SpanId[row].CompareTo(_batch.SpanId[other]);
        if (order != 0) return order < 0;
        // Shared ids: the texts decide, so that the answer is the same wherever the spans lie.
        order = CompareTexts(_batch.Resources.Service[_batch.Resource[row]], _batch.Resources.Service[_batch.Resource[other]]);
        if (order == 0) order = CompareTexts(_batch.Name[row], _batch.Name[other]);
        return (order != 0 ? order : CompareTexts(_batch.StatusMessage[row], _batch.StatusMessage[other])) < 0;
    }

    private int CompareTexts(int a, int b) => a == b ? 0 : _batch.Strings[a].SequenceCompareTo(_batch.Strings[b]);

    private int Attribute(int row, int key)
    {
        if (key < 0) return -1;
        for (var i = _batch.AttributeOffset[row]; i < _batch.AttributeOffset[row + 1]; i++)
        {
            if (_batch.Attributes.Key[i] == key && _batch.Attributes.Type[i] == (byte)AttributeType.String) return (int)_batch.Attributes.Value[i];
        }
        return -1;
    }

    private void CountErrorType(int row)
    {
        var type = ErrorTypeOf(row);
        if (type >= 0) _errorTypes[type] = _errorTypes.GetValueOrDefault(type) + 1;
    }

    private int ErrorType(int firstError)
    {
        if (firstError < 0) return -1;
        if (_errorTypes.Count > 0) return Commonest(_errorTypes);
        var message = _batch.StatusMessage[firstError];
        return message == _emptyText ? -1 : message;
    }

    private int Commonest(Dictionary<int, int> texts)
    {
        var (best, most) = (-1, 0);
        foreach (var (text, count) in texts)
        {
            if (count > most || (count == most && CompareTexts(text, best) < 0)) (best, most) = (text, count);
        }
        return best;
    }

    /// <summary>Length of the union of intervals.</summary>
    private ulong Union(List<(ulong Start, ulong End)> intervals)
    {
        RunSort.Sort(CollectionsMarshal.AsSpan(intervals), static (a, b) => a.Start.CompareTo(b.Start), _cancellationToken);
        var union = new IntervalUnion();
        foreach (var (start, end) in intervals) union.Add(start, end);
        return union.Length;
    }
}
