using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>Reads one data point of OTLP, without its attributes. What it read stands in its properties until the next. Not thread safe.</summary>
internal sealed class PointReader
{
    /// <summary>Buckets or quantiles that one point may have; senders have at most a few hundred.</summary>
    private const int MaxBuckets = 4096;

    /// <summary>Scales at which bounds of exponential histograms can be told from each other as doubles.</summary>
    private const int MostScale = 20, LeastScale = -11;

    /// <summary>Prometheus' own mark of a series that has ended, which OTLP says by a flag.</summary>
    internal static readonly double Stale = BitConverter.Int64BitsToDouble(0x7FF0000000000002);

    private readonly WireWriter _distribution = new(256);
    private readonly List<double> _bounds = [];
    private readonly List<ulong> _counts = [];
    private readonly List<ulong> _negative = [];
    private readonly List<(double, double)> _quantiles = [];
    private ulong _time, _start, _flags, _count, _zeroes;
    private double _value, _sum, _min, _max, _threshold;
    private bool _hasValue;
    private int _scale, _positiveOffset, _negativeOffset;

    public ulong TimeUnixNano => _time;

    public ulong StartUnixNano => _start;

    public double Value => _value;

    public ReadOnlySpan<byte> Distribution => _distribution.Written;

    /// <summary>Reads a point; answers what is wrong with it, as words behind "1 point", or null.</summary>
    public string? Read(WireReader message, MetricKind kind)
    {
        Clear();
        switch (kind)
        {
            case MetricKind.Gauge or MetricKind.Sum: Number(message); break;
            case MetricKind.Histogram: Histogram(message); break;
            case MetricKind.ExponentialHistogram: Exponential(message); break;
            default: Summary(message); break;
        }
        if (_time == 0) return "without a time";
        if ((_flags & 1) != 0) _value = Stale;
        else if (kind is MetricKind.Gauge or MetricKind.Sum) return _hasValue ? null : "without a value";
        else _value = _count;
        if (kind is MetricKind.Gauge or MetricKind.Sum) return null;
        if (Wrong(kind) is { } problem) return problem;
        Write(kind);
        return null;
    }

    private void Clear()
    {
        (_time, _start, _flags, _count, _zeroes) = (0, 0, 0, 0, 0);
        (_value, _sum, _min, _max, _threshold) = (0, double.NaN, double.NaN, double.NaN, 0);
        (_hasValue, _scale, _positiveOffset, _negativeOffset) = (false, 0, 0, 0);
        _bounds.Clear();
        _counts.Clear();
        _negative.Clear();
        _quantiles.Clear();
        _distribution.TakeBack(_distribution.Written.Length);
    }

    private string? Wrong(MetricKind kind)
    {
        if (_bounds.Count > MaxBuckets || _counts.Count > MaxBuckets || _negative.Count > MaxBuckets || _quantiles.Count > MaxBuckets) return $"with more than {MaxBuckets} buckets";
        if (kind == MetricKind.ExponentialHistogram && _scale is > MostScale or < LeastScale) return $"whose scale is not from {LeastScale} to {MostScale}";
        if (kind == MetricKind.ExponentialHistogram && !(_threshold >= 0 && double.IsFinite(_threshold))) return "whose zero threshold is no number from 0 on";
        if (kind != MetricKind.Histogram) return null;
        if (_counts.Count == 0 && _bounds.Count == 0) return null;
        if (_counts.Count != _bounds.Count + 1) return "with other than one bucket more than bounds";
        for (var i = 0; i < _bounds.Count; i++)
        {
            if (double.IsNaN(_bounds[i]) || (i > 0 && _bounds[i] <= _bounds[i - 1])) return "whose bounds do not grow";
        }
        return null;
    }

    private void Write(MetricKind kind) => new Distribution
    {
        Sum = _sum,
        Min = _min,
        Max = _max,
        Bounds = [.. _bounds],
        Counts = [.. _counts],
        Scale = _scale,
        ZeroCount = _zeroes,
        ZeroThreshold = _threshold,
        PositiveOffset = _positiveOffset,
        NegativeOffset = _negativeOffset,
        NegativeCounts = [.. _negative],
        Quantiles = [.. _quantiles],
    }.Write(_distribution, kind);

