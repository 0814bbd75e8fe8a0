namespace Throughline.Engine.Signals;

/// <summary>What a head holds. Immutable.</summary>
/// <param name="Items">Items (log entries, points, profile samples).</param>
/// <param name="Bytes">Memory; decides when the head becomes a block.</param>
/// <param name="FirstUnixNano">Time of its earliest item; <see cref="ulong.MaxValue"/> without any.</param>
/// <param name="LastUnixNano">Time of its latest item; 0 without any.</param>
internal sealed record SignalHeadSize(long Items, long Bytes, ulong FirstUnixNano, ulong LastUnixNano)
{
    /// <summary>Nothing.</summary>
    public static SignalHeadSize Empty { get; } = new(0, 0, ulong.MaxValue, 0);
}

/// <summary>What a format tells of the content of a block that it has written. Immutable.</summary>
/// <param name="Items">Items; a merge that leaves none makes no block.</param>
/// <param name="FirstUnixNano">Time of its earliest item.</param>
/// <param name="LastUnixNano">Time of its latest item.</param>
internal readonly record struct SignalBlockFacts(long Items, ulong FirstUnixNano, ulong LastUnixNano);
