using Throughline.Benchmarks.Logs;

namespace Throughline.Benchmarks.Metrics;

/// <summary>
/// What services with OpenTelemetry's SDK report every ten seconds: gauges that wander, sums that grow, histograms of 14 buckets, all cumulative; the same for each seed. A request has the points of some
/// instances, as a collector joins them. Not thread safe.
/// </summary>
internal sealed class MetricWorkload(int seed)
{
    /// <summary>When the first points are.</summary>
    public const ulong Start = 1_795_219_200_000_000_000;

    /// <summary>Nanoseconds between two points of a series.</summary>
    public const ulong Every = 10_000_000_000;

    /// <summary>Services; each has some instances.</summary>
    public const int Services = 20;

    private const int Instances = 5;
    private const int InstancesOfRequest = 10;
    private static readonly double[] s_bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    private static readonly string[] s_routes = ["/api/events", "/api/images", "/api/cameras", "/health"];

    private readonly Instance[] _instances = [.. Enumerable.Range(0, Services * Instances).Select(i => new Instance(i / Instances, i % Instances, new Random(seed + i)))];
    private readonly ProtoBytes _request = new();
    private ulong _round;

    /// <summary>The time of the last points, and the nanosecond behind it.</summary>
    public ulong End => Start + (_round * Every) + 1;

    /// <summary>Appends the requests of the next ten seconds; answers how many points they have.</summary>
    public int Next(List<byte[]> requests)
    {
        _round++;
        var points = 0;
        for (var first = 0; first < _instances.Length; first += InstancesOfRequest)
        {
            _request.Clear();
            for (var i = first; i < first + InstancesOfRequest; i++) points += _instances[i].Write(_request, Start + (_round * Every));
            requests.Add(_request.ToArray());
        }
        return points;
    }

    /// <summary>The name of a service.</summary>
    public static string ServiceName(int service) => $"service-{service:D2}";

    private sealed class Instance
    {
        private readonly Random _random;
        private readonly ProtoBytes _resource = new();
        private readonly ProtoBytes _resourceMetrics = new(), _scopeMetrics = new(), _metric = new(), _data = new(), _point = new(), _pair = new(), _value = new();
        private readonly double[] _cpu = new double[2];
        private readonly long[] _requests = new long[s_routes.Length * 3];
        private readonly ulong[][] _buckets = [.. s_routes.Select(_ => new ulong[s_bounds.Length + 1])];
        private readonly double[] _sums = new double[s_routes.Length];
        private readonly double[] _levels = [0.4, 0.7, 3, 5, 12];
        private readonly ulong _jitter;
        private int _points;

        public Instance(int service, int instance, Random random)
        {
            _random = random;
            _jitter = (ulong)random.NextInt64(5_000_000_000);
            foreach (var (key, text) in new[]
            {
                ("service.name", ServiceName(service)), ("service.instance.id", new Guid(service, (short)instance, 7, 1, 2, 3, 4, 5, 6, 7, 8).ToString()), ("service.version", "1.4.2"), ("host.name", $"node-{(service + instance) % 12}"),
                ("telemetry.sdk.name", "opentelemetry"), ("telemetry.sdk.language", "dotnet"), ("telemetry.sdk.version", "1.14.0"), ("k8s.pod.name", $"{ServiceName(service)}-7d9f{instance:x4}"),
            }) Attribute(_resource, 1, key, text);
        }

