namespace Throughline.Engine.Logs.Blocks;

/// <summary>The rows of a row group, grouped by class, and each row's place among them. Immutable; thread safe.</summary>
internal sealed class RowsByClass
{
    private RowsByClass(int[] start, int[] rows, int[] places, int[] templateStart) => (Start, Rows, Places, TemplateStart) = (start, rows, places, templateStart);

    /// <summary>Where the rows of each class begin, and where the last ones end.</summary>
    public int[] Start { get; }

    /// <summary>The rows, those of one class one after another.</summary>
    public int[] Rows { get; }

    /// <summary>By row: its place in <see cref="Rows"/>.</summary>
    public int[] Places { get; }

    /// <summary>Where the rows of each template begin, and where the last ones end; the classes of a template lie together.</summary>
    public int[] TemplateStart { get; }

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => (Start.LongLength + Rows.LongLength + Places.LongLength + TemplateStart.LongLength) * 4;

    /// <summary>Groups the rows of a row group.</summary>
    /// <exception cref="Files.CorruptDataException">The classes are not in the order of their templates.</exception>
    public static RowsByClass Of(LogRowGroup group)
    {
        var (classes, tables) = (group.Classes, group.TableSet);
        var ofRow = new int[group.Rows];
        for (var row = 0; row < ofRow.Length; row++) ofRow[row] = (int)classes[row];
        var (start, rows) = RowClasses.Grouped(ofRow, tables.Classes.Length);
        var places = new int[rows.Length];
        for (var place = 0; place < rows.Length; place++) places[rows[place]] = place;
        List<int> templates = [];
        for (var c = 0; c < tables.Templates.Length; c++)
        {
            if (tables.Templates[c] == templates.Count) templates.Add(start[c]);
            else if (tables.Templates[c] != templates.Count - 1)
                throw new Files.CorruptDataException(group.Name, group.OffsetOf(LogColumn.Tables), $"template {templates.Count - 1} or the next", $"template {tables.Templates[c]}");
        }
        templates.Add(rows.Length);
        return new RowsByClass(start, rows, places, [.. templates]);
    }
}
