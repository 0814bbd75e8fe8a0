using System.Diagnostics.CodeAnalysis;
using System.Text;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>
/// Writes the keys of series (<see cref="MetricIdentity"/>) while a request is read from the outside in: what a resource and a metric say is written once for all their points. Not thread safe.
/// </summary>
internal sealed class SeriesKeys
{
    /// <summary>Bytes that the key of one series may have: what tells a series apart is a handful of short texts.</summary>
    public const int MaxKeyBytes = 16 << 10;

    private readonly WireWriter _key = new(1024);
    private byte[] _service = [];
    private byte[] _resource = [];
    private int _head;
    private bool _isTooLong;

    /// <summary>The attributes of the point, to be filled by the caller.</summary>
    public SortedDictionary<string, string> Attributes { get; } = new(StringComparer.Ordinal);

    /// <summary>The key that was written last; valid until the next.</summary>
    public ReadOnlySpan<byte> Written => _key.Written;

    public void SetResource(string service, SortedDictionary<string, string> attributes)
    {
        _service = Encoding.UTF8.GetBytes(service);
        _key.TakeBack(_key.Written.Length);
        Pairs(attributes, "service.name");
        _resource = _key.Written.ToArray();
    }

    /// <summary>Names that are too long for any key are not written at all: a request may have a million metrics below one resource of megabytes.</summary>
    public void SetMetric(string name, string unit, string description, string scope, MetricKind kind, MetricTraits traits)
    {
        _key.TakeBack(_key.Written.Length);
        _isTooLong = (long)_service.Length + _resource.Length + name.Length + unit.Length + description.Length + scope.Length > MaxKeyBytes;
        if (_isTooLong) return;
        Bytes(_service);
        Text(name);
        Text(unit);
        Text(description);
        Text(scope);
        _key.Varint((ulong)kind);
        _key.Varint((ulong)traits);
        _key.Raw(_resource);
        _head = _key.Written.Length;
    }

    /// <summary>Writes the key of a point of that metric; false when it is too long.</summary>
    public bool TryWrite([NotNullWhen(false)] out string? problem)
    {
        if (!_isTooLong)
        {
            _key.TakeBack(_key.Written.Length - _head);
            Pairs(Attributes, null);
        }
        problem = _isTooLong || _key.Written.Length > MaxKeyBytes ? $"whose names and attributes together are more than {MaxKeyBytes} bytes" : null;
        return problem is null;
    }

    private void Pairs(SortedDictionary<string, string> pairs, string? except)
    {
        _key.Varint((ulong)(pairs.Count - (except is not null && pairs.ContainsKey(except) ? 1 : 0)));
        foreach (var (key, value) in pairs)
        {
            if (key == except) continue;
            Text(key);
            Text(value);
        }
    }

    private void Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    private void Bytes(byte[] bytes)
    {
        _key.Varint((ulong)bytes.Length);
        _key.Raw(bytes);
    }
}
