using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Throughline.Benchmarks;

/// <summary>CPU time of the calling thread: what other processes do meanwhile does not count. Linux only.</summary>
internal static partial class CpuClock
{
    private const int ThreadCpuTime = 3;

    /// <summary>Seconds that the calling thread has run so far.</summary>
    public static double ThreadSeconds
    {
        get
        {
            if (GetTime(ThreadCpuTime, out var time) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), "clock_gettime failed");
            return time.Seconds + time.Nanoseconds / 1e9;
        }
    }

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetTime(int clock, out TimeSpec time);
}
