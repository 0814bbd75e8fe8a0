using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Throughline.Benchmarks;

/// <summary>What the kernel counts about a process. Linux only; any thread.</summary>
internal sealed partial class ProcessCounters(int process)
{
    private const int Terminate = 15;

    /// <summary>CPU seconds of all its threads so far, in user and kernel mode.</summary>
    public double CpuSeconds => CpuClock.ProcessSeconds(process);

    /// <summary>The most memory that was resident at once, in bytes.</summary>
    public long PeakBytes => Status("VmHWM:");

    /// <summary>Resident memory now, in bytes.</summary>
    public long ResidentBytes => Status("VmRSS:");

    /// <summary>File descriptors that are open now.</summary>
    public int OpenFiles => Directory.GetFileSystemEntries($"/proc/{process}/fd").Length;

    /// <summary>Asks the process to end as Ctrl-C does.</summary>
    public void Stop()
    {
        if (Kill(process, Terminate) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), "kill failed");
    }

    private long Status(string name)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
