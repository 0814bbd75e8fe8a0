using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;

namespace Throughline.Telemetry.Profiling;

/// <summary>
/// The files of one service in a directory that others may use too: <c>SERVICE-yyyyMMddTHHmmssfffZ-PID.pb.gz</c>. A file is whole or
/// not there. Used by one caller at a time.
/// </summary>
internal sealed class ProfileFiles
{
    private const string Extension = ".pb.gz", Unfinished = ".unfinished";

    private static readonly TimeSpan s_abandoned = TimeSpan.FromHours(1);

    private readonly string _directory;
    private readonly string _prefix;
    private readonly Regex _ours;
    private readonly ProfileOptions _options;
    private readonly TimeProvider _time;

    public ProfileFiles(string directory, string service, ProfileOptions options, TimeProvider time)
    {
        (_directory, _options, _time) = (directory, options, time);
        _prefix = string.Concat(service.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_'));
        _ours = new($@"^{Regex.Escape(_prefix)}-\d{{8}}T\d{{9}}Z-\d+\.pb\.gz(\{Unfinished})?$", RegexOptions.CultureInvariant);
    }

    /// <summary>Makes the directory, readable by its owner only, when it isn't there.</summary>
    /// <exception cref="IOException">It can't be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public void Prepare()
    {
        if (Directory.Exists(_directory)) return;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(_directory);
        else Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Writes a profile that began at <paramref name="start"/>, compressed, then deletes the oldest files above the limits. Answers its path.</summary>
    public string Write(ReadOnlySpan<byte> profile, DateTimeOffset start)
    {
        Prepare();
        var stamp = start.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        var path = Path.Combine(_directory, $"{_prefix}-{stamp}-{Environment.ProcessId}{Extension}");
        var unfinished = path + Unfinished;
        try
        {
            using (var file = File.Create(unfinished))
            {
                using (var compressed = new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true)) compressed.Write(profile);
                file.Flush(flushToDisk: true);
            }
            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
        Prune(path);
        return path;
    }

    /// <summary>The newest stay, within both limits; the one just written stays in any case.</summary>
    private void Prune(string written)
    {
        var files = new DirectoryInfo(_directory).EnumerateFiles().Where(file => _ours.IsMatch(file.Name)).ToList();
        foreach (var file in files.Where(file => file.Name.EndsWith(Unfinished, StringComparison.Ordinal)))
        {
            // Another process of this service may be writing it.
            if (_time.GetUtcNow() - file.LastWriteTimeUtc > s_abandoned) file.Delete();
        }
        var (count, bytes) = (0, 0L);
        foreach (var file in files.Where(file => file.Name.EndsWith(Extension, StringComparison.Ordinal)).OrderByDescending(file => file.Name, StringComparer.Ordinal))
        {
            (count, bytes) = (count + 1, bytes + file.Length);
            if ((count > _options.FileLimit || bytes > _options.ByteLimit) && file.FullName != Path.GetFullPath(written)) file.Delete();
        }
    }
}
