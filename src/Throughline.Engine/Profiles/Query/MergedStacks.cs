namespace Throughline.Engine.Profiles.Query;

/// <summary>
/// The stacks of many windows as one tree by functions (their lines fall together), with one or two sums of values: what is looked at, and what it is compared with. Used by one thread.
/// </summary>
internal sealed class MergedStacks
{
    private readonly StackTablesBuilder _builder = new();
    private readonly List<long>[] _self;

    /// <param name="sums">1, or 2 to compare.</param>
    public MergedStacks(int sums) => _self = [.. Enumerable.Range(0, sums).Select(static _ => new List<long>())];

    /// <summary>The merged tree's tables; a location is a function.</summary>
    public StackTables Tables => _builder.Tables;

    /// <summary>What was added, by sum.</summary>
    public StackTally[] Tallies { get; } = [new(), new()];

    /// <summary>Adds the selected samples of a source to a sum.</summary>
    public void Add(IProfileSource source, ProfileSelection selection, int sum, CancellationToken cancellationToken)
    {
        var selected = new SelectedWindows(source, selection);
        long[]? self = null;
        var tally = Tallies[sum];
        foreach (var window in selected.Windows())
        {
            cancellationToken.ThrowIfCancellationRequested();
            self ??= new long[source.Tables.NodeParent.Length];
            var samples = source.SamplesOf(window);
            var stacks = samples.Stacks.Span;
            var links = samples.Links.Span;
            var values = samples.Values.Span;
            for (var i = 0; i < stacks.Length; i++)
            {
                if (selected.TakesLink(links[i])) self[stacks[i]] = Saturating.Add(self[stacks[i]], values[i]);
            }
            tally.Add(source.Windows.Span[window]);
        }
        if (self is not null) Fold(source.Tables, self, _self[sum], cancellationToken);
    }

    /// <summary>By node: its own value, and that with all below it. Values of all sums have a place for every node.</summary>
    public (long[] Self, long[] Total) Sums(int sum)
    {
        var count = Tables.NodeParent.Length;
        var self = new long[count];
        _self[sum].CopyTo(self);
        var total = (long[])self.Clone();
        var parents = Tables.NodeParent;
        for (var node = count - 1; node >= 0; node--)
        {
            if (parents[node] >= 0) total[parents[node]] = Saturating.Add(total[parents[node]], total[node]);
        }
        return (self, total);
    }

    private void Fold(StackTables tables, long[] self, List<long> into, CancellationToken cancellationToken)
    {
        var mapping = new FunctionMapping(tables, _builder);
        for (var node = 0; node < self.Length; node++)
        {
            if (self[node] == 0) continue;
            if ((node & 0xFFF) == 0) cancellationToken.ThrowIfCancellationRequested();
            var merged = mapping.Node(node);
            while (into.Count <= merged) into.Add(0);
            into[merged] = Saturating.Add(into[merged], self[node]);
        }
    }

    /// <summary>What the nodes of a source are in the merged tree.</summary>
    private sealed class FunctionMapping
    {
        private const int Unknown = -2;

        private readonly StackTables _from;
        private readonly StackTablesBuilder _to;
        private readonly int[] _locations;
        private readonly int[] _nodes;
        private readonly Stack<int> _pending = [];

        public FunctionMapping(StackTables from, StackTablesBuilder to)
        {
            (_from, _to) = (from, to);
            _locations = new int[from.FunctionName.Length];
            _nodes = new int[from.NodeParent.Length];
            Array.Fill(_locations, Unknown);
            Array.Fill(_nodes, Unknown);
        }

        public int Node(int node)
        {
            var at = node;
            while (at != StackTables.Top && _nodes[at] == Unknown)
            {
                _pending.Push(at);
                at = _from.NodeParent[at];
            }
            var mapped = at == StackTables.Top ? StackTables.Top : _nodes[at];
            while (_pending.TryPop(out var next)) _nodes[next] = mapped = _to.Node(mapped, Location(_from.LocationFunction[_from.NodeLocation[next]]));
            return mapped;
        }

        private int Location(int function)
        {
            ref var mapped = ref _locations[function];
            if (mapped == Unknown)
                mapped = _to.Location(_to.Function(_to.Text(_from.Texts[_from.FunctionName[function]]), _to.Text(_from.Texts[_from.FunctionFile[function]])), 0);
            return mapped;
        }
    }
}

/// <summary>Which windows went into a sum.</summary>
internal sealed class StackTally
{
    /// <summary>Number of windows.</summary>
    public int Windows { get; private set; }

    /// <summary>When the first one began; 0 when there is none.</summary>
    public ulong FirstUnixNano { get; private set; }

    /// <summary>When the last one ended.</summary>
    public ulong LastUnixNano { get; private set; }

    public void Add(in WindowFacts window)
    {
        FirstUnixNano = Windows == 0 ? window.StartUnixNano : Math.Min(FirstUnixNano, window.StartUnixNano);
        LastUnixNano = Math.Max(LastUnixNano, window.EndUnixNano);
        Windows++;
    }
}
