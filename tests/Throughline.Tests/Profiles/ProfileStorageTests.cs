using CsCheck;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Wire;
using Throughline.Engine.Profiles;
using Throughline.Engine.Profiles.Blocks;
using Throughline.Tests.Files;
using Throughline.Tests.Properties;

namespace Throughline.Tests.Profiles;

/// <summary>Profiles say the same in the log, in the head, in a block and in a block that was merged of others; damage is told, by name.</summary>
public sealed class ProfileStorageTests
{
    [Fact]
    public void TheLogKeepsEverySample() => Property.Check(PprofGen.Case, 200, static one =>
    {
        var batch = one.Decode();
        var read = new ProfileBatch();
        Assert.True(ProfileBatchCodec.TryDecode(Encoded(batch), read, out var problem), problem);
        Assert.Equal(PlainSample.Canonical(one.Samples), PlainSample.Canonical(PlainSample.Of(read)));
    });

    [Fact]
    public void NoMutationOfARecordBreaksItsReading()
    {
        var random = new Random(5);
        var told = 0;
        for (var i = 0; i < 3000; i++)
        {
            var bytes = Encoded(PprofGen.Make(new Random(i % 30)).Decode());
            for (var flips = random.Next(1, 4); flips > 0 && bytes.Length > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var read = new ProfileBatch();
            if (ProfileBatchCodec.TryDecode(bytes, read, out var problem)) PlainSample.Of(read);
            else if (problem.Length > 0) told++;
        }
        Assert.True(told > 100);
    }

    [Fact]
    public void HeadBlockAndMergedBlockHoldEverySample() => Property.Check(PprofGen.Case.Array[1, 12], 60, static cases =>
    {
        var expected = PlainSample.Canonical(cases.SelectMany(static one => one.Samples));
        var heads = new[] { new ProfileBatch(), new ProfileBatch(), new ProfileBatch() };
        for (var i = 0; i < cases.Length; i++) heads[i % heads.Length].AddAll(cases[i].Decode(), PprofGen.Noon + (ulong)i);
        Assert.Equal(expected, PlainSample.Canonical(heads.SelectMany(static head => PlainSample.Of(head.Snapshot()))));
        var blocks = heads.Select(static head => ProfileBlocks.Write([head.Snapshot()])).ToArray();
        Assert.Equal(expected, PlainSample.Canonical(blocks.SelectMany(PlainSample.Of)));
        using var merged = ProfileBlocks.Write(blocks);
        Assert.Equal(expected, PlainSample.Canonical(PlainSample.Of(merged)));
        merged.Verify(CancellationToken.None);
        foreach (var block in blocks) block.Dispose();
    });

    [Fact]
    public void ManyRowGroupsAndASmallCacheGiveTheSameSamples()
    {
        var head = new ProfileBatch();
        var random = new Random(9);
        for (var window = 0; window < 40; window++)
        {
            var (stacks, links, values) = (new int[3000], new int[3000], new long[3000]);
            for (var i = 0; i < stacks.Length; i++)
            {
                var node = StackTables.Top;
                for (var depth = 0; depth < 4; depth++)
                    node = head.Builder.Node(node, head.Builder.Location(head.Builder.Function(head.Builder.Text($"f{random.Next(20)}"), head.Builder.Text("m")), 0));
                (stacks[i], values[i]) = (node, random.Next(1, 100));
                links[i] = random.Next(2) == 0 ? -1 : head.LinkNumber(new SampleLink(PprofGen.TraceOf(random.Next(50)), (ulong)random.Next(1, 9)));
            }
            var series = head.SeriesNumber(new ProfileSeries("s", "cpu", "nanoseconds", []));
            head.Add(new WindowFacts(series, (ulong)window, (ulong)window + 1, 1, 0), WindowSort.Sorted(stacks, links, values));
        }
        using var block = ProfileBlocks.Write([head.Snapshot()], cacheBytes: 1000);
        Assert.Equal(PlainSample.Canonical(PlainSample.Of(head)), PlainSample.Canonical(PlainSample.Of(block)));
    }

    [Fact]
    public void EveryDamagedByteIsToldOrHarmless()
    {
        var files = new MemoryFileSystem();
        var head = new ProfileBatch();
        for (var i = 0; i < 6; i++) head.AddAll(PprofGen.Make(new Random(i)).Decode(), PprofGen.Noon);
        using (ProfileBlocks.Write([head], files))
        {
        }
        var good = ProfileBlocks.Bytes(files, "/p/block");
        var expected = PlainSample.Canonical(PlainSample.Of(head));
        var told = 0;
        for (var at = 0; at < good.Length; at++)
        {
            var bad = (byte[])good.Clone();
            bad[at] ^= 0x10;
            var other = new MemoryFileSystem();
            other.CreateDirectory("/p");
            using (var file = other.CreateFile("/p/block")) file.Append([bad]);
            try
            {
                using var block = ProfileBlock.Open(other.OpenRead("/p/block"), "block", new PageCache(1 << 20));
                block.Verify(CancellationToken.None);
                Assert.Equal(expected, PlainSample.Canonical(PlainSample.Of(block)));
            }
            catch (CorruptDataException problem)
            {
                Assert.Equal("block", problem.File);
                told++;
            }
        }
        Assert.True(told > good.Length * 9 / 10, $"{told} of {good.Length}");
    }

    [Fact]
    public void ASnapshotStaysAsItWasWhileTheHeadGrows()
    {
        var head = new ProfileBatch();
        head.AddAll(PprofGen.Make(new Random(1)).Decode(), 1);
        var view = head.Snapshot();
        var before = PlainSample.Canonical(PlainSample.Of(view));
        for (var i = 2; i < 30; i++) head.AddAll(PprofGen.Make(new Random(i)).Decode(), 1);
        Assert.Equal(before, PlainSample.Canonical(PlainSample.Of(view)));
        Assert.Throws<InvalidOperationException>(() => view.Builder);
    }

    private static byte[] Encoded(ProfileBatch batch)
    {
        using var writer = new WireWriter();
        ProfileBatchCodec.Encode(batch, writer);
        return writer.Written.ToArray();
    }
}
