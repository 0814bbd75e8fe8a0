namespace Throughline.Engine.Model.Columns;

/// <summary>The distinct instrumentation scopes of a batch's spans, with the schema URL they came under. Snapshot rules are those of <see cref="Column{T}"/>.</summary>
public sealed class ScopeTable
{
    /// <summary>Id in the strings.</summary>
    public Column<int> Name = new(0);

    /// <summary>Id in the strings.</summary>
    public Column<int> Version = new(0);

    /// <summary>Id in the strings.</summary>
    public Column<int> SchemaUrl = new(0);

    /// <summary>OTLP's dropped_attributes_count.</summary>
    public Column<uint> DroppedAttributes = new(0);

    /// <summary>One more than there are scopes: scope i has the attributes [offset i, offset i + 1).</summary>
    public Column<int> AttributeOffset = OffsetColumn.New();

    /// <summary>The scopes' attributes.</summary>
    public AttributeColumns Attributes = new();

    /// <summary>Number of scopes.</summary>
    public int Count => Name.Count;

    /// <summary>Appends a scope whose attributes have just been appended to <see cref="Attributes"/>; answers its number.</summary>
    public int Add(int name, int version, int schemaUrl, uint droppedAttributes)
    {
        Name.Add(name);
        Version.Add(version);
        SchemaUrl.Add(schemaUrl);
        DroppedAttributes.Add(droppedAttributes);
        AttributeOffset.Add(Attributes.Count);
        return Name.Count - 1;
    }

    internal void Clear()
    {
        Name.Truncate(0);
        Version.Truncate(0);
        SchemaUrl.Truncate(0);
        DroppedAttributes.Truncate(0);
        AttributeOffset.Truncate(1);
        Attributes.Truncate(0);
    }

    internal ScopeTable Snapshot()
    {
        var copy = (ScopeTable)MemberwiseClone();
        copy.Attributes = Attributes.Snapshot();
        return copy;
    }
}
