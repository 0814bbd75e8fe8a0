namespace Throughline.Engine.Model.Columns;

/// <summary>The distinct resources of a batch's spans, with the schema URL they came under. Snapshot rules are those of <see cref="Column{T}"/>.</summary>
public sealed class ResourceTable
{
    /// <summary>What stands for a service that did not name itself, as OpenTelemetry's resource conventions say.</summary>
    public const string UnknownService = "unknown_service";

    /// <summary>Id in the strings of the first string attribute <c>service.name</c>, or of <see cref="UnknownService"/>.</summary>
    public Column<int> Service = new(0);

    /// <summary>Id in the strings.</summary>
    public Column<int> SchemaUrl = new(0);

    /// <summary>OTLP's dropped_attributes_count.</summary>
    public Column<uint> DroppedAttributes = new(0);

    /// <summary>One more than there are resources: resource i has the attributes [offset i, offset i + 1).</summary>
    public Column<int> AttributeOffset = OffsetColumn.New();

    /// <summary>The resources' attributes.</summary>
    public AttributeColumns Attributes = new();

    /// <summary>Number of resources.</summary>
    public int Count => Service.Count;

    /// <summary>Appends a resource whose attributes have just been appended to <see cref="Attributes"/>; answers its number.</summary>
    public int Add(int service, int schemaUrl, uint droppedAttributes)
    {
        Service.Add(service);
        SchemaUrl.Add(schemaUrl);
        DroppedAttributes.Add(droppedAttributes);
        AttributeOffset.Add(Attributes.Count);
        return Service.Count - 1;
    }

    internal void Clear()
    {
        Service.Truncate(0);
        SchemaUrl.Truncate(0);
        DroppedAttributes.Truncate(0);
        AttributeOffset.Truncate(1);
        Attributes.Truncate(0);
    }

    internal ResourceTable Snapshot()
    {
        var copy = (ResourceTable)MemberwiseClone();
        copy.Attributes = Attributes.Snapshot();
        return copy;
    }
}
