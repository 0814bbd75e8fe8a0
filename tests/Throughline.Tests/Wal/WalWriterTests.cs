using Throughline.Engine.Wal;
using Throughline.Tests.Files;

namespace Throughline.Tests.Wal;

public sealed class WalWriterTests
{
    private readonly MemoryFileSystem _files = new();

    [Fact]
    public async Task RecordsComeBackAsTheyWereWritten()
    {
        var header = new WalRecordHeader(WalSignal.Traces, WalForm.Processed, 7, 1_700_000_000_000_000_000, 9, UInt128.MaxValue - 5);
        await using (var log = WalTestLog.Open(_files))
        {
            Assert.Equal(new WalAppend(WalAppendStatus.Committed, 1, ""), await log.AppendAsync(header, new byte[] { 1, 2, 3 }, 0));
            Assert.Equal(new WalAppend(WalAppendStatus.Committed, 2, ""), await log.AppendAsync(header, default, 0));
        }
        var contents = WalTestLog.Read(_files);
        Assert.Equal([1ul, 2ul], contents.Records.Select(r => r.Sequence));
        Assert.All(contents.Records, r => Assert.Equal(header, r.Header));
        Assert.Equal([1, 2, 3], contents.Records[0].Payload.ToArray());
        Assert.True(contents.Records[1].Payload.IsEmpty);
        Assert.Equal(3ul, contents.End.NextSequence);
        Assert.Empty(contents.Problems);
    }

    [Fact]
    public async Task NumbersGoOnAfterReopeningEvenWhenAllSegmentsOfRecordsAreDeleted()
    {
        await using (var log = WalTestLog.Open(_files))
        {
            await log.AppendAsync(1);
            var cut = await log.CutAsync(_ => { });
            Assert.Equal(2ul, cut.NextSequence);
            log.DeleteSegmentsBefore(cut.Segment);
        }
        Assert.Empty(WalTestLog.Read(_files).Records);
        await using (var log = WalTestLog.Open(_files))
            Assert.Equal(2ul, (await log.AppendAsync(2)).Sequence);
        Assert.Equal([2ul], WalTestLog.Read(_files).Ids);
    }

    [Fact]
    public async Task TheHandlerSeesARecordBeforeItsSenderIsAnsweredAndInOrder()
    {
        var seen = new List<ulong>();
        await using var log = WalTestLog.Open(_files, group =>
        {
            foreach (var entry in group)
                seen.Add(entry.State);
        });
        for (var i = 1ul; i <= 200; i++)
        {
            await log.AppendAsync(i);
            Assert.Equal(i, seen[^1]);
        }
        Assert.Equal(200, seen.Count);
    }

    [Fact]
    public async Task WhatArrivesDuringASyncIsOneGroup()
    {
        var holding = new TaskCompletionSource();
        var groups = new List<int>();
        await using var log = WalTestLog.Open(_files, group => groups.Add(group.Count));
        using var hold = new Gate();
        _files.Before = (operation, _) =>
        {
            if (operation == FileOperation.Sync)
            {
                holding.TrySetResult();
                hold.Pass();
            }
        };
        var first = log.AppendAsync(1).AsTask();
        await Patience.ForAsync(holding.Task, "The log did not write the first record");
        var rest = Enumerable.Range(2, 9).Select(i => log.AppendAsync((ulong)i).AsTask()).ToList();
        hold.Open();
        await Task.WhenAll(rest.Prepend(first));
        Assert.Equal([1, 9], groups);
    }

