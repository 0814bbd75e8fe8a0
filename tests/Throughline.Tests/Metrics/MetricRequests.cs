using Google.Protobuf;
using Throughline.Tests.Protos;

namespace Throughline.Tests.Metrics;

/// <summary>Makes export requests of metrics for tests, by classes that protoc made of OTLP's schema.</summary>
internal static class MetricRequests
{
    internal const ulong Base = 1_795_219_200_000_000_000;
    internal const ulong Second = 1_000_000_000;

    internal static byte[] Bytes(string service, params Metric[] metrics) => Request(service, metrics).ToByteArray();

    internal static ExportMetricsServiceRequest Request(string service, params Metric[] metrics)
    {
        var scope = new ScopeMetrics { Scope = new InstrumentationScope { Name = "meter" } };
        scope.Metrics.AddRange(metrics);
        var resource = new ResourceMetrics { Resource = new Resource() };
        resource.Resource.Attributes.Add(Attribute("service.name", service));
        resource.Resource.Attributes.Add(Attribute("service.instance.id", "i1"));
        resource.ScopeMetrics.Add(scope);
        return new ExportMetricsServiceRequest { ResourceMetrics = { resource } };
    }

    internal static KeyValue Attribute(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    internal static Metric Gauge(string name, params NumberDataPoint[] points)
    {
        var metric = new Metric { Name = name, Unit = "1", Description = "A gauge.", Gauge = new Gauge() };
        metric.Gauge.DataPoints.AddRange(points);
        return metric;
    }

    internal static Metric Sum(string name, bool delta, bool monotonic, params NumberDataPoint[] points)
    {
        var metric = new Metric { Name = name, Sum = new Sum { AggregationTemporality = delta ? 1 : 2, IsMonotonic = monotonic } };
        metric.Sum.DataPoints.AddRange(points);
        return metric;
    }

    internal static Metric Histogram(string name, bool delta, params HistogramDataPoint[] points)
    {
        var metric = new Metric { Name = name, Unit = "s", Histogram = new Histogram { AggregationTemporality = delta ? 1 : 2 } };
        metric.Histogram.DataPoints.AddRange(points);
        return metric;
    }

    /// <summary>A point at a second, with an attribute <c>k</c> where one is given.</summary>
    internal static NumberDataPoint Point(double value, double second, string? k = null, double start = 0)
    {
        var point = new NumberDataPoint { AsDouble = value, TimeUnixNano = At(second), StartTimeUnixNano = start == 0 ? 0 : At(start) };
        if (k is not null) point.Attributes.Add(Attribute("k", k));
        return point;
    }

    internal static HistogramDataPoint Buckets(double second, double[] bounds, ulong[] counts, double sum = 0, double start = 0)
    {
        var point = new HistogramDataPoint { TimeUnixNano = At(second), StartTimeUnixNano = start == 0 ? 0 : At(start), Count = (ulong)counts.Sum(c => (long)c), Sum = sum };
        point.ExplicitBounds.AddRange(bounds);
        point.BucketCounts.AddRange(counts);
        return point;
    }

    internal static ulong At(double second) => Base + (ulong)(second * Second);
}
