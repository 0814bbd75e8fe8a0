using System.Runtime.InteropServices;
using Throughline.Engine.Decode;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>
/// Decodes OTLP <c>ExportMetricsServiceRequest</c> messages (opentelemetry-proto 1.x, metrics.proto) into points of series: gauges, sums, histograms, exponential histograms and summaries. Exemplars
/// are left out. Not thread safe; reuse one per worker. Unknown fields are ignored, as protobuf asks.
/// </summary>
/// <param name="maxNesting">How deep attribute values may nest.</param>
/// <param name="isSensitive">Attributes whose values are replaced; null for none.</param>
/// <param name="redact">What is kept of the values of the others; null for all.</param>
public sealed class OtlpMetricDecoder(int maxNesting = OtlpTraceDecoder.DefaultMaxNesting, MetricKeyTest? isSensitive = null, MetricRedaction? redact = null)
{
    private readonly AttributeText _attributes = new(maxNesting, isSensitive, redact);
    private readonly SeriesKeys _keys = new();
    private readonly PointReader _points = new();
    private readonly PointRefusals _refusals = new();
    private MetricBatch _batch = new();

    /// <summary>Values that were replaced in the last request.</summary>
    public int RedactedValues => _attributes.RedactedValues;

    /// <summary>Appends the request's points to <paramref name="batch"/>, which must be empty. Points that cannot be are left out and counted. A malformed request leaves the batch empty.</summary>
    public DecodeResult Decode(ReadOnlySpan<byte> request, MetricBatch batch)
    {
        if (batch.RowCount != 0) throw new ArgumentException("The batch must be empty.", nameof(batch));
        _batch = batch;
        _attributes.Begin();
        _refusals.Begin();
        try
        {
            var reader = new WireReader(request);
            while (reader.HasMore)
            {
                var tag = reader.ReadTag();
                if (tag == 0x0A) ResourceMetrics(reader.ReadMessage());
                else reader.Skip(tag);
            }
        }
        catch (MalformedInputException e)
        {
            batch.Clear();
            var at = OtlpFieldPath.Locate(request, OtlpSchema.Request(SignalKind.Metrics), e.Offset);
            return new DecodeResult(DecodeStatus.Malformed, 0, 0, 0, $"{at} at byte {e.Offset}: {e.Message}");
        }
        return new DecodeResult(DecodeStatus.Decoded, batch.RowCount, _refusals.Count, _attributes.Mended, _refusals.Message);
    }

