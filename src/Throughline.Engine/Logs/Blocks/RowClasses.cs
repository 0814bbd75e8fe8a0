using Throughline.Engine.Logs.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>
/// The classes of a row group: those of the chunk, told apart by the templates of their bodies, those of like attributes and templates side by side. Rows are numbered in the order of time.
/// </summary>
internal sealed class RowClasses
{
    /// <summary>A class of the chunk with a template.</summary>
    internal readonly record struct Pair(int Class, int Template);

    private RowClasses(Pair[] classes, int[] ofRow, int[] templates, int[] rowsOfTemplates)
    {
        (Classes, OfRow, Templates, RowsOfTemplates) = (classes, ofRow, templates, rowsOfTemplates);
        (Start, ByClass) = Grouped(ofRow, classes.Length);
    }

    /// <summary>Number of classes.</summary>
    public int Count => Classes.Length;

    /// <summary>The classes; templates are numbered as in <see cref="Templates"/>.</summary>
    public Pair[] Classes { get; }

    /// <summary>By row: its class.</summary>
    public int[] OfRow { get; }

    /// <summary>The rows, those of one class one after another.</summary>
    public int[] ByClass { get; }

    /// <summary>Where the rows of each class begin in <see cref="ByClass"/>, and where the last ones end.</summary>
    public int[] Start { get; }

    /// <summary>The builder's numbers of the templates that have rows.</summary>
    public int[] Templates { get; }

    /// <summary>Rows of each of them.</summary>
    public int[] RowsOfTemplates { get; }

    /// <summary>The classes of a chunk's rows in the order of <paramref name="rows"/>.</summary>
    public static RowClasses Of(LogChunk chunk, ReadOnlySpan<int> rows, BodyColumnBuilder bodies)
    {
        var pairs = new DistinctTable<Pair>();
        var found = new int[rows.Length];
        for (var i = 0; i < rows.Length; i++) found[i] = pairs.GetOrAdd(new Pair(chunk.Class[rows[i]], bodies.TemplateOf(chunk.Body[rows[i]])));
        // Templates in the order of the shapes that they come with: neighbours then are of one kind of statement, and a template's rows stay together.
        var classes = chunk.Tables.Classes.Span.ToArray();
        var shapeOfTemplate = new Dictionary<int, int>();
        foreach (var pair in pairs.Span) shapeOfTemplate.TryAdd(pair.Template, classes[pair.Class].Shape);
        var order = Enumerable.Range(0, pairs.Count).ToArray();
        var distinct = pairs.Span.ToArray();
        Array.Sort(order, (a, b) =>
        {
            var (x, y) = (distinct[a], distinct[b]);
            var by = shapeOfTemplate[x.Template].CompareTo(shapeOfTemplate[y.Template]);
            if (by == 0) by = x.Template.CompareTo(y.Template);
            return by != 0 ? by : x.Class.CompareTo(y.Class);
        });
        var place = new int[order.Length];
        List<int> templates = [];
        var sorted = new Pair[order.Length];
        for (var i = 0; i < order.Length; i++)
        {
            var pair = distinct[order[i]];
            if (templates.Count == 0 || templates[^1] != pair.Template) templates.Add(pair.Template);
            (place[order[i]], sorted[i]) = (i, pair with { Template = templates.Count - 1 });
        }
        var rowsOfTemplates = new int[templates.Count];
        for (var i = 0; i < found.Length; i++)
        {
            found[i] = place[found[i]];
            rowsOfTemplates[sorted[found[i]].Template]++;
        }
        return new RowClasses(sorted, found, [.. templates], rowsOfTemplates);
    }

    /// <summary>Rows grouped by class, and where each class begins among them.</summary>
    public static (int[] Start, int[] ByClass) Grouped(ReadOnlySpan<int> ofRow, int classes)
    {
        var start = new int[classes + 1];
        foreach (var c in ofRow) start[c + 1]++;
        for (var i = 0; i < classes; i++) start[i + 1] += start[i];
        var (next, rows) = (start.AsSpan(0, classes).ToArray(), new int[ofRow.Length]);
        for (var row = 0; row < ofRow.Length; row++) rows[next[ofRow[row]]++] = row;
        return (start, rows);
    }
}
