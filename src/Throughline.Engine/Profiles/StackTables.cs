using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Profiles;

/// <summary>
/// The tables that stacks share: texts, functions, locations (a line of a function) and nodes. A stack is a node: the way from it to the top is its frames, so that stacks with the same beginning
/// share it. A node comes after its parent. Filled by <see cref="StackTablesBuilder"/> or read from a block; a <see cref="Snapshot"/> may be read while the builder goes on.
/// </summary>
public sealed class StackTables
{
    /// <summary>In place of a parent: the node is the outermost frame.</summary>
    public const int Top = -1;

    private Column<int> _functionName = new(0);
    private Column<int> _functionFile = new(0);
    private Column<int> _locationFunction = new(0);
    private Column<int> _locationLine = new(0);
    private Column<int> _nodeParent = new(0);
    private Column<int> _nodeLocation = new(0);

    /// <summary>Empty tables.</summary>
    public StackTables()
        : this(new ByteDictionary())
    {
    }

    private StackTables(ByteDictionary texts) => Texts = texts;

    /// <summary>Every text once, in UTF-8.</summary>
    public ByteDictionary Texts { get; }

    /// <summary>By function: its name, a text.</summary>
    public ReadOnlySpan<int> FunctionName => _functionName.Span;

    /// <summary>By function: the file or module that it is of, a text.</summary>
    public ReadOnlySpan<int> FunctionFile => _functionFile.Span;

    /// <summary>By location: its function.</summary>
    public ReadOnlySpan<int> LocationFunction => _locationFunction.Span;

    /// <summary>By location: its line, 0 when it is not known.</summary>
    public ReadOnlySpan<int> LocationLine => _locationLine.Span;

    /// <summary>By node: the frame that called it, or <see cref="Top"/>.</summary>
    public ReadOnlySpan<int> NodeParent => _nodeParent.Span;

    /// <summary>By node: its location.</summary>
    public ReadOnlySpan<int> NodeLocation => _nodeLocation.Span;

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => Texts.MemoryBytes + 4L * (_functionName.Items.Length + _functionFile.Items.Length + _locationFunction.Items.Length + _locationLine.Items.Length + _nodeParent.Items.Length + _nodeLocation.Items.Length);

    /// <summary>The tables as they are now.</summary>
    public StackTables Snapshot() => new(Texts.Snapshot())
    {
        _functionName = _functionName,
        _functionFile = _functionFile,
        _locationFunction = _locationFunction,
        _locationLine = _locationLine,
        _nodeParent = _nodeParent,
        _nodeLocation = _nodeLocation,
    };

    /// <summary>Tables that were stored. The caller has checked that every number names something that is there.</summary>
    internal static StackTables Of(ByteDictionary texts, int[] functionName, int[] functionFile, int[] locationFunction, int[] locationLine, int[] nodeParent, int[] nodeLocation) => new(texts)
    {
        _functionName = new(functionName),
        _functionFile = new(functionFile),
        _locationFunction = new(locationFunction),
        _locationLine = new(locationLine),
        _nodeParent = new(nodeParent),
        _nodeLocation = new(nodeLocation),
    };

    internal int AddFunction(int name, int file)
    {
        _functionName.Add(name);
        _functionFile.Add(file);
        return _functionName.Count - 1;
    }

    internal int AddLocation(int function, int line)
    {
        _locationFunction.Add(function);
        _locationLine.Add(line);
        return _locationFunction.Count - 1;
    }

    internal int AddNode(int parent, int location)
    {
        _nodeParent.Add(parent);
        _nodeLocation.Add(location);
        return _nodeParent.Count - 1;
    }
}
