using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Blocks.Write;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks;

/// <summary>What a merge leaves out and takes along.</summary>
internal sealed record MergeRequest
{
    /// <summary>True for traces that are not to be kept, by id and start.</summary>
    public required Func<TraceId, ulong, bool> Hides { get; init; }

    /// <summary>True when a trace may have spans in blocks that are not merged here.</summary>
    public required Func<TraceId, bool> IsElsewhere { get; init; }

    /// <summary>Requests received before are no longer recognised, and not kept.</summary>
    public required ulong DigestsFromUnixNano { get; init; }

    /// <summary>Memory of the rows that a merge of several blocks holds at once; beyond it the merge is given up.</summary>
    public long MaxMemoryBytes { get; init; } = long.MaxValue;
}

/// <summary>
/// Merges blocks into one: traces that lie in several are rejoined, duplicate spans collapse, hidden traces go. Goes through the blocks row group by row group, so that its memory does not grow with
/// them: it holds one row group of each block of the same time, and parts of traces that lie in several blocks until the last one has come; there the trace goes, a little behind its place by start. Keeps its
/// buffers; one owner.
/// </summary>
internal sealed class BlockMerger : IDisposable
{
    private readonly BlockBuilder _builder = new(compresses: true);
    private readonly DecodeBuffers _buffers = new();
    private readonly List<(TraceId Id, int Rows)> _parts = [];
    private readonly HeldRows[] _held = [new(), new()];
    private readonly HashSet<TraceId> _hidden = [];

    /// <summary>Appends the merged block to an empty file; the caller syncs and names it. Answers how many traces it has.</summary>
    /// <exception cref="CorruptDataException">A block cannot be read; nothing that it holds may be given up for the file.</exception>
    /// <exception cref="MergeTooLargeException">Fewer blocks at once may do.</exception>
    public int Merge(IReadOnlyList<BlockFile> blocks, MergeRequest request, IWritableFile file, CancellationToken cancellationToken)
    {
        _builder.Begin(file);
        _hidden.Clear();
        var maxMemoryBytes = blocks.Count > 1 ? request.MaxMemoryBytes : long.MaxValue;
        var inputs = new List<MergeInput>();
        foreach (var block in blocks)
        {
            if (block.Footer.Traces > 0) inputs.Add(new MergeInput(inputs.Count, block, _builder, _buffers));
            // Blocks of very many keys are too large by their tables alone.
            Limit(inputs, null, maxMemoryBytes);
        }
        var split = new SplitTraceParts(inputs, _builder.Tables, _held);
        var ended = new List<MergeInput>();
        while (inputs.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var next = Earliest(inputs, out var second);
            if (!next.IsDecoded)
            {
                next.Decode();
                Limit(inputs, split, maxMemoryBytes);
                continue;
            }
            AddRun(next, second, split, request);
            ReleaseTexts(ended, split);
            if (!next.IsAtEnd) continue;
            next.ReleaseRows();
            inputs.Remove(next);
            ended.Add(next);
        }
        ReleaseTexts(ended, split);
        var splitIds = Elsewhere(blocks, request);
        _builder.Finish(Digests(blocks, request), splitIds, []);
        return _builder.WrittenTraces;
    }

    /// <summary>Parts of traces that are not whole yet may need texts of a block whose end has been reached.</summary>
    private static void ReleaseTexts(List<MergeInput> ended, SplitTraceParts split)
    {
        for (var i = ended.Count - 1; i >= 0; i--)
        {
            if (split.RowsOf(ended[i].Index) > 0) continue;
            ended[i].ReleaseTexts();
            ended.RemoveAt(i);
        }
    }

    /// <summary>The input whose present trace comes next, and the one that would come next without it.</summary>
    private static MergeInput Earliest(List<MergeInput> inputs, out MergeInput? second)
    {
        var first = inputs[0];
        second = null;
        for (var i = 1; i < inputs.Count; i++)
        {
            if (IsBefore(inputs[i], 0, first)) (first, second) = (inputs[i], first);
            else if (second is null || IsBefore(inputs[i], 0, second)) second = inputs[i];
        }
        return first;
    }

    private static bool IsBefore(MergeInput a, int ahead, MergeInput b)
    {
        var order = a.StartUnixNanoAt(ahead).CompareTo(b.StartUnixNanoAt(0));
        return (order != 0 ? order : a.TraceIdAt(ahead).CompareTo(b.TraceIdAt(0))) < 0;
    }

    private static void Limit(List<MergeInput> inputs, SplitTraceParts? split, long maxMemoryBytes)
    {
        var bytes = split?.UsedBytes ?? 0;
        foreach (var input in inputs) bytes += input.HeldBytes;
        if (bytes > maxMemoryBytes) throw new MergeTooLargeException(bytes, maxMemoryBytes);
    }

    /// <summary>Goes over the next traces of an input that are treated alike: written as they are, held until their other parts come, or left out.</summary>
    private void AddRun(MergeInput input, MergeInput? second, SplitTraceParts split, MergeRequest request)
    {
        var isSplit = split.Contains(input.TraceIdAt(0));
        if (!isSplit && request.Hides(input.TraceIdAt(0), input.StartUnixNanoAt(0)))
        {
            _hidden.Add(input.TraceIdAt(0));
            input.Take(1);
            return;
        }
        var (traces, rows) = (1, input.RowsAt(0));
        var room = isSplit ? int.MaxValue : _builder.Room;
        while (traces < input.Decoded && rows + input.RowsAt(traces) <= room && (second is null || IsBefore(input, traces, second))
            && split.Contains(input.TraceIdAt(traces)) == isSplit && (isSplit || !request.Hides(input.TraceIdAt(traces), input.StartUnixNanoAt(traces))))
        {
            rows += input.RowsAt(traces++);
        }
        if (isSplit) AddParts(input, traces, split, request);
        else _builder.AddTraces(input, traces);
    }

    private void AddParts(MergeInput input, int traces, SplitTraceParts split, MergeRequest request)
    {
        _parts.Clear();
        for (var i = 0; i < traces; i++) _parts.Add((input.TraceIdAt(i), input.RowsAt(i)));
        var row = split.Hold(input.Index, input.Columns, input.Take(traces), input.Values);
        foreach (var (id, rows) in _parts)
        {
            if (split.Pass(id, row, rows))
            {
                var whole = split.Complete(id);
                if (request.Hides(id, split.Held.Starts[whole[0]])) _hidden.Add(id);
                else _builder.AddTrace(id, split.Held, whole, split.Numbers);
            }
            row += rows;
        }
        split.Trim();
    }

    private static RequestDigest[] Digests(IReadOnlyList<BlockFile> blocks, MergeRequest request)
    {
        var digests = new List<RequestDigest>();
        foreach (var block in blocks)
        {
            foreach (var digest in block.ReadDigests())
            {
                if (digest.ReceivedUnixNano >= request.DigestsFromUnixNano) digests.Add(digest);
            }
        }
        return [.. digests];
    }

    /// <summary>The written traces that lie in other blocks too.</summary>
    private TraceId[] Elsewhere(IReadOnlyList<BlockFile> blocks, MergeRequest request)
    {
        var elsewhere = new HashSet<TraceId>();
        foreach (var block in blocks)
        {
            foreach (var id in block.ReadSplitTraceIds())
            {
                if (!_hidden.Contains(id) && request.IsElsewhere(id)) elsewhere.Add(id);
            }
        }
        return [.. elsewhere];
    }

    /// <inheritdoc/>
    public void Dispose() => _builder.Dispose();
}