    [Fact]
    public async Task AFullQueueAnswersOverloadedAtOnceAndTakesAppendsAgainLater()
    {
        var options = WalTestLog.Options with { QueueBytes = 1_000 };
        await using var log = WalTestLog.Open(_files, options: options);
        using var hold = new Gate();
        _files.Before = (_, _) => hold.Pass();
        var waiting = Enumerable.Range(1, 10).Select(i => log.AppendAsync((ulong)i).AsTask()).ToList();
        var refused = log.AppendAsync(11);
        Assert.True(refused.IsCompleted);
        Assert.Equal(WalAppendStatus.Overloaded, (await refused).Status);
        hold.Open();
        Assert.All(await Task.WhenAll(waiting), a => Assert.Equal(WalAppendStatus.Committed, a.Status));
        Assert.Equal(WalAppendStatus.Committed, (await log.AppendAsync(12)).Status);
        Assert.DoesNotContain(11ul, WalTestLog.Read(_files).Ids);
    }

    [Fact]
    public async Task APayloadLargerThanTheQueueIsTakenWhenNothingWaits()
    {
        await using var log = WalTestLog.Open(_files, options: WalTestLog.Options with { QueueBytes = 10 });
        Assert.Equal(WalAppendStatus.Committed, (await log.AppendAsync(1, 5_000)).Status);
        Assert.Equal(WalAppendStatus.Failed, (await log.AppendAsync(2, WalTestLog.Options.MaxPayloadBytes + 1)).Status);
    }

    [Fact]
    public async Task AFailedSyncFailsItsGroupSealsTheSegmentAndIsNotRetried()
    {
        var syncs = 0;
        await using (var log = WalTestLog.Open(_files))
        {
            await log.AppendAsync(1);
            _files.Before = (operation, path) =>
            {
                if (operation == FileOperation.Sync && path == WalTestLog.PathOf(1) && ++syncs == 1)
                    throw new IOException("Input/output error");
            };
            var failed = await log.AppendAsync(2);
            Assert.Equal(WalAppendStatus.Failed, failed.Status);
            Assert.Contains("Input/output error", failed.Message);
            Assert.Equal(WalAppendStatus.Committed, (await log.AppendAsync(3)).Status);
        }
        Assert.Equal(1, syncs);
        var contents = WalTestLog.Read(_files);
        Assert.Equal([1ul, 3ul], contents.Ids);
        Assert.Equal([1L, 2L], contents.Records.Select(r => r.Segment));
        Assert.Empty(contents.Problems);
    }

    [Fact]
    public async Task AFullDiskFailsAppendsAndLeavesNoFilesUntilThereIsRoom()
    {
        await using (var log = WalTestLog.Open(_files))
        {
            await log.AppendAsync(1);
            _files.Capacity = 300;
            Assert.Equal(WalAppendStatus.Failed, (await log.AppendAsync(2)).Status);
            for (var i = 3ul; i < 10; i++)
                Assert.Contains("No space left", (await log.AppendAsync(i)).Message);
            Assert.Equal([Path.GetFileName(WalTestLog.PathOf(1))], _files.ListFiles(WalTestLog.Root));
            await Assert.ThrowsAsync<IOException>(() => log.CutAsync(_ => Assert.Fail("nothing was cut")));
            _files.Capacity = long.MaxValue;
            Assert.Equal(WalAppendStatus.Committed, (await log.AppendAsync(10)).Status);
        }
        var contents = WalTestLog.Read(_files);
        Assert.Equal([1ul, 10ul], contents.Ids);
        Assert.Empty(contents.Problems);
    }

    [Fact]
    public async Task SegmentsAreRotatedBySize()
    {
        await using (var log = WalTestLog.Open(_files))
        {
            for (var i = 1ul; i <= 100; i++)
                await log.AppendAsync(i, 400);
            Assert.Equal(_files.ListFiles(WalTestLog.Root).Sum(f => _files.ReadAll($"{WalTestLog.Root}/{f}").LongLength), log.SizeBytes);
        }
        var contents = WalTestLog.Read(_files);
        Assert.Equal(Enumerable.Range(1, 100).Select(i => (ulong)i), contents.Ids);
        Assert.InRange(contents.Records[^1].Segment, 10, 15);
        Assert.Empty(contents.Problems);
    }

