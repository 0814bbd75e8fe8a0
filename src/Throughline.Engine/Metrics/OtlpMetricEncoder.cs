using System.Buffers;
using System.Text;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>
/// Writes a batch as an OTLP <c>ExportMetricsServiceRequest</c> in protobuf (opentelemetry-proto 1.x), for who is to get what was stored of a request. What the store does not keep is not in it: exemplars,
/// attributes of scopes, whether an attribute's or a point's number was a whole one. Stateless.
/// </summary>
public static class OtlpMetricEncoder
{
    /// <summary>Writes all rows; runs of rows of one resource, scope and metric share their messages.</summary>
    public static void Encode(MetricBatch batch, IBufferWriter<byte> output)
    {
        using var writer = new WireWriter(256 + (batch.RowCount * 64));
        new Run(batch, writer).Write();
        output.Write(writer.Written);
    }

    private sealed class Run(MetricBatch batch, WireWriter writer)
    {
        private readonly MetricIdentity?[] _identities = new MetricIdentity?[batch.Keys.Count];

        public void Write()
        {
            for (var row = 0; row < batch.RowCount;) row = Resource(row);
        }

        private MetricIdentity Of(int row)
        {
            var series = batch.Series[row];
            return _identities[series] ??= MetricIdentity.Read(batch.Keys[series]);
        }

        private int Resource(int row)
        {
            var first = Of(row);
            var message = writer.Begin(0x0A);
            var resource = writer.Begin(0x0A);
            if (first.Service != ResourceTable.UnknownService) Attribute(0x0A, "service.name", first.Service);
            foreach (var (key, value) in first.Resource) Attribute(0x0A, key, value);
            writer.End(resource);
            while (row < batch.RowCount && Of(row) is var next && (ReferenceEquals(next, first) || (next.Service == first.Service && next.Resource.SequenceEqual(first.Resource)))) row = Scope(row, first);
            writer.End(message);
            return row;
        }

        private int Scope(int row, MetricIdentity resource)
        {
            var first = Of(row);
            var message = writer.Begin(0x12);
            var scope = writer.Begin(0x0A);
            if (first.Scope.Length > 0) Text(0x0A, first.Scope);
            writer.End(scope);
            while (row < batch.RowCount && Of(row) is var next && next.Scope == first.Scope && next.Service == resource.Service && next.Resource.SequenceEqual(resource.Resource)) row = Metric(row, resource);
            writer.End(message);
            return row;
        }

        private int Metric(int row, MetricIdentity resource)
        {
            var first = Of(row);
            var message = writer.Begin(0x12);
            Text(0x0A, first.Name);
            if (first.Description.Length > 0) Text(0x12, first.Description);
            if (first.Unit.Length > 0) Text(0x1A, first.Unit);
            var data = writer.Begin(first.Kind switch { MetricKind.Gauge => 0x2Au, MetricKind.Sum => 0x3Au, MetricKind.Histogram => 0x4Au, MetricKind.ExponentialHistogram => 0x52u, _ => 0x5Au });
            for (; row < batch.RowCount && IsOf(Of(row), first, resource); row++) Point(row);
            if (first.Kind is MetricKind.Sum or MetricKind.Histogram or MetricKind.ExponentialHistogram) writer.Varint(0x10, first.Traits.HasFlag(MetricTraits.Delta) ? 1ul : 2ul);
            if (first.Traits.HasFlag(MetricTraits.Monotonic)) writer.Varint(0x18, 1);
            writer.End(data);
            writer.End(message);
            return row;
        }

        private static bool IsOf(MetricIdentity next, MetricIdentity metric, MetricIdentity resource) => ReferenceEquals(next, metric)
            || (next.Name == metric.Name && next.Kind == metric.Kind && next.Traits == metric.Traits && next.Unit == metric.Unit && next.Description == metric.Description && next.Scope == metric.Scope
                && next.Service == resource.Service && next.Resource.SequenceEqual(resource.Resource));

        private void Point(int row)
        {
            var identity = Of(row);
            var point = writer.Begin(0x0A);
            var isEnd = BitConverter.DoubleToInt64Bits(batch.Value[row]) == BitConverter.DoubleToInt64Bits(PointReader.Stale);
            if (batch.Start[row] != 0) writer.Fixed64(0x11, batch.Start[row]);
            writer.Fixed64(0x19, batch.Time[row]);
            var attributes = identity.Kind switch { MetricKind.Histogram => 0x4Au, MetricKind.ExponentialHistogram => 0x0Au, _ => 0x3Au };
            foreach (var (key, value) in identity.Attributes) Attribute(attributes, key, value);
            if (!identity.HasDistributions && !isEnd) Number(0x21, batch.Value[row]);
            if (identity.HasDistributions) Buckets(Distribution.Read(batch.DistributionOf(row), identity.Kind), identity.Kind, isEnd ? 0 : (ulong)batch.Value[row]);
            if (isEnd) writer.Varint(identity.Kind is MetricKind.Histogram or MetricKind.ExponentialHistogram ? 0x50u : 0x40u, 1);
            writer.End(point);
        }

        private void Buckets(Distribution distribution, MetricKind kind, ulong count)
        {
            writer.Fixed64(0x21, count);
            if (!double.IsNaN(distribution.Sum)) Number(0x29, distribution.Sum);
            if (kind == MetricKind.Summary)
            {
                foreach (var (quantile, value) in distribution.Quantiles)
                {
                    var message = writer.Begin(0x32);
                    Number(0x09, quantile);
                    Number(0x11, value);
                    writer.End(message);
                }
                return;
            }
            var isExponential = kind == MetricKind.ExponentialHistogram;
            if (!double.IsNaN(distribution.Min)) Number(isExponential ? 0x61u : 0x59u, distribution.Min);
            if (!double.IsNaN(distribution.Max)) Number(isExponential ? 0x69u : 0x61u, distribution.Max);
            if (isExponential)
            {
                writer.Varint(0x30, ZigZag.Encode(distribution.Scale));
                writer.Fixed64(0x39, distribution.ZeroCount);
                if (distribution.ZeroThreshold != 0) Number(0x71, distribution.ZeroThreshold);
                Powers(0x42, distribution.PositiveOffset, distribution.Counts);
                Powers(0x4A, distribution.NegativeOffset, distribution.NegativeCounts);
                return;
            }
            var counts = writer.Begin(0x32);
            foreach (var one in distribution.Counts) System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(writer.Allocate(8), one);
            writer.End(counts);
            var bounds = writer.Begin(0x3A);
            foreach (var bound in distribution.Bounds) System.Buffers.Binary.BinaryPrimitives.WriteDoubleLittleEndian(writer.Allocate(8), bound);
            writer.End(bounds);
        }

        private void Powers(uint tag, int offset, ulong[] counts)
        {
            if (counts.Length == 0) return;
            var message = writer.Begin(tag);
            writer.Varint(0x08, ZigZag.Encode(offset));
            var packed = writer.Begin(0x12);
            foreach (var count in counts) writer.Varint(count);
            writer.End(packed);
            writer.End(message);
        }

        private void Attribute(uint tag, string key, string value)
        {
            var pair = writer.Begin(tag);
            Text(0x0A, key);
            var any = writer.Begin(0x12);
            Text(0x0A, value);
            writer.End(any);
            writer.End(pair);
        }

        private void Number(uint tag, double value) => writer.Fixed64(tag, (ulong)BitConverter.DoubleToInt64Bits(value));

        private void Text(uint tag, string text) => writer.Bytes(tag, Encoding.UTF8.GetBytes(text));
    }
}
