using System.IO.Hashing;
using Throughline.Engine.Wal;
using Throughline.Tests.Files;

namespace Throughline.Tests.Wal;

/// <summary>Files of segments that are not needed any more become other segments: what they held before is never read again.</summary>
public sealed class WalReuseTests
{
    private const int Frame = 64 + 100;

    private static readonly WalOptions s_options = WalTestLog.Options with { SegmentBytes = 2_000, SpareSegments = 2 };

    [Fact]
    public async Task AFileIsUsedAgainUnderAnotherNumberAndGivesBackItsNewRecordsOnly()
    {
        var files = new MemoryFileSystem();
        await using var log = WalTestLog.Open(files, options: s_options);
        var cut = await UseUpAsync(log, 1, 40);
        Assert.Equal(2, Spares(files));
        // Records of the same size stand where the old ones stood.
        await log.AppendAsync(100);
        await UseUpAsync(log, 101, 14, delete: false);
        Assert.True(Spares(files) < 2);
        var killed = files.Crash();
        var contents = WalTestLog.Read(killed, s_options, cut.Segment);
        Assert.Equal(Enumerable.Range(100, 15).Select(i => (ulong)i), contents.Ids);
        Assert.Empty(contents.Problems);
    }

    [Fact]
    public async Task WhatAnEarlierSegmentLeftBehindTheLastRecordIsNeitherReadNorReported()
    {
        var files = await ReusedAsync(records: 3);
        var contents = WalTestLog.Read(files, s_options, firstSegment: LastSegment(files));
        Assert.Equal([200ul, 201ul, 202ul], contents.Ids);
        Assert.Empty(contents.Problems);
        Assert.Equal(0, contents.End.TornBytes);
        Assert.Equal(128 + 3 * Frame, contents.End.PreviousLength);
        Assert.True(files.ReadAll(WalTestLog.PathOf(LastSegment(files))).Length > contents.End.PreviousLength);
    }

    [Fact]
    public async Task AppendsAfterAReusedSegmentAreReadWithIt()
    {
        var files = await ReusedAsync(records: 3);
        var first = LastSegment(files);
        await using (var log = WalWriter<ulong>.Open(files, s_options, WalTestLog.Read(files, s_options, first).End, _ => { }))
            await log.AppendAsync(300);
        var contents = WalTestLog.Read(files, s_options, first);
        Assert.Equal([200ul, 201ul, 202ul, 300ul], contents.Ids);
        Assert.Empty(contents.Problems);
    }

    [Fact]
    public async Task AFlippedBitOfAReusedSegmentIsReportedAndTheOtherRecordsAreRead()
    {
        var files = await ReusedAsync(records: 3);
        var first = LastSegment(files);
        files.FlipBit(WalTestLog.PathOf(first), (128 + 70) * 8);
        var contents = WalTestLog.Read(files, s_options, first);
        Assert.Equal([201ul, 202ul], contents.Ids);
        Assert.Contains("offset 128", Assert.Single(contents.Problems).ToString());
    }

    [Fact]
    public async Task ATornRecordInAReusedSegmentIsDropped()
    {
        var files = await ReusedAsync(records: 3);
        var first = LastSegment(files);
        for (var offset = 128 + 2 * Frame; offset < 128 + 3 * Frame; offset += 7)
        {
            files.FlipBit(WalTestLog.PathOf(first), offset * 8L);
            var contents = WalTestLog.Read(files, s_options, first);
            Assert.Equal([200ul, 201ul], contents.Ids);
            Assert.Empty(contents.Problems);
            files.FlipBit(WalTestLog.PathOf(first), offset * 8L);
        }
    }

    [Fact]
    public async Task ASegmentThatCouldNotBeBegunInAFileIsPassedOver()
    {
        var files = new MemoryFileSystem();
        var log = WalTestLog.Open(files, options: s_options);
        var cut = await UseUpAsync(log, 1, 40);
        // The next segment gets its name, which does not become durable, and the disk will not take it back.
        var failing = false;
        files.Before = (operation, _) =>
        {
            failing |= operation == FileOperation.Rename;
            if (failing && operation is FileOperation.SyncDirectory or FileOperation.Delete) throw new IOException("Input/output error");
        };
        await UseUpAsync(log, 100, 20, delete: false);
        files.Before = null;
        await log.AppendAsync(200);
        var contents = WalTestLog.Read(files.Copy(), s_options, cut.Segment);
        Assert.Equal(200ul, contents.Ids[^1]);
        Assert.Empty(contents.Problems);
        await log.DisposeAsync();
    }

