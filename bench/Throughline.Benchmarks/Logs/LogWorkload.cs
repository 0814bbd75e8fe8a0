using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Throughline.Benchmarks.Logs;

/// <summary>
/// Deterministic requests of log records as SDKs of 30 pods of 12 services send them, 512 at most at a time: lines of traces, which share ids (about ten a trace, three a span) and come interleaved
/// at 10,000 lines a second, and lines that belong to none.
/// </summary>
internal sealed class LogWorkload
{
    private const ulong Begin = 1_795_219_200_000_000_000;
    private const int Pods = 30;
    private const int TracesASecond = 900;
    private const int LinesATrace = 10;
    private const int BatchLines = 512;

    private readonly Random _random;
    private readonly ProtoBytes[] _records = new ProtoBytes[Pods];
    private readonly int[] _pending = new int[Pods];
    private readonly string[] _instances;
    private readonly int[] _weights;
    private readonly ProtoBytes _record = new();
    private readonly ProtoBytes _inner = new();
    private readonly ProtoBytes _value = new();
    private readonly ProtoBytes _request = new();
    private ulong _second;
    private long _offset = 48_000_000;
    private List<Line> _lines = [];

    private readonly record struct Line(ulong At, int Pod, int Statement, ulong TraceHigh, ulong TraceLow, ulong Span);

    public LogWorkload(int seed)
    {
        _random = new Random(seed);
        _instances = [.. Enumerable.Range(0, Pods).Select(_ => new Guid(Bytes(16)).ToString())];
        _weights = [.. LogStatements.All.Select(s => s.Weight)];
        for (var i = 0; i < Pods; i++) _records[i] = new ProtoBytes();
    }

    /// <summary>Traces of some lines that were made so far, and when they were logged.</summary>
    public List<(ulong High, ulong Low, ulong Span, ulong At)> Samples { get; } = [];

    /// <summary>The service of a pod.</summary>
    public static string ServiceOf(int pod) => LogStatements.Services[pod % LogStatements.Services.Length];

    /// <summary>Requests with at least so many lines; answers how many.</summary>
    public int Next(int lines, List<byte[]> requests)
    {
        requests.Clear();
        var made = 0;
        while (made < lines) made += Second(requests);
        return made;
    }

    private int Second(List<byte[]> requests)
    {
        var start = Begin + _second * 1_000_000_000;
        for (var i = 0; i < TracesASecond; i++) Trace(start + (ulong)_random.NextInt64(1_000_000_000));
        for (var i = 0; i < TracesASecond; i++)
        {
            var statement = LogStatements.All.Length - 3 + _random.Next(3);
            _lines.Add(new Line(start + (ulong)_random.NextInt64(1_000_000_000), _random.Next(Pods), statement, 0, 0, 0));
        }
        var end = start + 1_000_000_000;
        _lines.Sort(static (a, b) => a.At.CompareTo(b.At));
        var later = new List<Line>();
        var made = 0;
        foreach (var line in _lines)
        {
            if (line.At >= end)
            {
                later.Add(line);
                continue;
            }
            Record(line);
            made++;
            if (++_pending[line.Pod] == BatchLines) Send(line.Pod, requests);
        }
        // SDKs send at least once a second.
        for (var pod = 0; pod < Pods; pod++) Send(pod, requests);
        _lines = later;
        _second++;
        return made;
    }

    private void Trace(ulong at)
    {
        var (high, low) = ((ulong)_random.NextInt64(), (ulong)_random.NextInt64());
        var (span, pod) = ((ulong)_random.NextInt64(), _random.Next(Pods));
        if (_random.Next(2000) == 0) Samples.Add((high, low, span, at));
        var lines = LinesATrace / 2 + _random.Next(LinesATrace + 1);
        for (var i = 0; i < lines; i++)
        {
            if (i > 0 && _random.Next(3) == 0) (span, pod) = ((ulong)_random.NextInt64(), _random.Next(Pods));
            at += (ulong)_random.NextInt64(1, 250_000_000);
            _lines.Add(new Line(at, pod, Pick(), high, low, span));
        }
    }

