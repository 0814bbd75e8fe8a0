using System.Buffers;
using System.Globalization;
using System.Text;
using Throughline.Server.SelfTelemetry;

namespace Throughline.Server.Api.Prometheus;

/// <summary>
/// Writes metric families in Prometheus' text format 0.0.4 or in OpenMetrics 1.0, which differ in how counters are named, in exemplars and in the end. One request's; not thread safe.
/// </summary>
internal sealed class ExpositionWriter(IBufferWriter<byte> output, bool isOpenMetrics)
{
    private readonly StringBuilder _line = new();
    private string _family = "";

    /// <summary>Begins a family of counters; samples follow. The name goes without <c>_total</c>.</summary>
    internal void Counters(string name, string help) => Begin(name, isOpenMetrics ? name : name + "_total", "counter", help, name + "_total");

    /// <summary>Begins a family of gauges.</summary>
    internal void Gauges(string name, string help) => Begin(name, name, "gauge", help, name);

    /// <summary>Begins a family of histograms of seconds.</summary>
    internal void Histograms(string name, string help) => Begin(name, name, "histogram", help, name);

    /// <summary>One sample of the family that was begun last.</summary>
    internal void Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        Name("", labels, null);
        Number(value);
        EndLine();
    }

    /// <summary>A family of one gauge without labels.</summary>
    internal void Gauge(string name, string help, double value)
    {
        Gauges(name, help);
        Sample(value);
    }

    /// <summary>A family of one counter without labels.</summary>
    internal void Counter(string name, string help, double value)
    {
        Counters(name, help);
        Sample(value);
    }

    /// <summary>One histogram of the family that was begun last; each thing is counted once in <paramref name="counts"/>, the writer adds them up.</summary>
    internal void Histogram(ReadOnlySpan<long> counts, double sum, ReadOnlySpan<RedExemplar?> exemplars, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var total = 0L;
        for (var bucket = 0; bucket < counts.Length; bucket++)
        {
            total += counts[bucket];
            Name("_bucket", labels, RedBuckets.UpperSeconds(bucket));
            Number(total);
            if (isOpenMetrics && bucket < exemplars.Length && exemplars[bucket] is { } exemplar) Exemplar(exemplar);
            EndLine();
        }
        Name("_sum", labels, null);
        Number(sum);
        EndLine();
        Name("_count", labels, null);
        Number(total);
        EndLine();
    }

    /// <summary>Ends the answer.</summary>
    internal void End()
    {
        if (isOpenMetrics) output.Write("# EOF\n"u8);
    }

    private void Begin(string name, string declared, string type, string help, string family)
    {
        _family = family;
        // OpenMetrics knows units; a name ends with its own.
        var unit = name.EndsWith("_seconds", StringComparison.Ordinal) ? "seconds" : name.EndsWith("_bytes", StringComparison.Ordinal) ? "bytes" : null;
        _line.Append("# TYPE ").Append(declared).Append(' ').Append(type).Append('\n');
        if (isOpenMetrics && unit is not null) _line.Append("# UNIT ").Append(declared).Append(' ').Append(unit).Append('\n');
        _line.Append("# HELP ").Append(declared).Append(' ');
        Escape(help, isOpenMetrics);
        EndLine();
    }

    private void Name(string suffix, ReadOnlySpan<(string Name, string Value)> labels, double? upper)
    {
        _line.Append(_family).Append(suffix);
        var mark = '{';
        foreach (var (name, value) in labels)
        {
            _line.Append(mark).Append(name).Append("=\"");
            Escape(value, true);
            _line.Append('"');
            mark = ',';
        }
        if (upper is { } bound)
        {
            _line.Append(mark).Append("le=\"");
            Number(bound);
            _line.Append('"');
            mark = ',';
        }
        _line.Append(mark == ',' ? "} " : " ");
    }

    private void Exemplar(RedExemplar exemplar)
    {
        _line.Append(" # {trace_id=\"").Append(exemplar.TraceId.ToString()).Append("\",span_id=\"").Append(exemplar.SpanId.ToString("x16", CultureInfo.InvariantCulture)).Append("\"} ");
        Number(exemplar.Seconds);
        _line.Append(CultureInfo.InvariantCulture, $" {exemplar.UnixNano / 1_000_000_000}.{exemplar.UnixNano / 1_000_000 % 1000:000}");
    }

    private void Number(double value)
    {
        if (double.IsPositiveInfinity(value)) _line.Append("+Inf");
        else if (double.IsNegativeInfinity(value)) _line.Append("-Inf");
        else _line.Append(value.ToString("R", CultureInfo.InvariantCulture));
    }

    private void Escape(string text, bool quotes)
    {
        foreach (var c in text)
        {
            switch (c)
            {
                case '\\': _line.Append("\\\\"); break;
                case '\n': _line.Append("\\n"); break;
                case '"' when quotes: _line.Append("\\\""); break;
                default: _line.Append(c); break;
            }
        }
    }

    private void EndLine()
    {
        _line.Append('\n');
        foreach (var chunk in _line.GetChunks()) Encoding.UTF8.GetBytes(chunk.Span, output);
        _line.Clear();
    }
}
