namespace Throughline.Tests.Store;

/// <summary>A clock that is set ahead or back while time passes as it does.</summary>
internal sealed class JumpingTime : TimeProvider
{
    private readonly ManualTime _passing = new();

    public TimeSpan Offset { get; set; }

    public override long TimestampFrequency => _passing.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _passing.GetUtcNow() + Offset;

    public override long GetTimestamp() => _passing.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => _passing.CreateTimer(callback, state, dueTime, period);

    public void Advance(TimeSpan by) => _passing.Advance(by);
}
