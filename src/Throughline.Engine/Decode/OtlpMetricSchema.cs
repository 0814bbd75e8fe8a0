using static Throughline.Engine.Decode.OtlpSchema;

namespace Throughline.Engine.Decode;

/// <summary>The messages of an ExportMetricsServiceRequest (opentelemetry-proto 1.x, metrics.proto), without exemplars, which are not read.</summary>
internal static class OtlpMetricSchema
{
    /// <summary>ExportMetricsServiceRequest.</summary>
    public static readonly OtlpMessage Request = Build();

    private static OtlpMessage Build()
    {
        string[] temporalities = ["AGGREGATION_TEMPORALITY_UNSPECIFIED", "AGGREGATION_TEMPORALITY_DELTA", "AGGREGATION_TEMPORALITY_CUMULATIVE"];
        var temporality = new OtlpField(2, "aggregation_temporality", OtlpFieldType.Enum, names: temporalities);
        var (start, time) = (new OtlpField(2, "start_time_unix_nano", OtlpFieldType.Fixed64), new OtlpField(3, "time_unix_nano", OtlpFieldType.Fixed64));
        var (count, sum) = (new OtlpField(4, "count", OtlpFieldType.Fixed64), new OtlpField(5, "sum", OtlpFieldType.Double));
        var number = Message("NumberDataPoint", Attributes(7), start, time, new(4, "as_double", OtlpFieldType.Double), new(6, "as_int", OtlpFieldType.SFixed64), new(8, "flags", OtlpFieldType.UInt32));
        var histogram = Message("HistogramDataPoint", Attributes(9), start, time, count, sum, new(6, "bucket_counts", OtlpFieldType.Fixed64, repeated: true),
            new(7, "explicit_bounds", OtlpFieldType.Double, repeated: true), new(10, "flags", OtlpFieldType.UInt32), new(11, "min", OtlpFieldType.Double), new(12, "max", OtlpFieldType.Double));
        var buckets = Message("Buckets", new(1, "offset", OtlpFieldType.SInt32), new(2, "bucket_counts", OtlpFieldType.UInt64, repeated: true));
        var exponential = Message("ExponentialHistogramDataPoint", Attributes(1), start, time, count, sum, new(6, "scale", OtlpFieldType.SInt32), new(7, "zero_count", OtlpFieldType.Fixed64),
            new(8, "positive", OtlpFieldType.Message, buckets), new(9, "negative", OtlpFieldType.Message, buckets), new(10, "flags", OtlpFieldType.UInt32), new(12, "min", OtlpFieldType.Double),
            new(13, "max", OtlpFieldType.Double), new(14, "zero_threshold", OtlpFieldType.Double));
        var quantile = Message("ValueAtQuantile", new(1, "quantile", OtlpFieldType.Double), new(2, "value", OtlpFieldType.Double));
        var summary = Message("SummaryDataPoint", Attributes(7), start, time, count, sum, new(6, "quantile_values", OtlpFieldType.Message, quantile, true), new(8, "flags", OtlpFieldType.UInt32));
        var metric = Message("Metric", new(1, "name", OtlpFieldType.Text), new(2, "description", OtlpFieldType.Text), new(3, "unit", OtlpFieldType.Text),
            new(5, "gauge", OtlpFieldType.Message, Message("Gauge", Points(number))),
            new(7, "sum", OtlpFieldType.Message, Message("Sum", Points(number), temporality, new(3, "is_monotonic", OtlpFieldType.Bool))),
            new(9, "histogram", OtlpFieldType.Message, Message("Histogram", Points(histogram), temporality)),
            new(10, "exponential_histogram", OtlpFieldType.Message, Message("ExponentialHistogram", Points(exponential), temporality)),
            new(11, "summary", OtlpFieldType.Message, Message("Summary", Points(summary))));
        return Export("ExportMetricsServiceRequest", "metrics", new(2, "metrics", OtlpFieldType.Message, metric, true));

        static OtlpField Points(OtlpMessage point) => new(1, "data_points", OtlpFieldType.Message, point, true);
    }
}