    private int Pick()
    {
        while (true)
        {
            var statement = _random.Next(_weights.Length - 3);
            if (_random.Next(60) < _weights[statement]) return statement;
        }
    }

    private void Record(in Line line)
    {
        var statement = LogStatements.All[line.Statement];
        // .NET has ticks of 100 ns, Python microseconds, Go nanoseconds.
        var unit = (line.Pod % 3) switch { 0 => 100ul, 1 => 1000ul, _ => 1ul };
        var at = line.At / unit * unit;
        _record.Clear();
        _record.Fixed64(1, at);
        _record.Varint(2, (ulong)statement.Severity);
        _record.Text(3, statement.Severity switch { 5 => "Debug", 9 => "Information", 13 => "Warning", _ => "Error" });
        _value.Clear();
        _value.Text(1, Body(statement.Text, line.Pod));
        _record.Message(5, _value);
        Attribute("code.function.name", $"{ServiceOf(line.Pod)}.Handlers.Statement{line.Statement}", null);
        Attribute("thread.id", null, 1 + _random.Next(24));
        foreach (var key in statement.Attributes) Attribute(key);
        _record.Fixed32(8, line.Span == 0 ? 0u : 1u);
        if (line.Span != 0)
        {
            Span<byte> id = stackalloc byte[16];
            BinaryPrimitives.WriteUInt64BigEndian(id, line.TraceHigh);
            BinaryPrimitives.WriteUInt64BigEndian(id[8..], line.TraceLow);
            _record.Bytes(9, id);
            BinaryPrimitives.WriteUInt64BigEndian(id, line.Span);
            _record.Bytes(10, id[..8]);
        }
        _record.Fixed64(11, line.Pod % 3 == 0 ? at : at + (ulong)_random.Next(2_000, 60_000));
        _records[line.Pod].Message(2, _record);
    }

