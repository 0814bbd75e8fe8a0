using System.Runtime.CompilerServices;

namespace Throughline.ProfiledService;

/// <summary>
/// Methods that profiles have to find: each keeps its frame, and works for some milliseconds, so that what stands between them weighs little. Their loops call nothing: a thread can be stopped anywhere
/// in such a loop, and otherwise only where a method returns, which would show as the time of whoever comes next.
/// </summary>
internal static class Work
{
    private const int Steps = 100_000;

    /// <summary>The last result, so that the work isn't optimised away.</summary>
    public static double Result { get; private set; }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void First()
    {
        var x = 1.0;
        for (var i = 0; i < 2 * Steps; i++) x = Math.Sqrt(i + x);
        Result = x;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void UnderChild()
    {
        var x = 2.0;
        for (var i = 0; i < Steps; i++) x = Math.Sqrt(i + x);
        Result = x;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Second()
    {
        var x = 3.0;
        for (var i = 0; i < Steps; i++) x = Math.Sqrt(i + x);
        Result = x;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void WithoutSpan()
    {
        var x = 4.0;
        for (var i = 0; i < Steps; i++) x = Math.Sqrt(i + x);
        Result = x;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Unsampled()
    {
        var x = 5.0;
        for (var i = 0; i < Steps; i++) x = Math.Sqrt(i + x);
        Result = x;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Waiting(WaitHandle until)
    {
        until.WaitOne();
        // A last step after the wait, so that this frame stays while it waits.
        Result = 6;
    }
}
