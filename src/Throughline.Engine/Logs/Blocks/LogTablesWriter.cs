using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>The tables of a row group as lists (docs/format/logs.md, "Tables"), with the texts that they name and no others. One owner; not thread safe.</summary>
internal sealed class LogTablesWriter
{
    private ByteDictionary _strings = new();
    private ByteDictionary _blobs = new();
    private LogTables _tables = new();

    /// <summary>Writes the tables.</summary>
    public void Write(ListWriter lists, LogTables tables, RowClasses classes, AttributeColumnInfo[] columns)
    {
        (_strings, _blobs, _tables) = (new ByteDictionary(), new ByteDictionary(), tables);
        lists.Clear();
        lists.List(classes.Count, i => classes.Classes[i].Class);
        lists.List(classes.Count, i => classes.Classes[i].Template);
        WriteClasses(lists, tables.Classes.Span.ToArray());
        WriteShapes(lists, columns);
        lists.List(tables.Resources.Count, i => Text(tables.Resources.Service[i]));
        lists.List(tables.Resources.Count, i => Text(tables.Resources.SchemaUrl[i]));
        lists.List(tables.Resources.Count, i => tables.Resources.DroppedAttributes[i]);
        WriteAttributes(lists, tables.Resources.AttributeOffset, tables.Resources.Attributes);
        lists.List(tables.Scopes.Count, i => Text(tables.Scopes.Name[i]));
        lists.List(tables.Scopes.Count, i => Text(tables.Scopes.Version[i]));
        lists.List(tables.Scopes.Count, i => Text(tables.Scopes.SchemaUrl[i]));
        lists.List(tables.Scopes.Count, i => tables.Scopes.DroppedAttributes[i]);
        WriteAttributes(lists, tables.Scopes.AttributeOffset, tables.Scopes.Attributes);
        lists.Dictionary(_strings);
        lists.Dictionary(_blobs);
    }

    private int Text(int id) => _strings.GetOrAdd(_tables.Strings[id]);

    private void WriteClasses(ListWriter lists, LogClass[] all)
    {
        lists.List(all.Length, i => all[i].Resource);
        lists.List(all.Length, i => all[i].Scope);
        lists.List(all.Length, i => all[i].SeverityNumber);
        lists.List(all.Length, i => Text(all[i].SeverityText));
        lists.List(all.Length, i => all[i].BodyType);
        lists.List(all.Length, i => Text(all[i].EventName));
        lists.List(all.Length, i => all[i].Flags);
        lists.List(all.Length, i => all[i].DroppedAttributes);
        lists.List(all.Length, i => all[i].Marks);
        lists.List(all.Length, i => all[i].Shape);
    }

    private void WriteShapes(ListWriter lists, AttributeColumnInfo[] columns)
    {
        var places = new Dictionary<int, int>(columns.Length);
        for (var i = 0; i < columns.Length; i++) places.Add(columns[i].Member, i);
        lists.List(columns.Length, i => Text(ShapeTable.KeyOf(columns[i].Member)));
        lists.List(columns.Length, i => (int)ShapeTable.TypeOf(columns[i].Member));
        lists.List(columns.Length, i => columns[i].IsRare ? 1 : 0);
        var members = new List<int>();
        lists.List(_tables.Shapes.Count, i => _tables.Shapes[i].Length);
        for (var shape = 0; shape < _tables.Shapes.Count; shape++)
        {
            foreach (var member in _tables.Shapes[shape]) members.Add(places[member]);
        }
        lists.List(members.Count, i => members[i]);
    }

    private void WriteAttributes(ListWriter lists, Column<int> offsets, AttributeColumns attributes)
    {
        lists.List(offsets.Count, i => offsets[i]);
        lists.List(attributes.Count, i => Text(attributes.Key[i]));
        lists.List(attributes.Count, i => attributes.Type[i]);
        lists.List(attributes.Count, i => (AttributeType)attributes.Type[i] switch
        {
            AttributeType.String => Text((int)attributes.Value[i]),
            AttributeType.Array or AttributeType.KvList or AttributeType.Bytes => _blobs.GetOrAdd(_tables.Blobs[(int)attributes.Value[i]]),
            _ => attributes.Value[i],
        });
    }
}
