using Throughline.Engine.Lifecycle;
using Throughline.Engine.Signals;

namespace Throughline.Tests.Signals;

/// <summary>How often a byte of a signal is written again by merges, and how many blocks lie about, by what the policy decides under the standard options.</summary>
public sealed class WriteAmplificationTests
{
    private const ulong Minute = 60_000_000_000;

    /// <param name="minutes">Between two flushed blocks.</param>
    /// <param name="kibibytes">Of a flushed block.</param>
    /// <param name="most">Times that a byte is rewritten at most.</param>
    /// <param name="mostBlocks">Blocks at most, at any time.</param>
    [Theory]
    [InlineData(0.2, 8_000, 1.01, 450)] // 40 MB a minute, a full head every 12 seconds: 57 GB in a day
    [InlineData(5, 8_000, 1.01, 40)]
    [InlineData(2, 300, 1.9, 75)]
    [InlineData(30, 300, 1.9, 20)] // a quiet service: a head goes by its age
    public void BytesAreRewrittenAboutOnce(double minutes, long kibibytes, double most, int mostBlocks)
    {
        var options = new SignalStoreOptions();
        var blocks = new List<SignalBlockEntry>();
        var (number, flushed, merged, peak) = (0L, 0L, 0L, 0);
        for (var step = 0; step * minutes < 3 * 24 * 60; step++)
        {
            var now = (ulong)(step * minutes * Minute) + 10_000 * Minute;
            var bytes = kibibytes << 10;
            blocks.Add(new SignalBlockEntry(++number, bytes, bytes / 25, now, now, now - (ulong)(minutes * Minute), now, 0));
            flushed += bytes;
            while (CompactionPolicy.Next(blocks, options.Compaction, now, everything: false) is { Count: > 0 } due)
            {
                var place = blocks.IndexOf(due[0]);
                blocks.RemoveAll(due.Contains);
                var one = new SignalBlockEntry(++number, due.Sum(b => b.Bytes), due.Sum(b => b.Items), due.Min(b => b.FirstUnixNano), due.Max(b => b.LastUnixNano), due.Min(b => b.FirstReceivedUnixNano), due.Max(b => b.LastReceivedUnixNano), due.Max(b => b.Level) + 1);
                blocks.Insert(place, one);
                merged += one.Bytes;
            }
            if (step * minutes < 24 * 60) peak = Math.Max(peak, blocks.Count);
        }
        Assert.InRange(merged / (double)flushed, 0.5, most);
        Assert.InRange(peak, 1, mostBlocks);
    }
}
