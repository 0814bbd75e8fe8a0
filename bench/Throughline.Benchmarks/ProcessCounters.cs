using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Throughline.Benchmarks;

/// <summary>What the kernel counts about a process. Linux only; any thread.</summary>
internal sealed partial class ProcessCounters(int process)
{
    private const int Terminate = 15;

    /// <summary>CPU seconds of all its threads, in user and kernel mode, to a hundredth.</summary>
    public double CpuSeconds
    {
        get
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            // The name in brackets may have blanks; utime and stime are the 12th and 13th fields behind it.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0;
        }
    }

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
