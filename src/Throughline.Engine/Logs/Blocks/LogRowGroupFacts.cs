using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>What is known of a row group without reading its columns. Immutable.</summary>
/// <param name="Levels">Records by <see cref="LogLevel"/>.</param>
/// <param name="Services">Records and errors by service.</param>
/// <param name="UsedBytes">Memory that its rows take as a chunk, near enough.</param>
internal sealed record LogRowGroupFacts(int Rows, ulong FirstAt, ulong LastAt, ulong FirstSequence, ulong LastSequence, long UsedBytes, long[] Levels, IReadOnlyList<LogService> Services)
{
    private const int Fields = 6;

    /// <summary>Memory held, in bytes, near enough.</summary>
    public long MemoryBytes => 200 + Services.Count * 64L;

    /// <summary>Writes what is known of all row groups of a block.</summary>
    public static void Write(IReadOnlyList<LogRowGroupFacts> groups, ListWriter to)
    {
        to.Clear();
        to.List(groups.Count * Fields, i =>
        {
            var g = groups[i / Fields];
            return (i % Fields) switch { 0 => g.Rows, 1 => (long)g.FirstAt, 2 => (long)g.LastAt, 3 => (long)g.FirstSequence, 4 => (long)g.LastSequence, _ => g.UsedBytes };
        });
        to.List(groups.Count * LogSeverity.Levels, i => groups[i / LogSeverity.Levels].Levels[i % LogSeverity.Levels]);
        to.List(groups.Count, i => groups[i].Services.Count);
        var services = groups.SelectMany(g => g.Services).ToList();
        var names = new ByteDictionary();
        to.List(services.Count, i => names.GetOrAdd(System.Text.Encoding.UTF8.GetBytes(services[i].Name)));
        to.List(services.Count, i => services[i].Entries);
        to.List(services.Count, i => services[i].Errors);
        to.Dictionary(names);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="Files.CorruptDataException">The lists do not fit together.</exception>
    public static LogRowGroupFacts[] Read(ReadOnlySpan<byte> bytes, string file, long offset)
    {
        var reader = new ListReader(bytes, file, offset);
        var fields = reader.List();
        var levels = reader.List();
        var counts = reader.List();
        var ids = reader.List();
        var entries = reader.List();
        var errors = reader.List();
        var names = reader.Dictionary();
        reader.End();
        var groups = new LogRowGroupFacts[counts.Length];
        if (fields.Length != groups.Length * Fields || levels.Length != groups.Length * LogSeverity.Levels || counts.Any(c => c < 0) || counts.Sum() != ids.Length || entries.Length != ids.Length
            || errors.Length != ids.Length || ids.Any(id => id < 0 || id >= names.Count))
            throw new Files.CorruptDataException(file, offset, $"facts of {groups.Length} row groups", $"{fields.Length} numbers and {ids.Length} services");
        var next = 0;
        for (var i = 0; i < groups.Length; i++)
        {
            var services = new LogService[counts[i]];
            for (var s = 0; s < services.Length; s++, next++) services[s] = new LogService(System.Text.Encoding.UTF8.GetString(names[(int)ids[next]]), entries[next], errors[next]);
            var f = fields.AsSpan(i * Fields, Fields);
            if (f[0] is < 1 or > int.MaxValue) throw new Files.CorruptDataException(file, offset, "a row group with rows", $"{f[0]} rows");
            groups[i] = new LogRowGroupFacts((int)f[0], (ulong)f[1], (ulong)f[2], (ulong)f[3], (ulong)f[4], f[5], levels.AsSpan(i * LogSeverity.Levels, LogSeverity.Levels).ToArray(), services);
        }
        return groups;
    }
}
