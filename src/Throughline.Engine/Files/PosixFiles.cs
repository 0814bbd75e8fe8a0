using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Throughline.Engine.Files;

/// <summary>
/// What POSIX has and .NET doesn't: fsync of a directory (File.OpenHandle refuses directories), and a lock that says why it failed.
/// </summary>
internal static partial class PosixFiles
{
    private const int ReadOnly = 0;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;

    // The same value on every Linux that .NET runs on, and another on macOS.
    private static readonly int s_closeOnExec = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;
    private static readonly int s_wouldBlock = OperatingSystem.IsMacOS() ? 35 : 11;

    /// <summary>Makes the names in a directory durable.</summary>
    public static void SyncDirectory(string path)
    {
        var descriptor = Open(path, ReadOnly | s_closeOnExec);
        if (descriptor < 0)
            throw Failure("open directory", path);
        try
        {
            if (Fsync(descriptor) != 0)
                throw Failure("sync directory", path);
        }
        finally
        {
            // Nothing was written through this descriptor, so a failing close loses nothing.
            _ = Close(descriptor);
        }
    }

    /// <summary>
    /// Takes the lock of an existing file; null when another has it. The lock ends with the handle, or with the process. The file is
    /// opened here, since .NET takes shared locks of its own on what it opens, and doesn't tell a lock it could not take on a file system
    /// without locks.
    /// </summary>
    public static SafeFileHandle? TryLock(string path)
    {
        var descriptor = Open(path, ReadOnly | s_closeOnExec);
        if (descriptor < 0)
            throw Failure("open", path);
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Flock(handle, LockExclusive | LockNonBlocking) == 0)
            return handle;
        var busy = Marshal.GetLastPInvokeError() == s_wouldBlock;
        var failure = busy ? null : Failure("lock", path);
        handle.Dispose();
        return failure is null ? null : throw failure;
    }

    private static Exception Failure(string action, string path)
    {
        const int accessDenied = 13;
        var error = Marshal.GetLastPInvokeError();
        var message = $"cannot {action} '{path}': {Marshal.GetPInvokeErrorMessage(error)}";
        return error == accessDenied ? new UnauthorizedAccessException(message) : new IOException(message, error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle handle, int operation);
}
