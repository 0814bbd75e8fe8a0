namespace Throughline.Engine.Profiles;

/// <summary>Adds to tables of stacks, everything once. One owner; not thread safe.</summary>
public sealed class StackTablesBuilder
{
    /// <summary>What an entry of an index takes, beside the tables themselves.</summary>
    private const int IndexEntryBytes = 28;

    private readonly Dictionary<(int, int), int> _functions = [];
    private readonly Dictionary<(int, int), int> _locations = [];
    private readonly Dictionary<(int, int), int> _nodes = [];

    /// <summary>What was added so far.</summary>
    public StackTables Tables { get; } = new();

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => Tables.MemoryBytes + IndexEntryBytes * ((long)_functions.Count + _locations.Count + _nodes.Count);

    /// <summary>The number of a text.</summary>
    public int Text(ReadOnlySpan<byte> text) => Tables.Texts.GetOrAdd(text);

    /// <summary>The number of a text.</summary>
    public int Text(string text) => Text(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>The number of a function, of the numbers of two texts.</summary>
    public int Function(int name, int file)
    {
        if (_functions.TryGetValue((name, file), out var known)) return known;
        var added = Tables.AddFunction(name, file);
        _functions.Add((name, file), added);
        return added;
    }

    /// <summary>The number of a location.</summary>
    public int Location(int function, int line)
    {
        if (_locations.TryGetValue((function, line), out var known)) return known;
        var added = Tables.AddLocation(function, line);
        _locations.Add((function, line), added);
        return added;
    }

    /// <summary>The node below <paramref name="parent"/> (or <see cref="StackTables.Top"/>) at a location.</summary>
    public int Node(int parent, int location)
    {
        if (_nodes.TryGetValue((parent, location), out var known)) return known;
        var added = Tables.AddNode(parent, location);
        _nodes.Add((parent, location), added);
        return added;
    }
}
