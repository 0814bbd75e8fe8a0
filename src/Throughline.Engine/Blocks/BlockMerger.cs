using System.Runtime.InteropServices;
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
    private readonly BlockBuilder _builder = new();
    private readonly List<int> _rows = [];
    private readonly HashSet<TraceId> _hidden = [];
    private readonly RowGroupScratch _scratch = new();
    private readonly Stack<SpanBatch> _batches = new();

    /// <summary>Appends the merged block to an empty file; the caller syncs and names it. Answers how many traces it has.</summary>
    /// <exception cref="CorruptDataException">A block cannot be read; nothing that it holds may be given up for the file.</exception>
    /// <exception cref="MergeTooLargeException">Fewer blocks at once may do.</exception>
    public int Merge(IReadOnlyList<BlockFile> blocks, MergeRequest request, IWritableFile file, CancellationToken cancellationToken)
    {
        _builder.Begin(file);
        _hidden.Clear();
        var inputs = new List<MergeInput>();
        foreach (var block in blocks)
        {
            if (block.Footer.Traces > 0) inputs.Add(new MergeInput(block, _builder.Tables, _scratch, _batches));
        }
        var split = new SplitTraceParts(inputs, _builder.Tables);
        while (Earliest(inputs, split, blocks.Count > 1 ? request.MaxMemoryBytes : long.MaxValue) is { } next)
        {
            cancellationToken.ThrowIfCancellationRequested();
            AddTrace(next, split, request);
            MoveNext(next, inputs);
        }
        AddReady(split, request);
        var splitIds = Elsewhere(blocks, request);
        _builder.Finish(Digests(blocks, request), splitIds, []);
        return _builder.WrittenTraces;
    }

    /// <summary>The input whose present trace comes next, decoded; null at the end of all.</summary>
    private MergeInput? Earliest(List<MergeInput> inputs, SplitTraceParts split, long maxMemoryBytes)
    {
        while (true)
        {
            MergeInput? first = null;
            foreach (var input in inputs)
            {
                if (first is null || Compare(input, first) < 0) first = input;
            }
            if (first is null || first.IsDecoded) return first;
            // The rows that the buffer holds now may still have the source's numbers.
            _builder.EndPiece();
            first.Decode();
            first.Numbers.From(first.Rows);
            var (ids, rows) = first.DecodedTraces;
            split.Take(first.Rows, ids.Span, rows);
            Limit(inputs, split, maxMemoryBytes);
        }
    }

    private static void Limit(List<MergeInput> inputs, SplitTraceParts split, long maxMemoryBytes)
    {
        var bytes = split.UsedBytes;
        foreach (var input in inputs) bytes += input.HeldBytes;
        if (bytes > maxMemoryBytes) throw new MergeTooLargeException(bytes, maxMemoryBytes);
    }

    private void MoveNext(MergeInput input, List<MergeInput> inputs)
    {
        input.MoveNext();
        if (!input.IsAtEnd) return;
        _builder.EndPiece();
        input.Release();
        inputs.Remove(input);
    }

    private static int Compare(MergeInput a, MergeInput b)
    {
        var order = a.StartUnixNano.CompareTo(b.StartUnixNano);
        return order != 0 ? order : a.TraceId.CompareTo(b.TraceId);
    }

    private void AddTrace(MergeInput input, SplitTraceParts split, MergeRequest request)
    {
        if (!split.Contains(input.TraceId))
        {
            _rows.Clear();
            for (var i = 0; i < input.RowCount; i++) _rows.Add(input.FirstRow + i);
            Add(input.TraceId, input.Numbers, CollectionsMarshal.AsSpan(_rows), request);
            return;
        }
        split.Pass(input.TraceId, input.RowCount);
        if (split.IsFull) AddReady(split, request);
    }

    private void AddReady(SplitTraceParts split, MergeRequest request)
    {
        foreach (var id in split.Ready()) Add(id, split.Numbers, split.RowsOf(id), request);
        _builder.EndPiece();
        split.Clear();
    }

    private void Add(TraceId id, SourceNumbers numbers, ReadOnlySpan<int> rows, MergeRequest request)
    {
        if (request.Hides(id, numbers.Source.StartUnixNano[rows[0]]))
        {
            _hidden.Add(id);
            return;
        }
        _builder.From(numbers);
        _builder.AddTrace(id, rows);
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
