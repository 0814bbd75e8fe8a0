using System.Globalization;
using System.Text;

namespace Throughline.Benchmarks;

/// <summary>A row of the report: a figure of each side and the one to reach. <see cref="HigherIsBetter"/> turns the ratio round, so that above 1 is always ours ahead.</summary>
internal sealed record ReportRow(string Name, string Unit, double? ClickHouse, double? Ours, double? Goal, bool HigherIsBetter, string Remark)
{
    /// <summary>CPU milliseconds of ClickHouse and of ours, where they were measured.</summary>
    public (double? ClickHouse, double? Ours) Cpu { get; init; }
}

/// <summary>Collects rows and prints them as a table of Markdown. One thread.</summary>
internal sealed class StoreReport
{
    private readonly List<ReportRow> _rows = [];

    /// <summary>Adds a row at the end.</summary>
    public void Add(ReportRow row) => _rows.Add(row);

    /// <summary>The table: a line a row.</summary>
    public string Table()
    {
        var text = new StringBuilder();
        text.AppendLine("| | ClickHouse | Throughline | times better | goal | reached | CPU ms: ClickHouse | Throughline |");
        text.AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (var row in _rows) text.AppendLine(Line(row));
        return text.ToString();
    }

    private static string Line(ReportRow row)
    {
        var ratio = row is { ClickHouse: { } theirs, Ours: { } ours } ? row.HigherIsBetter ? ours / theirs : theirs / ours : (double?)null;
        var reached = row is not { Goal: { } goal, Ours: { } value } ? "" : (row.HigherIsBetter ? value >= goal : value <= goal) ? "yes" : "no";
        // What is not built has its remark in the place of the figure.
        var (figure, remark) = row.Ours is null ? (row.Remark, "") : (Number(row.Ours), row.Remark);
        string[] cells =
        [
            $"{row.Name}, {row.Unit}", Number(row.ClickHouse), figure, Number(ratio), Number(row.Goal), $"{reached} {remark}".Trim(), Number(row.Cpu.ClickHouse), Number(row.Cpu.Ours),
        ];
        return $"| {string.Join(" | ", cells)} |";
    }

    /// <summary>Three figures that say something: 41,234; 412; 41.2; 4.12; 0.41.</summary>
    private static string Number(double? value) => value switch
    {
        null => "",
        >= 100 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
    };
}
