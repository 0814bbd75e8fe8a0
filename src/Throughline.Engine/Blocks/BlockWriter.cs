using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Write;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks;

/// <summary>Writes a frozen head as a block: orders its spans trace by trace and gives them to a <see cref="BlockBuilder"/>. Keeps its buffers; one owner.</summary>
/// <param name="compresses">False where blocks are merged before long: what is read again at once is not worth a codec.</param>
internal sealed class BlockWriter(bool compresses) : IDisposable
{
    private readonly BlockBuilder _builder = new(compresses);
    private readonly TraceOrder _order = new();
    private SourceNumbers? _numbers;

    /// <summary>Appends the block to an empty file. The caller syncs and names it. Answers the file's length.</summary>
    /// <param name="head">The head's spans.</param>
    /// <param name="digests">The requests that they came with.</param>
    /// <param name="split">Traces of the head that have spans in other blocks.</param>
    /// <param name="left">Traces whose spans are left out here; ordinals of <paramref name="head"/>, ascending.</param>
    /// <param name="stayedBehind">Those of them that stay in the log.</param>
    /// <param name="file">Where to.</param>
    /// <param name="cancellationToken">Gives the block up.</param>
    public long Write(SpanTableView head, ReadOnlySpan<RequestDigest> digests, ReadOnlySpan<TraceId> split, ReadOnlySpan<int> left, ReadOnlySpan<int> stayedBehind, IWritableFile file, CancellationToken cancellationToken)
    {
        var ids = new TraceId[stayedBehind.Length];
        for (var i = 0; i < ids.Length; i++) ids[i] = head.TraceId(stayedBehind[i]);
        _order.Of(head, left, cancellationToken);
        _builder.Begin(file);
        _numbers ??= new SourceNumbers(_builder.Tables);
        _numbers.From(head.Spans);
        _builder.From(_numbers);
        for (var i = 0; i < _order.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (trace, memory) = _order.At(i);
            _builder.AddTrace(head.TraceId(trace), memory.Span);
        }
        _builder.Finish(digests, split, ids);
        return file.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => _builder.Dispose();
}
