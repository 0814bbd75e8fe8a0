using System.Runtime.InteropServices;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Decode;

/// <summary>
/// Decodes the resources and scopes around a request's items into a batch's tables, each distinct one once; all signals have them alike. Bound to one batch at a time, together with its
/// <see cref="AttributeDecoder"/>; not thread safe.
/// </summary>
internal sealed class OwnerDecoder(AttributeDecoder attributes)
{
    // Resources and scopes of one batch are few and come again and again: their bytes and the schema URL find their row.
    private readonly ByteDictionary _resourceKeys = new();
    private readonly ByteDictionary _scopeKeys = new();
    private readonly List<byte> _key = [];

    // By row: whether a text was mended.
    private readonly List<bool> _mendedResources = [];
    private readonly List<bool> _mendedScopes = [];

    private ByteDictionary _strings = new(16);
    private ResourceTable _resources = new();
    private ScopeTable _scopes = new();
    private int _emptyText;

    /// <summary>Begins a batch.</summary>
    public void Bind(ByteDictionary strings, ResourceTable resources, ScopeTable scopes)
    {
        (_strings, _resources, _scopes) = (strings, resources, scopes);
        _resourceKeys.Clear();
        _scopeKeys.Clear();
        _mendedResources.Clear();
        _mendedScopes.Clear();
        _emptyText = strings.GetOrAdd([]);
    }

    /// <summary>Whether a text of the resource was not valid UTF-8.</summary>
    public bool IsResourceMended(int row) => _mendedResources[row];

    /// <summary>Whether a text of the scope was not valid UTF-8.</summary>
    public bool IsScopeMended(int row) => _mendedScopes[row];

    /// <summary>The row of the resource of a <c>ResourceSpans</c>, <c>ResourceLogs</c> or <c>ResourceMetrics</c>.</summary>
    public int Resource(WireReader resourceItems)
    {
        var row = _resourceKeys.GetOrAdd(KeyOf(resourceItems, out var schemaUrl), out var added);
        if (added) AddResource(resourceItems, schemaUrl);
        return row;
    }

    /// <summary>The row of the scope of a <c>ScopeSpans</c>, <c>ScopeLogs</c> or <c>ScopeMetrics</c>.</summary>
    public int Scope(WireReader scopeItems)
    {
        var row = _scopeKeys.GetOrAdd(KeyOf(scopeItems, out var schemaUrl), out var added);
        if (added) AddScope(scopeItems, schemaUrl);
        return row;
    }

    /// <summary>
    /// What tells a resource or a scope from the others: its bytes, the schema URL that stands behind the items, and its length so that the two cannot be
    /// mistaken for others. The messages around both have the same numbers for both. The items are walked twice by this; skipping them costs
    /// nothing next to reading them. Valid until the next call.
    /// </summary>
    private ReadOnlySpan<byte> KeyOf(WireReader message, out ReadOnlySpan<byte> schemaUrl)
    {
        schemaUrl = default;
        _key.Clear();
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            // A message field that comes twice is merged, which is what reading its joined bytes would do.
            if (tag == 0x0A) _key.AddRange(message.ReadBytes());
            else if (tag == 0x1A) schemaUrl = message.ReadBytes();
            else message.Skip(tag);
        }
        _key.AddRange(schemaUrl);
        var length = schemaUrl.Length;
        _key.AddRange(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in length)));
        return CollectionsMarshal.AsSpan(_key);
    }

    private void AddResource(WireReader resourceItems, ReadOnlySpan<byte> schemaUrl)
    {
        var first = _resources.Attributes.Count;
        var mendedBefore = attributes.MendedTexts;
        var dropped = 0u;
        while (resourceItems.HasMore)
        {
            var tag = resourceItems.ReadTag();
            if (tag == 0x0A) ResourcePart(resourceItems.ReadMessage(), ref dropped);
            else resourceItems.Skip(tag);
        }
        _resources.Add(ServiceOf(first), attributes.Text(schemaUrl), dropped);
        _mendedResources.Add(attributes.MendedTexts != mendedBefore);
    }

    private void ResourcePart(WireReader message, ref uint dropped)
    {
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x0A) attributes.KeyValue(message.ReadMessage(), _resources.Attributes);
            else if (tag == 0x10) dropped = (uint)message.ReadVarint();
            else message.Skip(tag);
        }
    }

    private int ServiceOf(int first)
    {
        var key = _strings.Find("service.name"u8);
        var own = _resources.Attributes;
        for (var i = first; key >= 0 && i < own.Count; i++)
        {
            if (own.Key[i] == key && own.Type[i] == (byte)Model.AttributeType.String && own.Value[i] != _emptyText) return (int)own.Value[i];
        }
        return _strings.GetOrAdd("unknown_service"u8);
    }

    private void AddScope(WireReader scopeItems, ReadOnlySpan<byte> schemaUrl)
    {
        var mendedBefore = attributes.MendedTexts;
        ReadOnlySpan<byte> name = default;
        ReadOnlySpan<byte> version = default;
        var dropped = 0u;
        while (scopeItems.HasMore)
        {
            var tag = scopeItems.ReadTag();
            if (tag == 0x0A) ScopePart(scopeItems.ReadMessage(), ref name, ref version, ref dropped);
            else scopeItems.Skip(tag);
        }
        _scopes.Add(attributes.Text(name), attributes.Text(version), attributes.Text(schemaUrl), dropped);
        _mendedScopes.Add(attributes.MendedTexts != mendedBefore);
    }

    private void ScopePart(WireReader message, ref ReadOnlySpan<byte> name, ref ReadOnlySpan<byte> version, ref uint dropped)
    {
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x0A: name = message.ReadBytes(); break;
                case 0x12: version = message.ReadBytes(); break;
                case 0x1A: attributes.KeyValue(message.ReadMessage(), _scopes.Attributes); break;
                case 0x20: dropped = (uint)message.ReadVarint(); break;
                default: message.Skip(tag); break;
            }
        }
    }
}
