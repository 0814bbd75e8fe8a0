using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Files;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>Where the values of a member of a shape lie.</summary>
/// <param name="Column">The column, or <see cref="LogValueColumn.RareTexts"/> for all rare ones.</param>
/// <param name="Before">Values of the same row that lie before it in the column.</param>
/// <param name="Times">Values of each row in the column.</param>
internal readonly record struct MemberPlace(int Column, int Before, int Times);

/// <summary>The tables of a row group, read and checked: whoever follows their numbers need not check again. Immutable; thread safe.</summary>
internal sealed class RowGroupTables
{
    private RowGroupTables(LogTables tables, LogClass[] classes, int[] templates, AttributeColumnInfo[] columns, int[][] columnsOfShapes)
    {
        (Tables, Classes, Templates, Columns, ColumnsOfShapes) = (tables, classes, templates, columns, columnsOfShapes);
        var times = new int[columns.Length + 1];
        PlacesOfShapes = Array.ConvertAll(columnsOfShapes, shape => PlacesOf(shape, columns, times));
    }

    /// <summary>Where the members' values lie among those of a row, column by column, so that a record of very many attributes is read in time that grows with their number.</summary>
    private static MemberPlace[] PlacesOf(int[] shape, AttributeColumnInfo[] columns, int[] times)
    {
        int Slot(int member) => columns[member].IsRare ? columns.Length : member;
        foreach (var member in shape) times[Slot(member)]++;
        var places = new MemberPlace[shape.Length];
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            var slot = Slot(shape[i]);
            places[i] = new MemberPlace(slot == columns.Length ? LogValueColumn.RareTexts : slot, 0, times[slot]);
        }
        foreach (var member in shape) times[Slot(member)] = 0;
        for (var i = 0; i < shape.Length; i++) places[i] = places[i] with { Before = times[Slot(shape[i])]++ };
        foreach (var member in shape) times[Slot(member)] = 0;
        return places;
    }

    /// <summary>What the classes refer to.</summary>
    public LogTables Tables { get; }

    /// <summary>The classes of the rows.</summary>
    public LogClass[] Classes { get; }

    /// <summary>By class: the template of its bodies.</summary>
    public int[] Templates { get; }

    /// <summary>The columns of attributes; the number of values is not kept.</summary>
    public AttributeColumnInfo[] Columns { get; }

    /// <summary>By shape: the columns of its members.</summary>
    public int[][] ColumnsOfShapes { get; }

    /// <summary>By shape: where the values of its members lie.</summary>
    public MemberPlace[][] PlacesOfShapes { get; }

    /// <summary>Memory held, in bytes, near enough.</summary>
    public long MemoryBytes => Tables.UsedBytes + Classes.LongLength * 44 + Columns.LongLength * 12 + ColumnsOfShapes.Sum(s => 48L + s.Length * 16L);

    /// <summary>Reads the tables of a row group.</summary>
    /// <exception cref="CorruptDataException">They are not there, or contradict each other.</exception>
    public static RowGroupTables Read(LogRowGroup group)
    {
        var (bytes, offset) = group.ReadBytes(LogColumn.Tables);
        if (bytes.Length == 0) throw new CorruptDataException(group.Name, offset, "a page of tables", "none");
        return new Reading(bytes, group.Name, offset).Read();
    }

    private ref struct Reading(byte[] bytes, string name, long offset)
    {
        private ListReader _lists = new(bytes, name, offset);

        public RowGroupTables Read()
        {
            var classOf = _lists.List();
            var templates = Same(_lists.List(), classOf.Length);
            var fields = new long[LogClass.Fields][];
            for (var i = 0; i < fields.Length; i++) fields[i] = i == 0 ? _lists.List() : Same(_lists.List(), fields[0].Length);
            var keys = _lists.List();
            var types = Same(_lists.List(), keys.Length);
            var rare = Same(_lists.List(), keys.Length);
            var shapes = Shapes(_lists.List(), _lists.List(), keys.Length);
            var tables = new LogTables();
            ReadResources(tables.Resources);
            ReadScopes(tables.Scopes);
            tables.Strings = _lists.Dictionary();
            tables.Blobs = _lists.Dictionary();
            _lists.End();
            var columns = new AttributeColumnInfo[keys.Length];
            for (var i = 0; i < columns.Length; i++)
                columns[i] = new AttributeColumnInfo(ShapeTable.MemberOf(Below(keys[i], tables.Strings.Count), (AttributeType)Below(types[i], 8)), 0, rare[i] != 0);
            foreach (var shape in shapes) tables.Shapes.GetOrAdd(Array.ConvertAll(shape, c => columns[c].Member));
            Check(tables);
            var distinct = Classes(fields, tables, shapes.Length);
            var classes = new LogClass[classOf.Length];
            for (var i = 0; i < classes.Length; i++) classes[i] = distinct[Below(classOf[i], distinct.Length)];
            return new RowGroupTables(tables, classes, Array.ConvertAll(templates, t => (int)t), columns, shapes);
        }

        private readonly long[] Same(long[] list, int length) => list.Length == length ? list : throw new CorruptDataException(name, offset, $"a list of {length}", $"one of {list.Length}");

        private readonly int Below(long number, int count) => number >= 0 && number < count ? (int)number : throw new CorruptDataException(name, offset, $"a number below {count}", $"{number}");

        private readonly int[][] Shapes(long[] lengths, long[] members, int columns)
        {
            var shapes = new int[lengths.Length][];
            var next = 0L;
            for (var i = 0; i < shapes.Length; i++)
            {
                if (lengths[i] < 0 || next + lengths[i] > members.Length) throw new CorruptDataException(name, offset, $"{members.Length} members of shapes", $"{next + lengths[i]}");
                shapes[i] = new int[lengths[i]];
                for (var m = 0; m < shapes[i].Length; m++) shapes[i][m] = Below(members[next + m], columns);
                next += lengths[i];
            }
            return shapes;
        }

        private readonly LogClass[] Classes(long[][] fields, LogTables tables, int shapes)
        {
            var classes = new LogClass[fields[0].Length];
            for (var i = 0; i < classes.Length; i++)
            {
                classes[i] = new LogClass(
                    Below(fields[0][i], tables.Resources.Count), Below(fields[1][i], tables.Scopes.Count), (int)fields[2][i], Below(fields[3][i], tables.Strings.Count), (int)fields[4][i],
                    Below(fields[5][i], tables.Strings.Count), (int)fields[6][i], (int)fields[7][i], (int)fields[8][i], Below(fields[9][i], shapes));
            }
            return classes;
        }

        private void ReadResources(ResourceTable resources)
        {
            var (services, urls, dropped) = (_lists.List(), _lists.List(), _lists.List());
            var offsets = Offsets(_lists.List(), services.Length);
            Attributes(resources.Attributes);
            for (var i = 0; i < services.Length; i++)
            {
                resources.Service.Add((int)services[i]);
                resources.SchemaUrl.Add((int)Same(urls, services.Length)[i]);
                resources.DroppedAttributes.Add((uint)Same(dropped, services.Length)[i]);
                resources.AttributeOffset.Add(Below(offsets[i + 1], resources.Attributes.Count + 1));
            }
        }

        private void ReadScopes(ScopeTable scopes)
        {
            var (names, versions, urls, dropped) = (_lists.List(), _lists.List(), _lists.List(), _lists.List());
            var offsets = Offsets(_lists.List(), names.Length);
            Attributes(scopes.Attributes);
            for (var i = 0; i < names.Length; i++)
            {
                scopes.Name.Add((int)names[i]);
                scopes.Version.Add((int)Same(versions, names.Length)[i]);
                scopes.SchemaUrl.Add((int)Same(urls, names.Length)[i]);
                scopes.DroppedAttributes.Add((uint)Same(dropped, names.Length)[i]);
                scopes.AttributeOffset.Add(Below(offsets[i + 1], scopes.Attributes.Count + 1));
            }
        }

        private readonly long[] Offsets(long[] offsets, int owners)
        {
            Same(offsets, owners + 1);
            for (var i = 0; i <= owners; i++)
            {
                if (i == 0 ? offsets[0] != 0 : offsets[i] < offsets[i - 1]) throw new CorruptDataException(name, offset, "ascending offsets from 0", $"{offsets[i]}");
            }
            return offsets;
        }

        private void Attributes(AttributeColumns attributes)
        {
            var keys = _lists.List();
            var types = Same(_lists.List(), keys.Length);
            var values = Same(_lists.List(), keys.Length);
            for (var i = 0; i < keys.Length; i++) attributes.Add((int)keys[i], (AttributeType)Below(types[i], 8), values[i]);
        }

        /// <summary>Texts come behind what names them.</summary>
        private readonly void Check(LogTables tables)
        {
            foreach (var id in tables.Resources.Service.Span) Below(id, tables.Strings.Count);
            foreach (var id in tables.Resources.SchemaUrl.Span) Below(id, tables.Strings.Count);
            foreach (var id in tables.Scopes.Name.Span) Below(id, tables.Strings.Count);
            foreach (var id in tables.Scopes.Version.Span) Below(id, tables.Strings.Count);
            foreach (var id in tables.Scopes.SchemaUrl.Span) Below(id, tables.Strings.Count);
            foreach (var attributes in (AttributeColumns[])[tables.Resources.Attributes, tables.Scopes.Attributes])
            {
                for (var i = 0; i < attributes.Count; i++)
                {
                    Below(attributes.Key[i], tables.Strings.Count);
                    var type = (AttributeType)attributes.Type[i];
                    if (type == AttributeType.String) Below(attributes.Value[i], tables.Strings.Count);
                    else if (LogTables.IsBytes(type)) Below(attributes.Value[i], tables.Blobs.Count);
                }
            }
        }
    }
}
