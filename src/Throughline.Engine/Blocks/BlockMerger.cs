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

    /// <summary>What the new block says of traces that stayed behind in the log.</summary>
    public ReadOnlyMemory<TraceId> StayedBehind { get; init; }
}

/// <summary>
/// Merges blocks into one: traces that lie in several are rejoined, duplicate spans collapse, hidden traces go. Goes through the blocks row group by row group, so that its memory does not grow with
/// them: it holds one row group of each block of the same time, and the traces that are rejoined. Keeps its buffers; one owner.
/// </summary>
internal sealed class BlockMerger : IDisposable
{
    private readonly BlockBuilder _builder = new();
    private readonly List<int> _rows = [];

    /// <summary>Appends the merged block to an empty file; the caller syncs and names it. Answers how many traces it has.</summary>
    /// <exception cref="CorruptDataException">A block cannot be read; nothing that it holds may be given up for the file.</exception>
    public int Merge(IReadOnlyList<BlockFile> blocks, MergeRequest request, IWritableFile file, CancellationToken cancellationToken)
    {
        _builder.Begin(file);
        var inputs = new MergeInput[blocks.Count];
        for (var i = 0; i < inputs.Length; i++) inputs[i] = new MergeInput(blocks[i], _builder.Tables);
        var split = SplitTraces(inputs);
        var rejoined = new RejoinedTraces(inputs, split, _builder.Tables, cancellationToken);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var next = Earliest(inputs, split);
            if (rejoined.IsBefore(next))
            {
                AddRejoined(rejoined, request);
                continue;
            }
            if (next is null) break;
            AddTrace(next, request);
        }
        var splitIds = Elsewhere(blocks, request);
        _builder.Finish(Digests(blocks, request), splitIds, request.StayedBehind.Span);
        return _builder.WrittenTraces;
    }

    /// <summary>The input whose present trace comes next, decoded and not split; null at the end of all.</summary>
    private MergeInput? Earliest(MergeInput[] inputs, HashSet<TraceId> split)
    {
        while (true)
        {
            MergeInput? first = null;
            foreach (var input in inputs)
            {
                if (input.IsAtEnd) continue;
                if (first is null || Compare(input, first) < 0) first = input;
            }
            if (first is null) return null;
            if (!first.IsDecoded)
            {
                // The rows that the buffer holds now may still have the source's numbers.
                _builder.EndPiece();
                first.Decode();
                first.Numbers.From(first.Rows);
                continue;
            }
            if (split.Count == 0 || !split.Contains(first.TraceId)) return first;
            first.MoveNext();
        }
    }

    private static int Compare(MergeInput a, MergeInput b)
    {
        var order = a.StartUnixNano.CompareTo(b.StartUnixNano);
        return order != 0 ? order : a.TraceId.CompareTo(b.TraceId);
    }

    private static HashSet<TraceId> SplitTraces(MergeInput[] inputs)
    {
        var split = new HashSet<TraceId>();
        if (inputs.Length < 2) return split;
        var seen = new HashSet<TraceId>(inputs.Sum(i => i.TraceIds.Length));
        foreach (var input in inputs)
        {
            foreach (var id in input.TraceIds)
            {
                if (!seen.Add(id)) split.Add(id);
            }
        }
        return split;
    }

    private void AddTrace(MergeInput input, MergeRequest request)
    {
        if (!request.Hides(input.TraceId, input.StartUnixNano))
        {
            _rows.Clear();
            for (var i = 0; i < input.RowCount; i++) _rows.Add(input.FirstRow + i);
            _builder.From(input.Numbers);
            _builder.AddTrace(input.TraceId, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_rows));
        }
        input.MoveNext();
    }

    private void AddRejoined(RejoinedTraces traces, MergeRequest request)
    {
        if (!request.Hides(traces.TraceId, traces.StartUnixNano))
        {
            _builder.From(traces.Numbers);
            _builder.AddTrace(traces.TraceId, traces.Rows);
        }
        traces.MoveNext();
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

    private static TraceId[] Elsewhere(IReadOnlyList<BlockFile> blocks, MergeRequest request)
    {
        var elsewhere = new HashSet<TraceId>();
        foreach (var block in blocks)
        {
            foreach (var id in block.ReadSplitTraceIds())
            {
                if (request.IsElsewhere(id)) elsewhere.Add(id);
            }
        }
        return [.. elsewhere];
    }

    /// <inheritdoc/>
    public void Dispose() => _builder.Dispose();
}
