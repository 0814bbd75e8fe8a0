namespace Throughline.Engine.Model;

/// <summary>Moments as nanoseconds since 1970, which is how spans and the store count them. Has no state.</summary>
internal static class UnixTime
{
    /// <summary>Now.</summary>
    public static ulong NowNano(TimeProvider time) => Nano(time.GetUtcNow());

    /// <summary>A moment of 1970 or later.</summary>
    public static ulong Nano(DateTimeOffset moment) => (ulong)(moment - DateTimeOffset.UnixEpoch).Ticks * 100;
}
