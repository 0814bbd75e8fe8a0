namespace Throughline.Tests;

/// <summary>How long tests wait for what must come: long beside anything a busy machine of one slow core takes, so that only what never comes is a failure.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
}
