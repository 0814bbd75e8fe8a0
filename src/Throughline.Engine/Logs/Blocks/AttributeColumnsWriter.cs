using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>An attribute column of a row group: a key (an id of the strings of the tables) and a type, and where its values are.</summary>
/// <param name="Member">As the chunk's shapes have it.</param>
/// <param name="Values">Number of its values.</param>
/// <param name="IsRare">Its values are among those of all rare columns.</param>
internal readonly record struct AttributeColumnInfo(int Member, int Values, bool IsRare);

/// <summary>
/// Writes the values of the records' own attributes: a page a key and type, with a dictionary where they are texts or bytes, class by class. Columns of hardly any values share pages: a million
/// keys then are no million pages. One owner; not thread safe.
/// </summary>
internal sealed class AttributeColumnsWriter(PageWriter pages)
{
    /// <summary>Values that a column has to have for pages of its own: less costs more in the directory than beside others.</summary>
    public const int FewestValues = 12;

    /// <summary>Columns that have pages of their own at most: each takes an entry in the directory, and whoever sends keys by the thousand gets no file of directory entries.</summary>
    public const int MostColumns = 1000;

    /// <summary>Room for the entries of a column at first: tables that grow look all of their entries up again.</summary>
    private const int MostSlotsAtFirst = 1 << 14;

    private readonly DictionarySplitter _splitter = new();
    private Column<byte> _page = new(0);
    private int[] _local = [];
    private int[] _stamps = [];
    private int _stamp;

    /// <summary>Writes the values; answers the columns in the order of their pages.</summary>
    public AttributeColumnInfo[] Write(LogChunk chunk, int rowGroup, ReadOnlySpan<int> rows, RowClasses classes)
    {
        var (columns, places) = Columns(chunk, classes);
        var values = new long[columns.Length][];
        var used = new int[columns.Length];
        for (var i = 0; i < columns.Length; i++) values[i] = columns[i].IsRare ? [] : new long[columns[i].Values];
        List<(int Column, long Value)> rare = [];
        for (var c = 0; c < classes.Count; c++)
        {
            var members = chunk.Tables.Shapes[chunk.Tables.Classes[classes.Classes[c].Class].Shape];
            if (members.IsEmpty) continue;
            var own = new int[members.Length];
            for (var m = 0; m < own.Length; m++) own[m] = places[members[m]];
            for (var i = classes.Start[c]; i < classes.Start[c + 1]; i++)
            {
                var first = chunk.ValueOffset.Items[rows[classes.ByClass[i]]];
                for (var m = 0; m < own.Length; m++)
                {
                    var (column, value) = (own[m], chunk.Values.Items[first + m]);
                    if (columns[column].IsRare) rare.Add((column, value));
                    else values[column][used[column]++] = value;
                }
            }
        }
        for (var i = 0; i < columns.Length; i++)
        {
            if (!columns[i].IsRare) WriteColumn(chunk, rowGroup, i, ShapeTable.TypeOf(columns[i].Member), values[i]);
        }
        WriteRare(chunk, rowGroup, columns, rare);
        return columns;
    }

    private static (AttributeColumnInfo[] Columns, Dictionary<int, int> Places) Columns(LogChunk chunk, RowClasses classes)
    {
        var counts = new Dictionary<int, int>();
        for (var c = 0; c < classes.Count; c++)
        {
            var rows = classes.Start[c + 1] - classes.Start[c];
            foreach (var member in chunk.Tables.Shapes[chunk.Tables.Classes[classes.Classes[c].Class].Shape]) counts[member] = counts.GetValueOrDefault(member) + rows;
        }
        // Those with pages first, so that their numbers are those of the pages.
        var columns = counts.Select(c => new AttributeColumnInfo(c.Key, c.Value, c.Value < FewestValues)).OrderBy(c => c.IsRare).ToArray();
        if (Array.FindIndex(columns, c => c.IsRare) is -1 or > MostColumns && columns.Length > MostColumns)
        {
            columns = [.. columns.OrderByDescending(c => c.Values)];
            for (var i = MostColumns; i < columns.Length; i++) columns[i] = columns[i] with { IsRare = true };
        }
        var places = new Dictionary<int, int>(columns.Length);
        for (var i = 0; i < columns.Length; i++) places.Add(columns[i].Member, i);
        return (columns, places);
    }

    private void WriteColumn(LogChunk chunk, int rowGroup, int column, AttributeType type, long[] values)
    {
        var page = LogColumn.FirstAttribute + 2 * column;
        if (!LogTables.IsBytes(type))
        {
            pages.Numbers(page, rowGroup, values, type == AttributeType.Double ? NumberKind.Double : NumberKind.Plain);
            return;
        }
        var source = type == AttributeType.String ? chunk.Tables.Strings : chunk.Tables.Blobs;
        var entries = new ByteDictionary(Math.Min(values.Length, MostSlotsAtFirst));
        Begin(source.Count);
        for (var i = 0; i < values.Length; i++) values[i] = Local((int)values[i], source, entries);
        pages.Ids(page, rowGroup, values, 0);
        if (type == AttributeType.String && _splitter.TryWrite(entries, ref _page)) pages.Bytes(page + 1, rowGroup, _page.Span, true);
        else DictionaryBody.Write(pages, page + 1, rowGroup, entries, ref _page);
    }

    private void Begin(int ids)
    {
        if (_local.Length < ids) (_local, _stamps) = (new int[ids], new int[ids]);
        _stamp++;
    }

    private int Local(int id, ByteDictionary source, ByteDictionary entries)
    {
        if (_stamps[id] == _stamp) return _local[id];
        _stamps[id] = _stamp;
        return _local[id] = entries.GetOrAdd(source[id]);
    }

    private void WriteRare(LogChunk chunk, int rowGroup, AttributeColumnInfo[] columns, List<(int Column, long Value)> rare)
    {
        if (rare.Count == 0) return;
        var (strings, blobs) = (new ByteDictionary(), new ByteDictionary());
        var values = new long[rare.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var (column, value) = rare[i];
            values[i] = ShapeTable.TypeOf(columns[column].Member) switch
            {
                AttributeType.String => strings.GetOrAdd(chunk.Tables.Strings[(int)value]),
                AttributeType.Array or AttributeType.KvList or AttributeType.Bytes => blobs.GetOrAdd(chunk.Tables.Blobs[(int)value]),
                _ => value,
            };
        }
        pages.Numbers(LogColumn.RareValues, rowGroup, values);
        DictionaryBody.Write(pages, LogColumn.RareStrings, rowGroup, strings, ref _page);
        DictionaryBody.Write(pages, LogColumn.RareBlobs, rowGroup, blobs, ref _page);
    }
}
