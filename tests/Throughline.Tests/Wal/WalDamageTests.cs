using CsCheck;
using Throughline.Engine.Wal;
using Throughline.Tests.Files;

namespace Throughline.Tests.Wal;

public sealed class WalDamageTests
{
    private static readonly int s_headers = 128;
    private static readonly int s_frame = 64 + 100;

    [Fact]
    public async Task TornTailRecordIsDropped()
    {
        var files = await WriteAsync(3, seal: false);
        var whole = files.ReadAll(WalTestLog.PathOf(1));
        for (var length = 0; length <= whole.Length; length++)
        {
            var torn = new MemoryFileSystem();
            torn.WriteAll(WalTestLog.PathOf(1), whole[..length]);
            var contents = WalTestLog.Read(torn);
            var complete = Math.Max(0, length - s_headers) / s_frame;
            Assert.Equal(Enumerable.Range(1, complete).Select(i => (ulong)i), contents.Ids);
            Assert.Equal(Math.Max(0, length - s_headers) % s_frame, contents.End.TornBytes);
            Assert.Empty(contents.Problems);
        }
    }

    [Fact]
    public async Task AnAppendAfterATornTailIsReadAndTheTailStaysDropped()
    {
        var files = await WriteAsync(3, seal: false);
        files.WriteAll(WalTestLog.PathOf(1), files.ReadAll(WalTestLog.PathOf(1))[..^5]);
        await using (var log = WalTestLog.Open(files))
            await log.AppendAsync(4);
        var contents = WalTestLog.Read(files);
        Assert.Equal([1ul, 2ul, 4ul], contents.Ids);
        Assert.Empty(contents.Problems);
    }

    [Fact]
    public async Task EveryFlippedBitOfASealedLogIsReportedAndTheOtherRecordsAreRead()
    {
        var files = await WriteAsync(4, seal: true);
        var bits = files.ReadAll(WalTestLog.PathOf(1)).Length * 8L;
        for (long bit = 0; bit < bits; bit++)
        {
            files.FlipBit(WalTestLog.PathOf(1), bit);
            var contents = WalTestLog.Read(files);
            var record = bit / 8 < s_headers ? 0 : (ulong)((bit / 8 - s_headers) / s_frame) + 1;
            var problem = Assert.Single(contents.Problems);
            Assert.Equal(WalTestLog.PathOf(1), problem.File);
            Assert.Equal(new ulong[] { 1, 2, 3, 4 }.Where(id => id != record), contents.Ids);
            if (record > 0)
                Assert.Equal((s_headers + ((long)record - 1) * s_frame, (long)s_frame), (problem.Offset, problem.SizeBytes));
            files.FlipBit(WalTestLog.PathOf(1), bit);
        }
        Assert.Empty(WalTestLog.Read(files).Problems);
    }

    [Fact]
    public async Task ASealedSegmentOfWhichNothingIsLeftIsReported()
    {
        var files = await WriteAsync(4, seal: true);
        var whole = files.ReadAll(WalTestLog.PathOf(1));
        for (var length = 0; length < whole.Length; length++)
        {
            files.WriteAll(WalTestLog.PathOf(1), whole[..length]);
            Assert.Contains(WalTestLog.Read(files).Problems, p => p.File == WalTestLog.PathOf(1));
        }
    }

    [Fact]
    public async Task AFlippedBitBeforeTheLastGroupOfAnUnsealedLogIsReported()
    {
        var files = await WriteAsync(3, seal: false);
        files.FlipBit(WalTestLog.PathOf(1), (s_headers + 70) * 8);
        var contents = WalTestLog.Read(files);
        Assert.Equal([2ul, 3ul], contents.Ids);
        Assert.Contains("offset 128", Assert.Single(contents.Problems).ToString());
    }

    [Fact]
    public async Task ARecordBehindAHoleInTheLastGroupWasNeverAcknowledgedAndIsDropped()
    {
        var files = await WriteGroupAsync([1, 2, 3, 4]);
        files.FlipBit(WalTestLog.PathOf(1), (s_headers + s_frame * 2 + 70) * 8);
        var contents = WalTestLog.Read(files);
        Assert.Equal([1ul, 2ul], contents.Ids);
        Assert.Empty(contents.Problems);
        Assert.Equal(2 * s_frame, contents.End.TornBytes);
    }

    [Fact]
    public async Task BothHeadersGoneIsReportedAndOtherSegmentsAreRead()
    {
        var files = await WriteAsync(60, seal: true);
        files.FlipBit(WalTestLog.PathOf(2), 100);
        files.FlipBit(WalTestLog.PathOf(2), 64 * 8 + 100);
        var contents = WalTestLog.Read(files);
        Assert.Contains("header", Assert.Single(contents.Problems).ToString());
        Assert.DoesNotContain(2L, contents.Records.Select(r => r.Segment));
        Assert.Contains(1L, contents.Records.Select(r => r.Segment));
        Assert.Contains(3L, contents.Records.Select(r => r.Segment));
        await using (var log = WalTestLog.Open(files))
            await log.AppendAsync(100);
        Assert.Equal(100ul, WalTestLog.Read(files).Ids[^1]);
    }

