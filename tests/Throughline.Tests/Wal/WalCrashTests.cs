using Throughline.Engine.Files;
using Throughline.Engine.Wal;
using Throughline.Tests.Files;

namespace Throughline.Tests.Wal;

/// <summary>Random lives of a log on a file system that loses its power at a random operation: what was acknowledged is there, once, and in order.</summary>
public sealed class WalCrashTests
{
    private static readonly WalOptions s_options = WalTestLog.Options with { SegmentBytes = 2_000 };

    [Fact]
    public async Task RecoveryIsAPrefixThatHoldsAllThatWasAcknowledged()
    {
        for (var seed = 1; seed <= 300; seed++)
        {
            var life = new LogLife(seed, sync: true);
            await life.RunAsync();
            Assert.True(life.Loss is null, $"seed {seed}: {life.Loss}");
        }
    }

    [Fact]
    public async Task TheSameLivesShowLossWhenNothingIsSynced()
    {
        var losses = 0;
        for (var seed = 1; seed <= 30; seed++)
        {
            var life = new LogLife(seed, sync: false);
            await life.RunAsync();
            losses += life.Loss is null ? 0 : 1;
        }
        Assert.True(losses > 20, $"only {losses} of 30 lives lost anything");
    }

    private sealed class LogLife(int seed, bool sync)
    {
        private readonly Random _random = new(seed);
        private readonly HashSet<ulong> _acknowledged = [];
        private readonly HashSet<ulong> _flushed = [];
        private readonly List<ulong> _sent = [];
        private ulong _nextId = 1;
        private long _firstSegment;

        public string? Loss { get; private set; }

        public async Task RunAsync()
        {
            var files = new MemoryFileSystem();
            for (var life = 0; life < 5 && Loss is null; life++)
                files = await LiveAsync(files);
        }

        private async Task<MemoryFileSystem> LiveAsync(MemoryFileSystem files)
        {
            var seen = sync ? (IFileSystem)files : new UnsyncedFileSystem(files);
            var left = _random.Next(1, 120);
            var failing = _random.Next(3) == 0;
            var faults = new Random(seed);
            files.Before = (operation, _) =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                    files.Stop();
                else if (failing && operation is FileOperation.Sync or FileOperation.Append && faults.Next(20) == 0)
                    throw new IOException("Input/output error");
            };
            try
            {
                await WriteAsync(seen);
            }
            catch (IOException)
            {
                // The power went while the log was opened or cut.
            }
            var after = files.Crash(_random.Next(4) == 0 ? null : new Random(_random.Next()));
            Check(WalTestLog.Read(after, s_options, _firstSegment));
            return after;
        }

        private async Task WriteAsync(IFileSystem files)
        {
            var log = WalTestLog.Open(files, options: s_options);
            try
            {
                var failures = 0;
                while (failures < 6)
                {
                    var ids = new List<ulong>();
                    for (var i = _random.Next(1, 6); i > 0; i--)
                        ids.Add(_nextId++);
                    _sent.AddRange(ids);
                    var answers = await Task.WhenAll(ids.Select(id => log.AppendAsync(id, _random.Next(300)).AsTask()));
                    for (var i = 0; i < ids.Count; i++)
                    {
                        if (answers[i].Status == WalAppendStatus.Committed)
                            _acknowledged.Add(ids[i]);
                        else
                            failures++;
                    }
                    if (_random.Next(12) == 0)
                        await FlushAsync(log);
                }
            }
            finally
            {
                await log.DisposeAsync();
            }
        }

        /// <summary>As the store does: what lies before the cut is durable elsewhere, which it knows, before its segments go.</summary>
        private async Task FlushAsync(WalWriter<ulong> log)
        {
            var cut = await log.CutAsync(_ => { });
            _firstSegment = cut.Segment;
            _flushed.UnionWith(_acknowledged);
            if (_random.Next(4) > 0)
                log.DeleteSegmentsBefore(cut.Segment);
        }

        private void Check(WalContents contents)
        {
            var found = contents.Ids;
            var missing = _acknowledged.Except(_flushed).Except(found).ToList();
            if (missing.Count > 0)
                Loss = $"acknowledged and not there: {string.Join(' ', missing)}; {string.Join("; ", contents.Problems)}";
            else if (contents.Problems.Count > 0)
                Loss = string.Join("; ", contents.Problems);
            else if (found.Distinct().Count() != found.Length)
                Loss = "a record is there twice";
            else if (!found.Order().SequenceEqual(found) || found.Except(_sent).Any())
                Loss = $"not in the order in which they were sent: {string.Join(' ', found)}";
            // What recovery has brought back is acknowledged from now on: senders that retry are told that it is stored.
            _acknowledged.UnionWith(found);
        }
    }
}
