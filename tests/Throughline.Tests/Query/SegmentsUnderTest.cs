using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>Groups of spans as segments, without a store around them: all but the last are blocks, the last is a head.</summary>
internal sealed class SegmentsUnderTest : IDisposable
{
    private readonly List<BlockReader> _blocks = [];
    private readonly List<ISpanSegment> _segments = [];
    private readonly SplitTraces _split = new();

    public SegmentsUnderTest(IReadOnlyList<PlainSpan[]> groups, long cacheBytes = 1 << 20)
    {
        var (files, cache) = (Files, new PageCache(cacheBytes));
        files.CreateDirectory("/blocks");
        for (var i = 0; i < groups.Count; i++)
        {
            var head = new Head(0, new SpanTablePool(long.MaxValue));
            var batch = new SpanBatch();
            Assert.Equal(DecodeStatus.Decoded, new OtlpTraceDecoder().Decode(PlainOtlp.Request(groups[i]), batch).Status);
            head.Add(batch, default);
            if (i == groups.Count - 1)
            {
                _segments.Add(head.View());
                continue;
            }
            var path = $"/blocks/{i}.block";
            using (var writer = new BlockWriter(compresses: true))
            using (var file = files.CreateFile(path)) head.WriteBlock(writer, file, id => _blocks.Exists(b => b.MayHold(id)), CarriedSpans.None, default);
            _blocks.Add(BlockReader.Open(files, path, $"{i}.block", cache));
            _segments.Add(_blocks[^1]);
        }
    }

    public MemoryFileSystem Files { get; } = new();

    public IReadOnlyList<ISpanSegment> Segments => _segments;

    public StoreView View(TraceVisibility visibility) => new(_segments, visibility, _split, []);

    public static QueryBounds Bounds() => new(new ManualTime(), TimeSpan.FromMinutes(1), 1 << 30, default);

    public void Dispose() => _blocks.ForEach(b => b.Dispose());
}