    private void ResourceMetrics(WireReader message)
    {
        // The resource may stand behind what it describes, so it is looked for first.
        var resource = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var first = message; first.HasMore;)
        {
            var tag = first.ReadTag();
            if (tag == 0x0A) Attributes(first.ReadMessage(), 0x0A, resource);
            else first.Skip(tag);
        }
        var service = resource.GetValueOrDefault("service.name");
        _keys.SetResource(service is { Length: > 0 } ? service : ResourceTable.UnknownService, resource);
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x12) ScopeMetrics(message.ReadMessage());
            else message.Skip(tag);
        }
    }

    private void Attributes(WireReader message, uint field, SortedDictionary<string, string> into)
    {
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == field) _attributes.Read(message.ReadMessage(), into);
            else message.Skip(tag);
        }
    }

    private void ScopeMetrics(WireReader message)
    {
        var scope = "";
        for (var first = message; first.HasMore;)
        {
            var tag = first.ReadTag();
            if (tag == 0x0A) scope = ScopeName(first.ReadMessage());
            else first.Skip(tag);
        }
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x12) Metric(message.ReadMessage(), scope);
            else message.Skip(tag);
        }
    }

    private string ScopeName(WireReader message)
    {
        var name = "";
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x0A) name = _attributes.Text(message.ReadBytes());
            else message.Skip(tag);
        }
        return name;
    }

    private void Metric(WireReader message, string scope)
    {
        var (name, description, unit) = ("", "", "");
        for (var first = message; first.HasMore;)
        {
            var tag = first.ReadTag();
            switch (tag)
            {
                case 0x0A: name = _attributes.Text(first.ReadBytes()); break;
                case 0x12: description = _attributes.Text(first.ReadBytes()); break;
                case 0x1A: unit = _attributes.Text(first.ReadBytes()); break;
                default: first.Skip(tag); break;
            }
        }
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            MetricKind? kind = tag switch
            {
                0x2A => MetricKind.Gauge,
                0x3A => MetricKind.Sum,
                0x4A => MetricKind.Histogram,
                0x52 => MetricKind.ExponentialHistogram,
                0x5A => MetricKind.Summary,
                _ => null,
            };
            if (kind is { } known) Data(message.ReadMessage(), known, name, unit, description, scope);
            else message.Skip(tag);
        }
    }

    private void Data(WireReader message, MetricKind kind, string name, string unit, string description, string scope)
    {
        ulong temporality = 0;
        var monotonic = false;
        for (var first = message; first.HasMore;)
        {
            var tag = first.ReadTag();
            if (tag == 0x10) temporality = first.ReadVarint();
            else if (tag == 0x18) monotonic = first.ReadVarint() != 0;
            else first.Skip(tag);
        }
        var hasTemporality = kind is MetricKind.Sum or MetricKind.Histogram or MetricKind.ExponentialHistogram;
        var traits = (hasTemporality && temporality == 1 ? MetricTraits.Delta : 0) | (kind == MetricKind.Sum && monotonic ? MetricTraits.Monotonic : 0);
        var problem = name.Length == 0 ? "of a metric without a name" : hasTemporality && temporality is not (1 or 2) ? "of a metric whose aggregation_temporality is neither delta nor cumulative" : null;
        _keys.SetMetric(name, unit, description, scope, kind, traits);
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x0A) Point(message.ReadMessage(), kind, problem);
            else message.Skip(tag);
        }
    }

    private void Point(WireReader message, MetricKind kind, string? problem)
    {
        _keys.Attributes.Clear();
        // NumberDataPoint and SummaryDataPoint have their attributes at 7, HistogramDataPoint at 9, ExponentialHistogramDataPoint at 1.
        Attributes(message, kind switch { MetricKind.Histogram => 0x4Au, MetricKind.ExponentialHistogram => 0x0Au, _ => 0x3Au }, _keys.Attributes);
        problem ??= _points.Read(message, kind);
        if (problem is null && _keys.TryWrite(out problem)) problem = Full();
        if (problem is not null) _refusals.Add(problem);
        else _batch.Add(_batch.Keys.GetOrAdd(_keys.Written), _points.TimeUnixNano, _points.StartUnixNano, _points.Value, _points.Distribution);
    }

    /// <summary>
    /// What of the batch is full for the point that was read. A point of a few bytes makes a key with all that its resource says: without a limit a request of some megabytes would become gigabytes.
    /// </summary>
    private string? Full()
    {
        if (_batch.Distributions.Count + _points.Distribution.Length > MetricBatch.MaxDistributionBytes) return $"whose buckets together are more than {MetricBatch.MaxDistributionBytes} bytes";
        return _batch.Keys.SizeBytes + _keys.Written.Length > MetricBatch.MaxKeyBytes && _batch.Keys.Find(_keys.Written) < 0
            ? $"of more series than fit into one request, whose names and attributes may be {MetricBatch.MaxKeyBytes} bytes together; send smaller requests"
            : null;
    }

    /// <summary>Why points were refused, each reason once with its count.</summary>
    private sealed class PointRefusals
    {
        private readonly Dictionary<string, int> _reasons = [];

        public int Count { get; private set; }

        public string Message => Count == 0 ? "" : $"{Count} {(Count == 1 ? "point was" : "points were")} refused: {string.Join(", ", _reasons.Select(static r => $"{r.Value} {r.Key}"))}";

        public void Begin()
        {
            Count = 0;
            _reasons.Clear();
        }

        public void Add(string reason)
        {
            Count++;
            CollectionsMarshal.GetValueRefOrAddDefault(_reasons, reason, out _)++;
        }
    }
}
