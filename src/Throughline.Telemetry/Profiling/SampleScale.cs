namespace Throughline.Telemetry.Profiling;

/// <summary>What time one sample stands for, in nanoseconds. Immutable.</summary>
/// <param name="WallNanos">The mean time between two rounds of samples.</param>
/// <param name="CpuNanos">The same for a sample in managed code, less where such threads waited for a processor.</param>
internal readonly record struct SampleScale(double WallNanos, double CpuNanos)
{
    /// <summary>
    /// A thread in managed code may run or wait for a processor; the samples can't tell. So that no more time is told than was
    /// used, it is scaled down to what the process took in all.
    /// </summary>
    public static SampleScale Of(SampleTable samples, long frequency, TimeSpan processorTime)
    {
        var wall = samples.PeriodTicks * 1e9 / frequency;
        var managed = wall * samples.Running;
        var used = processorTime.TotalNanoseconds;
        return new(wall, managed > used ? wall * used / managed : wall);
    }
}