    private string Body(string text, int pod)
    {
        var body = new StringBuilder(160);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '{')
            {
                body.Append(text[i]);
                continue;
            }
            var end = text.IndexOf('}', i);
            Append(body, text.AsSpan(i + 1, end - i - 1), pod);
            i = end;
        }
        return body.ToString();
    }

    private void Append(StringBuilder body, ReadOnlySpan<char> what, int pod)
    {
        var invariant = CultureInfo.InvariantCulture;
        _ = what switch
        {
            "n" => body.Append(invariant, $"{Skewed(1000)}"),
            "ms" => body.Append(invariant, $"{Skewed(2_000_000) / 1000.0:0.####}"),
            "hex" => body.Append(invariant, $"{_random.NextInt64():x16}"),
            "uuid" => body.Append(new Guid(Bytes(16)).ToString()),
            "cam" => body.Append(Camera()),
            "user" => body.Append(User()),
            "ip" => body.Append(invariant, $"10.{_random.Next(4)}.{_random.Next(256)}.{_random.Next(1, 255)}"),
            "bytes" => body.Append(invariant, $"{Skewed(4_000_000)}"),
            "f" => body.Append(invariant, $"{_random.Next(1000) / 1000.0:0.000}"),
            "path" => body.Append(LogStatements.Paths[_random.Next(LogStatements.Paths.Length)]),
            "batch" => body.Append(invariant, $"batch-{_second / 10:D6}-{_random.Next(40)}"),
            "host" => body.Append(ServiceOf(pod + 1)),
            "offset" => body.Append(invariant, $"{_offset++}"),
            _ => body.Append(LogStatements.Words[_random.Next(LogStatements.Words.Length)]),
        };
    }

    /// <summary>Small numbers are commoner than large ones.</summary>
    private long Skewed(int most) => (long)(most * Math.Pow(_random.NextDouble(), 3));

    private string Camera() => string.Create(CultureInfo.InvariantCulture, $"{(_random.Next(4) switch { 0 => "front_door", 1 => "garage", 2 => "yard", _ => "hall" })}_{_random.Next(12)}");

    private string User() => string.Create(CultureInfo.InvariantCulture, $"{LogStatements.Words[_random.Next(12)][..4].Trim()}{Skewed(5000)}");

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private void Attribute(string key)
    {
        switch (key)
        {
            case "http.request.method": Attribute(key, "POST", null); break;
            case "url.path": Attribute(key, LogStatements.Paths[_random.Next(LogStatements.Paths.Length)], null); break;
            case "http.response.status_code": Attribute(key, null, _random.Next(50) == 0 ? 503 : 200); break;
            case "ConnectionId": Attribute(key, string.Create(CultureInfo.InvariantCulture, $"0HN{_second / 30:X5}{_random.Next(400):X4}"), null); break;
            case "RequestId": Attribute(key, string.Create(CultureInfo.InvariantCulture, $"0HN{_second / 30:X5}{_random.Next(400):X4}:{_random.Next(60):X8}"), null); break;
            case "camera.name": Attribute(key, Camera(), null); break;
            case "user.id": Attribute(key, User(), null); break;
            case "model.name": Attribute(key, "yolo26m", null); break;
            case "db.system": Attribute(key, "postgresql", null); break;
            case "cache.name": Attribute(key, "sessions", null); break;
            case "thread.name": Attribute(key, string.Create(CultureInfo.InvariantCulture, $"worker-{_random.Next(16)}"), null); break;
            case "batch.id": Attribute(key, string.Create(CultureInfo.InvariantCulture, $"batch-{_second / 10:D6}-{_random.Next(40)}"), null); break;
            case "network.peer.address": Attribute(key, string.Create(CultureInfo.InvariantCulture, $"10.{_random.Next(4)}.{_random.Next(256)}.{_random.Next(1, 255)}"), null); break;
            case "exception.type": Attribute(key, _random.Next(3) switch { 0 => "System.TimeoutException", 1 => "System.IO.IOException", _ => "System.InvalidOperationException" }, null); break;
            case "exception.message": Attribute(key, LogStatements.Words[_random.Next(12)], null); break;
            case "exception.stacktrace": Attribute(key, Stack(_random.Next(40)), null); break;
            default: Attribute(key, null, Skewed(5000)); break;
        }
    }

    private static string Stack(int which)
    {
        var text = new StringBuilder("System.InvalidOperationException: Operation is not valid\n");
        for (var i = 0; i < 14; i++) text.Append(CultureInfo.InvariantCulture, $"   at Pipeline.Stage{(which * 7 + i) % 23}.Handle{i}(Request request, CancellationToken token) in /src/Pipeline/Stage{(which * 7 + i) % 23}.cs:line {which * 3 + i * 17}\n");
        return text.ToString();
    }

    private void Attribute(string key, string? text, long? number)
    {
        _value.Clear();
        if (text is not null) _value.Text(1, text);
        else _value.Varint(3, (ulong)number.GetValueOrDefault());
        _inner.Clear();
        _inner.Text(1, key);
        _inner.Message(2, _value);
        _record.Message(6, _inner);
    }

    private void Send(int pod, List<byte[]> requests)
    {
        if (_pending[pod] == 0) return;
        var resource = new ProtoBytes();
        foreach (var (key, value) in new (string, string)[]
        {
            ("service.name", ServiceOf(pod)), ("service.namespace", "security"), ("service.instance.id", _instances[pod]), ("host.name", $"node-{pod % 5}"), ("k8s.pod.name", $"{ServiceOf(pod)}-{_instances[pod][..8]}"),
            ("telemetry.sdk.name", "opentelemetry"), ("telemetry.sdk.version", "1.12.0"), ("deployment.environment.name", "production"),
        })
        {
            _value.Clear();
            _value.Text(1, value);
            _inner.Clear();
            _inner.Text(1, key);
            _inner.Message(2, _value);
            resource.Message(1, _inner);
        }
        var scope = new ProtoBytes();
        scope.Text(1, $"{ServiceOf(pod)}.Handlers");
        var scopeLogs = new ProtoBytes();
        scopeLogs.Message(1, scope);
        scopeLogs.Raw(_records[pod]);
        var resourceLogs = new ProtoBytes();
        resourceLogs.Message(1, resource);
        resourceLogs.Message(2, scopeLogs);
        _request.Clear();
        _request.Message(1, resourceLogs);
        requests.Add(_request.ToArray());
        _records[pod].Clear();
        _pending[pod] = 0;
    }
}