        /// <summary>Appends a ResourceMetrics; answers how many points it has.</summary>
        public int Write(ProtoBytes request, ulong time)
        {
            _points = 0;
            _scopeMetrics.Clear();
            // Instruments of one reader are read within a millisecond.
            time += _jitter + (ulong)_random.NextInt64(1_000_000);
            Gauge("hw.gpu.utilization", "1", time, ("hw.id", "GPU-0"), Math.Round(Wander(0, 0, 1), 2));
            Gauge("hw.gpu.memory.usage", "By", time, ("hw.id", "GPU-0"), Math.Round(Wander(1, 0, 1) * 24_576) * 1_048_576);
            foreach (var (queue, level) in new[] { ("detect", 2), ("analyze", 3), ("save", 4) }) Gauge("pipeline.queue.depth", "{item}", time, ("queue.name", queue), Math.Round(Wander(level, 0, 40)));
            Begin("process.cpu.time", "s");
            foreach (var (mode, i) in new[] { ("user", 0), ("system", 1) }) Number(time, ("cpu.mode", mode), null, _cpu[i] += Math.Round(_random.NextDouble() * 8, 4));
            End(7, true);
            Begin("http.server.request.count", "{request}");
            for (var i = 0; i < _requests.Length; i++) Number(time, ("http.route", s_routes[i / 3]), ("http.response.status_code", i % 3 == 0 ? "200" : i % 3 == 1 ? "404" : "500"), _requests[i] += i % 3 == 0 ? _random.Next(200) : _random.Next(30) / 29);
            End(7, true);
            Begin("http.server.request.duration", "s");
            for (var route = 0; route < s_routes.Length; route++) Histogram(time, route);
            End(9, false);
            _resourceMetrics.Clear();
            _resourceMetrics.Message(1, _resource);
            _resourceMetrics.Message(2, _scopeMetrics);
            request.Message(1, _resourceMetrics);
            return _points;
        }

        private double Wander(int level, double least, double most) => _levels[level] = Math.Clamp(_levels[level] + ((_random.NextDouble() - 0.5) * (most - least) / 10), least, most);

        private void Gauge(string name, string unit, ulong time, (string, string) attribute, double value)
        {
            Begin(name, unit);
            Number(time, attribute, null, value);
            End(5, null);
        }

        private void Begin(string name, string unit)
        {
            _metric.Clear();
            _metric.Text(1, name);
            _metric.Text(3, unit);
            _data.Clear();
        }

        private void End(int kind, bool? isMonotonic)
        {
            if (isMonotonic is not null) _data.Varint(2, 2);
            if (isMonotonic == true) _data.Varint(3, 1);
            _metric.Message(kind, _data);
            _scopeMetrics.Message(2, _metric);
        }

        private void Number(ulong time, (string Key, string Text) attribute, (string Key, string Text)? other, double value)
        {
            _point.Clear();
            Attribute(_point, 7, attribute.Key, attribute.Text);
            if (other is { } second) Attribute(_point, 7, second.Key, second.Text);
            _point.Fixed64(2, Start);
            _point.Fixed64(3, time);
            _point.Fixed64(4, (ulong)BitConverter.DoubleToInt64Bits(value));
            _data.Message(1, _point);
            _points++;
        }

        private void Histogram(ulong time, int route)
        {
            var buckets = _buckets[route];
            for (var i = _random.Next(60); i > 0; i--)
            {
                var seconds = Math.Pow(_random.NextDouble(), 4) * 3;
                var bucket = Array.FindIndex(s_bounds, b => seconds <= b);
                buckets[bucket < 0 ? s_bounds.Length : bucket]++;
                _sums[route] += seconds;
            }
            _point.Clear();
            Attribute(_point, 9, "http.route", s_routes[route]);
            _point.Fixed64(2, Start);
            _point.Fixed64(3, time);
            _point.Fixed64(4, (ulong)buckets.Sum(b => (long)b));
            _point.Fixed64(5, (ulong)BitConverter.DoubleToInt64Bits(_sums[route]));
            Packed(6, buckets);
            Packed(7, s_bounds.Select(b => (ulong)BitConverter.DoubleToInt64Bits(b)));
            _data.Message(1, _point);
            _points++;
        }

        private void Packed(int field, IEnumerable<ulong> numbers)
        {
            var bytes = numbers.SelectMany(BitConverter.GetBytes).ToArray();
            _point.Bytes(field, bytes);
        }

        private void Attribute(ProtoBytes into, int field, string key, string text)
        {
            _value.Clear();
            _value.Text(1, text);
            _pair.Clear();
            _pair.Text(1, key);
            _pair.Message(2, _value);
            into.Message(field, _pair);
        }
    }
}
