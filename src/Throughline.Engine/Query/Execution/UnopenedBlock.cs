namespace Throughline.Engine.Query.Execution;

/// <summary>A block that the store should have and could not open: what queries look for may be in it. Immutable.</summary>
/// <param name="Number">Its number.</param>
/// <param name="MinStartUnixNano">Start of its earliest span, as far as it is known.</param>
/// <param name="MaxStartUnixNano">Start of its latest span, as far as it is known.</param>
/// <param name="Message">What is wrong with it.</param>
internal sealed record UnopenedBlock(long Number, ulong MinStartUnixNano, ulong MaxStartUnixNano, string Message)
{
    /// <summary>Whether it may have spans that start in [from, to).</summary>
    public bool MayHold(ulong? fromUnixNano, ulong? toUnixNano) => MaxStartUnixNano >= (fromUnixNano ?? 0) && (toUnixNano is not { } to || MinStartUnixNano < to);
}