    [Fact]
    public async Task AMissingOrShortenedSegmentIsReported()
    {
        var files = await WriteAsync(60, seal: true);
        files.WriteAll(WalTestLog.PathOf(1), files.ReadAll(WalTestLog.PathOf(1))[..^(s_frame + 10)]);
        files.Delete(WalTestLog.PathOf(2));
        var contents = WalTestLog.Read(files);
        Assert.Equal(2, contents.Problems.Count);
        Assert.Contains(contents.Problems, p => p.File == WalTestLog.PathOf(1));
        Assert.Contains(contents.Problems, p => p.File == WalTestLog.PathOf(2) && p.Found == "no file");
        Assert.Empty(WalTestLog.Read(files, firstSegment: 3).Problems);
    }

    [Fact]
    public async Task BytesOfAPayloadAreNeverTakenForARecord()
    {
        var inner = await WriteAsync(2, seal: false);
        var embedded = inner.ReadAll(WalTestLog.PathOf(1));
        var files = new MemoryFileSystem();
        await using (var log = WalTestLog.Open(files))
        {
            await log.AppendAsync(WalTestLog.Header(10), embedded, 0);
            await log.AppendAsync(11);
        }
        files.FlipBit(WalTestLog.PathOf(1), (s_headers + 20) * 8);
        Assert.Equal([11ul], WalTestLog.Read(files).Ids);
    }

    [Fact]
    public async Task ANewerFormatIsRefused()
    {
        var files = await WriteAsync(1, seal: false);
        var bytes = files.ReadAll(WalTestLog.PathOf(1));
        bytes[8] = 77;
        var sum = System.IO.Hashing.XxHash3.HashToUInt64(bytes.AsSpan(0, 56));
        BitConverter.TryWriteBytes(bytes.AsSpan(56), sum);
        files.WriteAll(WalTestLog.PathOf(1), bytes);
        Assert.Contains("version 77", Assert.Throws<InvalidDataException>(() => WalTestLog.Read(files)).Message);
    }

    [Fact]
    public void AnyRecordsComeBackAndAnyTruncationGivesAPrefix()
    {
        var record = Gen.Select(Gen.ULong, Gen.UInt, Gen.UInt, Gen.Byte, Gen.Byte, Gen.ULong, Gen.Byte.Array[0, 3_000]);
        Gen.Select(record.List[0, 30], Gen.Double[0, 1]).Sample((records, cut) =>
        {
            var files = new MemoryFileSystem();
            var log = WalTestLog.Open(files, options: WalTestLog.Options with { SegmentBytes = 1 << 30 });
            var appends = new List<Task<WalAppend>>();
            var written = new List<(WalRecordHeader Header, byte[] Payload)>();
            foreach (var (receive, tenant, policy, signal, form, digest, payload) in records)
            {
                var header = new WalRecordHeader((WalSignal)signal, (WalForm)form, tenant, receive, policy, new UInt128(digest, receive));
                written.Add((header, payload));
                appends.Add(log.AppendAsync(header, payload, 0).AsTask());
            }
            Assert.All(Task.WhenAll(appends).GetAwaiter().GetResult(), a => Assert.Equal(WalAppendStatus.Committed, a.Status));
            AssertPrefix(written, WalTestLog.Read(files), written.Count);

            var bytes = files.ReadAll(WalTestLog.PathOf(1));
            var torn = new MemoryFileSystem();
            torn.WriteAll(WalTestLog.PathOf(1), bytes[..(int)(cut * bytes.Length)]);
            var contents = WalTestLog.Read(torn);
            AssertPrefix(written, contents, contents.Records.Count);
            log.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }, seed: "0000TgL0000B", iter: 100, threads: 1);
    }

    private static void AssertPrefix(List<(WalRecordHeader Header, byte[] Payload)> written, WalContents found, int count)
    {
        Assert.Empty(found.Problems);
        Assert.Equal(count, found.Records.Count);
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(written[i].Header, found.Records[i].Header);
            Assert.Equal(written[i].Payload, found.Records[i].Payload.ToArray());
        }
    }

    private static async Task<MemoryFileSystem> WriteAsync(ulong count, bool seal)
    {
        var files = new MemoryFileSystem();
        var log = WalTestLog.Open(files);
        for (var id = 1ul; id <= count; id++)
            await log.AppendAsync(id);
        if (seal)
        {
            await log.DisposeAsync();
            return files;
        }
        var killed = files.Crash();
        await log.DisposeAsync();
        return killed;
    }

    private static async Task<MemoryFileSystem> WriteGroupAsync(ulong[] ids)
    {
        var files = new MemoryFileSystem();
        var log = WalTestLog.Open(files);
        using var hold = new Gate();
        var cutting = log.CutAsync(_ => hold.Pass());
        var appends = ids.Select(id => log.AppendAsync(id).AsTask()).ToList();
        hold.Open();
        await Task.WhenAll([.. appends, cutting]);
        var killed = files.Crash();
        await log.DisposeAsync();
        return killed;
    }
}