    private void Number(WireReader message)
    {
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x11: _start = message.ReadFixed64(); break;
                case 0x19: _time = message.ReadFixed64(); break;
                case 0x21: (_value, _hasValue) = (Double(message.ReadFixed64()), true); break;
                case 0x31: (_value, _hasValue) = ((long)message.ReadFixed64(), true); break;
                case 0x40: _flags = message.ReadVarint(); break;
                default: message.Skip(tag); break;
            }
        }
    }

    private void Histogram(WireReader message)
    {
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x11: _start = message.ReadFixed64(); break;
                case 0x19: _time = message.ReadFixed64(); break;
                case 0x21: _count = message.ReadFixed64(); break;
                case 0x29: _sum = Double(message.ReadFixed64()); break;
                case 0x31: _counts.Add(message.ReadFixed64()); break;
                case 0x32:
                    for (var packed = message.ReadMessage(); packed.HasMore;) _counts.Add(packed.ReadFixed64());
                    break;
                case 0x39: _bounds.Add(Double(message.ReadFixed64())); break;
                case 0x3A:
                    for (var packed = message.ReadMessage(); packed.HasMore;) _bounds.Add(Double(packed.ReadFixed64()));
                    break;
                case 0x50: _flags = message.ReadVarint(); break;
                case 0x59: _min = Double(message.ReadFixed64()); break;
                case 0x61: _max = Double(message.ReadFixed64()); break;
                default: message.Skip(tag); break;
            }
        }
    }

    private void Exponential(WireReader message)
    {
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x11: _start = message.ReadFixed64(); break;
                case 0x19: _time = message.ReadFixed64(); break;
                case 0x21: _count = message.ReadFixed64(); break;
                case 0x29: _sum = Double(message.ReadFixed64()); break;
                case 0x30: _scale = (int)ZigZag.Decode(message.ReadVarint()); break;
                case 0x39: _zeroes = message.ReadFixed64(); break;
                case 0x42: Buckets(message.ReadMessage(), ref _positiveOffset, _counts); break;
                case 0x4A: Buckets(message.ReadMessage(), ref _negativeOffset, _negative); break;
                case 0x50: _flags = message.ReadVarint(); break;
                case 0x61: _min = Double(message.ReadFixed64()); break;
                case 0x69: _max = Double(message.ReadFixed64()); break;
                case 0x71: _threshold = Double(message.ReadFixed64()); break;
                default: message.Skip(tag); break;
            }
        }
    }

    private static void Buckets(WireReader message, ref int offset, List<ulong> counts)
    {
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x08: offset = (int)ZigZag.Decode(message.ReadVarint()); break;
                case 0x10: counts.Add(message.ReadVarint()); break;
                case 0x12:
                    for (var packed = message.ReadMessage(); packed.HasMore;) counts.Add(packed.ReadVarint());
                    break;
                default: message.Skip(tag); break;
            }
        }
    }

    private void Summary(WireReader message)
    {
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x11: _start = message.ReadFixed64(); break;
                case 0x19: _time = message.ReadFixed64(); break;
                case 0x21: _count = message.ReadFixed64(); break;
                case 0x29: _sum = Double(message.ReadFixed64()); break;
                case 0x32: Quantile(message.ReadMessage()); break;
                case 0x40: _flags = message.ReadVarint(); break;
                default: message.Skip(tag); break;
            }
        }
    }

    private void Quantile(WireReader message)
    {
        var (quantile, value) = (0.0, 0.0);
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x09) quantile = Double(message.ReadFixed64());
            else if (tag == 0x11) value = Double(message.ReadFixed64());
            else message.Skip(tag);
        }
        _quantiles.Add((quantile, value));
    }

    private static double Double(ulong bits) => BitConverter.Int64BitsToDouble((long)bits);
}
