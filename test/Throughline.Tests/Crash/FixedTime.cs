namespace Throughline.Tests.Crash;

/// <summary>A clock that stands still; timers are the machine's.</summary>
internal sealed class FixedTime : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);
}
