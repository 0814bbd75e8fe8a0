using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Throughline.Engine.Files;

namespace Throughline.Server.Process;

/// <summary>
/// Holds the rules in force, and their file in the data directory. A change is checked whole, then durable, then in force at once: whoever reads <see cref="Current"/> has either the old rules or the
/// new ones. One per server; thread safe.
/// </summary>
public sealed class ProcessSettings
{
    /// <summary>The file's name in the data directory.</summary>
    public const string FileName = "process.json";

    private const int Format = 1;
    private const int MaxFileBytes = 16 << 20;

    private readonly Lock _lock = new();
    private readonly IFileSystem _files;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly TailKnowledge _knowledge;
    private volatile ProcessPolicy _current;
    private volatile ProcessCountsFile? _countsFile;

    private ProcessSettings(IFileSystem files, string path, TimeProvider time, ProcessPolicy current) => (_files, _path, _time, _current, _knowledge, Counters) = (files, path, time, current, new TailKnowledge(time), new ProcessCounters(NowNano(time)));

    private static ulong NowNano(TimeProvider time) => (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>The rules in force.</summary>
    public ProcessPolicy Current => _current;

    /// <summary>What the rules have done.</summary>
    public ProcessCounters Counters { get; }

    /// <summary>Called with new rules when they are in force, before <see cref="Replace"/> returns.</summary>
    public event Action<ProcessPolicy>? Changed;

    /// <summary>
    /// Reads the rules of a data directory; none where there is no file. An <see cref="InvalidDataException"/> with one line for the operator when the file says anything that is not understood: going on
    /// without its rules would store what they are there to keep out.
    /// </summary>
    public static ProcessSettings Open(IFileSystem files, string directory, bool redactsSensitive, TimeProvider time)
    {
        var path = Path.Combine(directory, FileName);
        var policy = files.FileExists(path) ? Read(files, path, redactsSensitive, time) : new ProcessPolicy(ProcessRules.None, 0, null, RandomNumberGenerator.GetBytes(32), redactsSensitive, time);
        return new ProcessSettings(files, path, time, policy);
    }

    /// <summary>
    /// Puts rules in force that were checked; durable on return. Null, and nothing changed, when <paramref name="expectedVersion"/> is not the present one: somebody else has changed them since. An
    /// <see cref="IOException"/> when the disk refuses; the old rules stay then.
    /// </summary>
    public ProcessPolicy? Replace(ProcessRules rules, uint? expectedVersion)
    {
        lock (_lock)
        {
            var old = _current;
            if (expectedVersion is { } expected && expected != old.Version) return null;
            var policy = new ProcessPolicy(rules, old.Version + 1, NowNano(_time), old.HashKey, old.RedactsSensitive, _time);
            Write(policy);
            _current = policy;
            Changed?.Invoke(policy);
            return policy;
        }
    }

    /// <summary>What decides about quiet traces by the present rules; null where all are kept.</summary>
    public TailSampler? NewTailSampler() => _current.Rules.Tail is { Enabled: true } tail ? new TailSampler(tail, _knowledge, Counters, () => _countsFile?.SaveSoon()) : null;

    /// <summary>Keeps the counts of a data directory, which the caller has, over a restart. Returned for its owner to dispose of before the directory is given back.</summary>
    public ProcessCountsFile KeepCounts(string directory, TimeSpan interval, Action<string> warn) => _countsFile = ProcessCountsFile.Open(Counters, _files, directory, interval, _time, warn);

    private void Write(ProcessPolicy policy)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("format"u8, Format);
            json.WriteNumber("version"u8, policy.Version);
            json.WriteString("changedUnixNano"u8, (policy.ChangedUnixNano ?? 0).ToString(CultureInfo.InvariantCulture));
            json.WriteString("hashKey"u8, Convert.ToHexStringLower(policy.HashKey));
            json.WritePropertyName("rules"u8);
            RulesWriter.Write(json, policy.Rules);
            json.WriteEndObject();
        }
        AtomicFile.Write(_files, _path, file => file.Append([output.WrittenMemory]));
    }

    private static ProcessPolicy Read(IFileSystem files, string path, bool redactsSensitive, TimeProvider time)
    {
        try
        {
            using var document = JsonDocument.Parse(ReadAll(files, path));
            var root = document.RootElement;
            var format = root.GetProperty("format").GetInt32();
            if (format != Format) throw new InvalidDataException($"its format is {format}, and this version reads {Format}");
            var problems = new List<RuleProblem>();
            if (RulesReader.Read(root.GetProperty("rules"), problems) is not { } rules) throw new InvalidDataException($"{problems[0].Path}: {problems[0].Message}");
            var changed = ulong.Parse(root.GetProperty("changedUnixNano").GetString() ?? "", CultureInfo.InvariantCulture);
            return new ProcessPolicy(rules, root.GetProperty("version").GetUInt32(), changed, Convert.FromHexString(root.GetProperty("hashKey").GetString() ?? ""), redactsSensitive, time);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or OverflowException or InvalidOperationException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"The rules of sampling and redaction in {path} cannot be read: {e.Message.TrimEnd('.')}. Mend the file, or move it away to start without rules.", e);
        }
    }

    private static byte[] ReadAll(IFileSystem files, string path)
    {
        using var file = files.OpenRead(path);
        if (file.Length > MaxFileBytes) throw new InvalidDataException($"it has {file.Length} bytes, which no rules have");
        var bytes = new byte[file.Length];
        file.ReadExactly(0, bytes);
        return bytes;
    }
}
