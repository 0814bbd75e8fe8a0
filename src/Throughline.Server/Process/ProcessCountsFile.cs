using System.IO.Hashing;
using System.Text;
using System.Threading.Channels;
using Throughline.Engine.Files;

namespace Throughline.Server.Process;

/// <summary>
/// Keeps what was counted over a restart: in a file of the data directory, written soon after tail sampling has decided, every few seconds where something changed, and when the server stops. A crash loses what
/// was counted since the last write. A disk that refuses is told once, and tried again. One per server, while it has the directory; thread safe.
/// </summary>
/// <remarks>
/// The file: <c>TLCOUNTS</c>, u32 format (0), the content as <see cref="BinaryWriter"/> writes it, XXH3-64 of all before it. Numbers are little-endian.
/// </remarks>
public sealed class ProcessCountsFile : IAsyncDisposable
{
    /// <summary>The file's name in the data directory.</summary>
    public const string FileName = "process-counts.bin";

    private const int ChecksumBytes = 8;
    private const int MaxFileBytes = 64 << 20;
    private const uint Format = 0;

    private readonly Lock _lock = new();
    private readonly ProcessCounters _counters;
    private readonly IFileSystem _files;
    private readonly string _path;
    private readonly Action<string> _warn;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<bool> _asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ITimer _timer;
    private readonly Task _loop;
    private long _written;
    private bool _isFailing;

    private ProcessCountsFile(ProcessCounters counters, IFileSystem files, string directory, TimeSpan interval, TimeProvider time, Action<string> warn)
    {
        (_counters, _files, _warn) = (counters, files, warn);
        _path = Path.Combine(directory, FileName);
        if (Read(_files, _path) is { } problem) warn(problem);
        _timer = time.CreateTimer(_ => _asked.Writer.TryWrite(true), null, interval, interval);
        _loop = Task.Run(WriteWhenAskedAsync);
    }

    private static ReadOnlySpan<byte> Magic => "TLCOUNTS"u8;

    /// <summary>Adds what the file has to what was counted since the start, and begins to write. <paramref name="warn"/> gets a line for the operator where file or disk fail.</summary>
    public static ProcessCountsFile Open(ProcessCounters counters, IFileSystem files, string directory, TimeSpan interval, TimeProvider time, Action<string> warn) =>
        new(counters, files, directory, interval, time, warn);

    /// <summary>Has written soon what was counted until now; waits for no disk, and throws nothing. Once the writing in the background has ended it is written at once.</summary>
    public void SaveSoon()
    {
        if (_stop.IsCancellationRequested) SaveOrTell();
        else _asked.Writer.TryWrite(true);
    }

    /// <summary>Writes what was counted, if that has changed since the last time; durable on return unless the disk refuses.</summary>
    public void Save()
    {
        lock (_lock)
        {
            if (_counters.Changes == _written) return;
            try
            {
                var (content, changes) = Content(_counters);
                AtomicFile.Write(_files, _path, file => file.Append([content]));
                (_written, _isFailing) = (changes, false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Tell(e.Message);
            }
        }
    }

    /// <summary>Ends the writing in the background and writes once more.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested) return;
        await _timer.DisposeAsync();
        await _stop.CancelAsync();
        await _loop;
        SaveOrTell();
        _stop.Dispose();
    }

    private async Task WriteWhenAskedAsync()
    {
        try
        {
            while (true)
            {
                await _asked.Reader.ReadAsync(_stop.Token);
                SaveOrTell();
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private void SaveOrTell()
    {
        try
        {
            Save();
        }
        catch (Exception e)
        {
            // The host boundary of the loop: whatever it was, it is tried again, and the operator is told.
            lock (_lock) Tell($"{e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>Tells the operator the first time that writing fails, and then not before it has succeeded.</summary>
    private void Tell(string why)
    {
        if (_isFailing) return;
        _isFailing = true;
        try
        {
            _warn($"What sampling and limits have dropped cannot be written to {_path}, and would be forgotten by a restart: {why}");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Nobody reads what the server says.
        }
    }

    private static (byte[] Bytes, long Changes) Content(ProcessCounters counters)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(Format);
        var changes = counters.Write(writer);
        writer.Flush();
        writer.Write(XxHash3.HashToUInt64(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        writer.Flush();
        return (stream.ToArray(), changes);
    }

    private string? Read(IFileSystem files, string path)
    {
        try
        {
            if (!files.FileExists(path)) return null;
            using var file = files.OpenRead(path);
            if (file.Length < Magic.Length + sizeof(uint) + ChecksumBytes || file.Length > MaxFileBytes) return Problem($"it has {file.Length} bytes");
            var bytes = new byte[file.Length];
            file.ReadExactly(0, bytes);
            var content = bytes.AsSpan(0, bytes.Length - ChecksumBytes);
            if (!content.StartsWith(Magic) || BitConverter.ToUInt32(content[Magic.Length..]) != Format) return Problem("its header is not one of this version");
            if (XxHash3.HashToUInt64(content) != BitConverter.ToUInt64(bytes.AsSpan(content.Length))) return Problem("its checksum is wrong");
            using var reader = new BinaryReader(new MemoryStream(bytes, Magic.Length + sizeof(uint), content.Length - Magic.Length - sizeof(uint), writable: false), Encoding.UTF8);
            _counters.Read(reader);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Problem(e.Message.TrimEnd('.'));
        }
    }

    private string Problem(string why) => $"The counts of what was dropped, {_path}, cannot be read and begin anew: {why}.";
}
