using Throughline.Engine.Model;
using Throughline.Server.Process;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Server.Process;

/// <summary>What was dropped is known after a restart, in total and of each trace; a file that cannot be read is told, and a disk that refuses is tried again.</summary>
public sealed class ProcessCountsFileTests
{
    private static readonly ProcessCause s_rate = new(ProcessStage.Head, "rate", "camera");
    private static readonly ProcessCause s_rest = new(ProcessStage.Tail, "rest", "backend");
    private static readonly ProcessCause s_bytes = new(ProcessStage.Limit, "valueBytes", "camera");

    private readonly MemoryFileSystem _files = new();
    private readonly ManualTime _time = new();
    private readonly List<string> _warnings = [];

    [Fact]
    public async Task EveryCountComesBackAndGoesOn()
    {
        for (var life = 1; life <= 3; life++)
        {
            var counters = new ProcessCounters((ulong)(1000 * life));
            // Tail sampling may have decided before the file is read.
            Count(counters);
            await using (Open(counters))
            {
                var counts = counters.Read();
                Assert.Equal(1000UL, counts.StartedUnixNano);
                Assert.Equal([(s_rate, 5L * life), (s_rest, 2L * life)], counts.Dropped);
                Assert.Equal([(s_bytes, 3L * life)], counts.Cut);
                Assert.Equal([("secrets", 7L * life)], counts.Redacted);
                Assert.Equal([("errors", 11L * life, 13L * life)], counts.TailKept);
                Assert.Equal(17L * life, counts.DecidedEarly);
                Assert.Equal([(s_rate, 5L * life), (s_rest, 2L * life)], counters.DroppedOf(new(0, 1)));
                Assert.Empty(counters.DroppedOf(new(0, 2)));
            }
        }
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task TheTracesThatCameLastAreKeptWhereThereIsNoRoomForAll()
    {
        var before = new ProcessCounters(0);
        for (var i = 0; i < 25_000; i++) before.CountDropped(new TraceId(0, (ulong)i + 1), s_rate, 1);
        await using (Open(before))
        {
            before.CountDropped(new TraceId(0, 25_001), s_rate, 1);
        }
        var after = new ProcessCounters(0);
        await using var file = Open(after);
        Assert.Equal([(s_rate, 25_001L)], after.Read().Dropped);
        Assert.NotEmpty(after.DroppedOf(new(0, 25_001)));
        Assert.NotEmpty(after.DroppedOf(new(0, 6_000)));
        Assert.Empty(after.DroppedOf(new(0, 5_000)));
    }

    [Fact]
    public async Task WithoutAStopWhatWasSavedIsThere()
    {
        var counters = new ProcessCounters(0);
        await using var file = Open(counters);
        Count(counters);
        file.Save();
        // A loss of power: nothing that was not synced is there.
        var left = _files.Crash(null);
        var after = new ProcessCounters(0);
        await using var again = ProcessCountsFile.Open(after, left, "/data", TimeSpan.FromSeconds(10), _time, _warnings.Add);
        Assert.Equal([(s_rate, 5L), (s_rest, 2L)], after.Read().Dropped);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(40)]
    public async Task ADamagedFileIsToldAndCountingBeginsAnew(int bit)
    {
        var counters = new ProcessCounters(0);
        await using (Open(counters)) Count(counters);
        _files.FlipBit($"/data/{ProcessCountsFile.FileName}", 8 * bit);
        var after = new ProcessCounters(0);
        await using (Open(after))
        {
            Assert.Contains("process-counts.bin, cannot be read and begin anew: ", Assert.Single(_warnings), StringComparison.Ordinal);
            Assert.Empty(after.Read().Dropped);
        }
        // It is not written over before something was counted.
        await using (Open(new ProcessCounters(0))) Assert.Equal(2, _warnings.Count);
    }

    [Fact]
    public async Task ADiskThatRefusesIsToldOnceAndTriedAgain()
    {
        var counters = new ProcessCounters(0);
        await using (var file = Open(counters))
        {
            Count(counters);
            _files.Before = static (operation, _) => throw new IOException($"no {operation}");
            file.Save();
            file.Save();
            Assert.Contains("cannot be written to", Assert.Single(_warnings), StringComparison.Ordinal);
            _files.Before = null;
            file.Save();
        }
        var after = new ProcessCounters(0);
        await using var again = Open(after);
        Assert.Equal([(s_rate, 5L), (s_rest, 2L)], after.Read().Dropped);
    }

    [Fact]
    public async Task WhoAsksForItDoesNotWaitForTheDisk()
    {
        using var disk = new ManualResetEventSlim();
        var counters = new ProcessCounters(0);
        await using var file = Open(counters);
        Count(counters);
        _files.Before = (_, _) => Assert.True(disk.Wait(Patience.Limit));
        file.SaveSoon();
        file.SaveSoon();
        Assert.False(_files.FileExists($"/data/{ProcessCountsFile.FileName}"));
        disk.Set();
        await UntilThereAsync();
    }

    [Fact]
    public async Task WritingGoesOnWhateverHappensWhenItFails()
    {
        var counters = new ProcessCounters(0);
        _files.CreateDirectory("/data");
        var (failures, warnings) = (0, 0);
        await using var file = ProcessCountsFile.Open(counters, _files, "/data", TimeSpan.FromSeconds(10), _time, _ =>
        {
            Interlocked.Increment(ref warnings);
            throw new IOException("Nobody reads it.");
        });
        Count(counters);
        _files.Before = (_, _) => throw (Interlocked.Increment(ref failures) == 1 ? new IOException("no room") : new InvalidOperationException("not possible"));
        for (var tries = 1; tries <= 3; tries++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await Patience.UntilAsync(() => Volatile.Read(ref failures) >= tries, () => $"It was tried {failures} times.");
        }
        Assert.Equal(1, warnings);
        _files.Before = null;
        _time.Advance(TimeSpan.FromSeconds(10));
        await UntilThereAsync();
    }

    [Fact]
    public async Task WhatIsAskedForAfterTheEndIsWrittenAtOnce()
    {
        var counters = new ProcessCounters(0);
        var file = Open(counters);
        await file.DisposeAsync();
        Count(counters);
        file.SaveSoon();
        await UntilThereAsync();
    }

    /// <summary>What <see cref="Count"/> has counted is in the file, soon.</summary>
    private async Task UntilThereAsync()
    {
        await Patience.UntilAsync(() => _files.FileExists($"/data/{ProcessCountsFile.FileName}"), () => "It was not written.");
        var after = new ProcessCounters(0);
        await using var again = Open(after);
        Assert.Equal([(s_rate, 5L), (s_rest, 2L)], after.Read().Dropped);
    }

    private ProcessCountsFile Open(ProcessCounters counters)
    {
        _files.CreateDirectory("/data");
        return ProcessCountsFile.Open(counters, _files, "/data", TimeSpan.FromSeconds(10), _time, _warnings.Add);
    }

    private static void Count(ProcessCounters counters)
    {
        counters.CountDropped(new TraceId(0, 1), s_rate, 5);
        counters.CountDropped(new TraceId(0, 1), s_rest, 2);
        counters.CountCut(s_bytes, 3);
        counters.CountRedacted("secrets", 7);
        counters.CountTail("errors", 11, 13, 17);
    }
}