    [Fact]
    public async Task ACutPartsWhatTheHandlerHasSeenFromWhatItHasNot()
    {
        var seen = new List<ulong>();
        var beforeCut = new List<ulong>();
        var cuts = new List<Task<WalCut>>();
        WalWriter<ulong>? log = null;
        log = WalTestLog.Open(_files, group =>
        {
            foreach (var entry in group)
                seen.Add(entry.State);
            // As the store does when its head is full.
            if (seen.Count % 7 == 0 && log is { } writer)
                cuts.Add(writer.CutAsync(_ => beforeCut = [.. seen]));
        });
        var appends = Enumerable.Range(1, 300).Select(i => Task.Run(() => log.AppendAsync((ulong)i).AsTask())).ToList();
        await Task.WhenAll(appends);
        while (seen.Count % 7 != 0)
            await log.AppendAsync(1_000 + (ulong)seen.Count);
        await Task.WhenAll(cuts);
        await log.DisposeAsync();
        Assert.NotEmpty(cuts);
        var contents = WalTestLog.Read(_files);
        var cut = await cuts[^1];
        Assert.Equal(beforeCut, contents.Records.Where(r => r.Segment < cut.Segment).Select(r => (ulong)r.Header.Digest));
        Assert.Equal(seen, contents.Ids);
        Assert.All(contents.Records, r => Assert.Equal(r.Segment < cut.Segment, r.Sequence < cut.NextSequence));
    }

    [Fact]
    public async Task ClosingCommitsWhatWaitsAndRefusesWhatComes()
    {
        var log = WalTestLog.Open(_files);
        using var hold = new Gate();
        _files.Before = (_, _) => hold.Pass();
        var waiting = Enumerable.Range(1, 50).Select(i => log.AppendAsync((ulong)i).AsTask()).ToList();
        var closing = log.DisposeAsync();
        var late = await log.AppendAsync(51);
        hold.Open();
        await closing;
        Assert.Equal(WalAppendStatus.Failed, late.Status);
        Assert.All(await Task.WhenAll(waiting), a => Assert.Equal(WalAppendStatus.Committed, a.Status));
        Assert.Equal(Enumerable.Range(1, 50).Select(i => (ulong)i), WalTestLog.Read(_files).Ids);
        await Assert.ThrowsAsync<IOException>(() => log.CutAsync(_ => { }));
        await log.DisposeAsync();
    }

    [Fact]
    public async Task AThrowingHandlerStopsTheLogAndEveryAppendIsAnswered()
    {
        var log = WalTestLog.Open(_files, group => throw new InvalidOperationException("broken invariant"));
        var answers = await Task.WhenAll(Enumerable.Range(1, 20).Select(i => log.AppendAsync((ulong)i).AsTask()));
        Assert.All(answers, a => Assert.Equal(WalAppendStatus.Failed, a.Status));
        Assert.Contains("broken invariant", answers[0].Message);
        await log.DisposeAsync();
    }

    [Fact]
    public async Task OpeningMakesDurableWhatAKilledProcessLeftInThePageCache()
    {
        var log = WalTestLog.Open(_files);
        await log.AppendAsync(1);
        using var hold = new Gate();
        var writing = new TaskCompletionSource();
        _files.Before = (operation, _) =>
        {
            if (operation == FileOperation.Sync)
            {
                writing.TrySetResult();
                hold.Pass();
            }
        };
        var unanswered = log.AppendAsync(2).AsTask();
        await Patience.ForAsync(writing.Task, "The log did not write the second record");
        _files.Before = null;
        // The process is gone here; the machine is not. A second one reads the record, and may tell a retrying sender that it is stored.
        await using (WalTestLog.Open(_files))
            Assert.Equal([1ul, 2ul], WalTestLog.Read(_files.Crash()).Ids);
        hold.Open();
        await unanswered;
        await log.DisposeAsync();
    }
}
