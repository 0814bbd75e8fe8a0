namespace Throughline.Engine.Profiles;

/// <summary>What the numbers of one set of tables are in another one, to which what is missing is added when it is asked for. One owner; not thread safe.</summary>
internal sealed class StackMapping
{
    private const int Unknown = -1;

    private readonly StackTables _from;
    private readonly StackTablesBuilder _to;
    private readonly int[] _texts;
    private readonly int[] _functions;
    private readonly int[] _locations;
    private readonly int[] _nodes;
    private readonly Stack<int> _pending = [];

    public StackMapping(StackTables from, StackTablesBuilder to)
    {
        (_from, _to) = (from, to);
        (_texts, _functions) = (Unmapped(from.Texts.Count), Unmapped(from.FunctionName.Length));
        (_locations, _nodes) = (Unmapped(from.LocationFunction.Length), Unmapped(from.NodeParent.Length));
    }

    public int Text(int text)
    {
        ref var mapped = ref _texts[text];
        if (mapped == Unknown) mapped = _to.Text(_from.Texts[text]);
        return mapped;
    }

    public int Node(int node)
    {
        // Stacks are as deep as senders like, so this is a loop.
        var at = node;
        while (at != StackTables.Top && _nodes[at] == Unknown)
        {
            _pending.Push(at);
            at = _from.NodeParent[at];
        }
        var mapped = at == StackTables.Top ? StackTables.Top : _nodes[at];
        while (_pending.TryPop(out var next)) _nodes[next] = mapped = _to.Node(mapped, Location(_from.NodeLocation[next]));
        return mapped;
    }

    private int Location(int location)
    {
        ref var mapped = ref _locations[location];
        if (mapped == Unknown) mapped = _to.Location(Function(_from.LocationFunction[location]), _from.LocationLine[location]);
        return mapped;
    }

    private int Function(int function)
    {
        ref var mapped = ref _functions[function];
        if (mapped == Unknown) mapped = _to.Function(Text(_from.FunctionName[function]), Text(_from.FunctionFile[function]));
        return mapped;
    }

    private static int[] Unmapped(int length)
    {
        var numbers = new int[length];
        Array.Fill(numbers, Unknown);
        return numbers;
    }
}
