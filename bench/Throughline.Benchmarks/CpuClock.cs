using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Throughline.Benchmarks;

/// <summary>CPU time of the calling thread or of a process: what others do meanwhile does not count. Linux only.</summary>
internal static partial class CpuClock
{
    private const int ThreadCpuTime = 3;

    /// <summary>Seconds that the calling thread has run so far.</summary>
    public static double ThreadSeconds => Seconds(ThreadCpuTime);

    /// <summary>Seconds that all threads of a process, this or another, have run so far, in user and kernel mode.</summary>
    public static double ProcessSeconds(int process) => Seconds(ProcessClock(process));

    /// <summary>The clock of a process as the C library's clock_getcpuclockid gives it: the complement of the id above three bits that say "scheduler's time, whole process".</summary>
    private static int ProcessClock(int process) => (~process << 3) | 2;

    private static double Seconds(int clock) => GetTime(clock, out var time) == 0 ? time.Seconds + time.Nanoseconds / 1e9
        : throw new Win32Exception(Marshal.GetLastPInvokeError(), "clock_gettime failed");

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetTime(int clock, out TimeSpec time);
}
