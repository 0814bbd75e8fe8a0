namespace Throughline.Server.Configuration;

/// <summary>From which values on the page calls a resource saturated, and up to which starved. Null: never. Immutable.</summary>
/// <param name="Saturated">This and more.</param>
/// <param name="Starved">This and less.</param>
public sealed record LaneThreshold(double? Saturated, double? Starved);

/// <summary>The thresholds of the lanes below a trace. Shares are from 0 to 1; queues and batches are counted in items. Immutable.</summary>
public sealed record LaneThresholds
{
    /// <summary>A GPU that is nearly always busy; below a tenth it waits for work.</summary>
    public LaneThreshold Gpu { get; init; } = new(0.95, 0.1);

    /// <summary>Memory of a GPU that is nearly full.</summary>
    public LaneThreshold Vram { get; init; } = new(0.95, null);

    /// <summary>Cores that are nearly always busy.</summary>
    public LaneThreshold Cpu { get; init; } = new(0.9, null);

    /// <summary>More waiting than a few.</summary>
    public LaneThreshold Queue { get; init; } = new(8, null);

    /// <summary>A batch of one costs as much as a full one.</summary>
    public LaneThreshold Batch { get; init; } = new(null, 1);

    /// <summary>By the names of the lanes' kinds.</summary>
    internal IEnumerable<(string Kind, LaneThreshold Threshold)> All => [("gpu", Gpu), ("vram", Vram), ("cpu", Cpu), ("queue", Queue), ("batch", Batch)];

    /// <summary>The options: whole percents, or items; 0 for never.</summary>
    internal static IEnumerable<(string Name, string Description, long Standard, long Maximum, Func<LaneThresholds, long, LaneThresholds> Set)> Options
    {
        get
        {
            var standard = new LaneThresholds();
            return
            [
                ("--lane-gpu-saturated-percent", "A GPU lane is called saturated from this utilization on; 0 for never.", Percent(standard.Gpu.Saturated), 100, static (l, v) => l with { Gpu = l.Gpu with { Saturated = Share(v) } }),
                ("--lane-gpu-starved-percent", "A GPU lane is called starved up to this utilization; 0 for never.", Percent(standard.Gpu.Starved), 100, static (l, v) => l with { Gpu = l.Gpu with { Starved = Share(v) } }),
                ("--lane-vram-saturated-percent", "A VRAM lane is called saturated from this share of the memory on; 0 for never.", Percent(standard.Vram.Saturated), 100, static (l, v) => l with { Vram = l.Vram with { Saturated = Share(v) } }),
                ("--lane-cpu-saturated-percent", "A CPU lane is called saturated from this share of the cores on; 0 for never.", Percent(standard.Cpu.Saturated), 100, static (l, v) => l with { Cpu = l.Cpu with { Saturated = Share(v) } }),
                ("--lane-queue-saturated-items", "A queue lane is called saturated from so many items on; 0 for never.", (long)(standard.Queue.Saturated ?? 0), 1_000_000_000, static (l, v) => l with { Queue = l.Queue with { Saturated = Items(v) } }),
                ("--lane-batch-starved-items", "A batch lane is called starved up to so many items; 0 for never.", (long)(standard.Batch.Starved ?? 0), 1_000_000_000, static (l, v) => l with { Batch = l.Batch with { Starved = Items(v) } }),
            ];
        }
    }

    private static long Percent(double? share) => (long)Math.Round((share ?? 0) * 100);

    private static double? Share(long percent) => percent == 0 ? null : percent / 100.0;

    private static double? Items(long items) => items == 0 ? null : items;
}