    [Fact]
    public async Task FilesWhoseNewNamesMayNotBeDurableAreNotUsed()
    {
        var files = new MemoryFileSystem();
        await using var log = WalTestLog.Open(files, options: s_options);
        await UseUpAsync(log, 1, 40, delete: false);
        var cut = await log.CutAsync(_ => { });
        files.Before = (operation, _) =>
        {
            if (operation == FileOperation.SyncDirectory) throw new IOException("Input/output error");
        };
        Assert.Throws<IOException>(() => log.DeleteSegmentsBefore(cut.Segment));
        files.Before = null;
        Assert.Equal(2, Spares(files));
        await UseUpAsync(log, 100, 20, delete: false);
        Assert.Equal(2, Spares(files));
        log.DeleteSegmentsBefore(cut.Segment);
        Assert.Equal(0, Spares(files));
        Assert.Equal(Enumerable.Range(100, 20).Select(i => (ulong)i), WalTestLog.Read(files.Copy(), s_options, cut.Segment).Ids);
    }

    [Fact]
    public async Task SpareFilesGoWhenTheyAreNotUsedForAWhileAndWhenTheLogIsClosed()
    {
        var files = new MemoryFileSystem();
        var log = WalTestLog.Open(files, options: s_options);
        await UseUpAsync(log, 1, 40);
        log.DeleteSpares(all: false);
        Assert.Equal(2, Spares(files));
        log.DeleteSpares(all: false);
        Assert.Equal(0, Spares(files));
        await UseUpAsync(log, 100, 40);
        Assert.Equal(2, Spares(files));
        Assert.Equal(files.UsedBytes, log.SizeBytes);
        await log.DisposeAsync();
        Assert.Equal(0, Spares(files));
    }

    [Fact]
    public async Task ACutThatFreesTheDiskLeavesNoMoreThanAHeader()
    {
        var files = new MemoryFileSystem();
        await using var log = WalTestLog.Open(files, options: s_options);
        await UseUpAsync(log, 1, 40);
        await log.AppendAsync(100);
        var reused = await log.CutAsync(_ => { });
        Assert.Equal(1, Spares(files));
        var cut = await log.CutAsync(_ => { }, freesDisk: true);
        log.DeleteSegmentsBefore(cut.Segment);
        log.DeleteSpares(all: true);
        Assert.True(cut.Segment > reused.Segment);
        Assert.Equal(128, files.UsedBytes);
        Assert.Equal(128, log.SizeBytes);
    }

    [Fact]
    public async Task FilesThatAnotherProcessLeftAreDeleted()
    {
        var files = new MemoryFileSystem();
        files.WriteAll("/log/0000000007.spare", new byte[5_000]);
        await using var log = WalTestLog.Open(files, options: s_options);
        log.DeleteSegmentsBefore(1);
        Assert.Equal(0, Spares(files));
    }

    [Fact]
    public async Task SegmentsOfVersion0AreRead()
    {
        var files = new MemoryFileSystem();
        await using (var log = WalTestLog.Open(files))
            await log.AppendAsync(1);
        var bytes = files.ReadAll(WalTestLog.PathOf(1));
        for (var copy = 0; copy < 128; copy += 64)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(copy + 8), 0u);
            BitConverter.TryWriteBytes(bytes.AsSpan(copy + 56), XxHash3.HashToUInt64(bytes.AsSpan(copy, 56)));
        }
        files.WriteAll(WalTestLog.PathOf(1), bytes);
        var contents = WalTestLog.Read(files);
        Assert.Equal([1ul], contents.Ids);
        Assert.Empty(contents.Problems);
    }

    /// <summary>A log as a killed process leaves it: its last segment is a file that was another before, with a few records at its start.</summary>
    private static async Task<MemoryFileSystem> ReusedAsync(int records)
    {
        var files = new MemoryFileSystem();
        var log = WalTestLog.Open(files, options: s_options);
        await UseUpAsync(log, 1, 40);
        await log.AppendAsync(100);
        await log.CutAsync(_ => { });
        for (var i = 0; i < records; i++) await log.AppendAsync((ulong)(200 + i));
        var killed = files.Crash();
        await log.DisposeAsync();
        return killed;
    }

    /// <summary>Appends records one by one, cuts the log behind them, and lets go of their segments.</summary>
    private static async Task<WalCut> UseUpAsync(WalWriter<ulong> log, ulong firstId, int count, bool delete = true)
    {
        for (var i = 0; i < count; i++) await log.AppendAsync(firstId + (ulong)i);
        if (!delete) return default;
        var cut = await log.CutAsync(_ => { });
        log.DeleteSegmentsBefore(cut.Segment);
        return cut;
    }

    private static int Spares(MemoryFileSystem files) => files.ListFiles(WalTestLog.Root).Count(n => n.EndsWith(".spare", StringComparison.Ordinal));

    private static long LastSegment(MemoryFileSystem files) =>
        files.ListFiles(WalTestLog.Root).Where(n => n.EndsWith(".wal", StringComparison.Ordinal)).Max(n => long.Parse(n[..10], System.Globalization.CultureInfo.InvariantCulture));
}
