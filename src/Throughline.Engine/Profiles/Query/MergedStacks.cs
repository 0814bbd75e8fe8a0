namespace Throughline.Engine.Profiles.Query;

/// <summary>
/// The stacks of many windows as one tree by functions (their lines fall together), with one or two sums of values: what is looked at, and what it is compared with. Used by one thread.
/// </summary>
internal sealed class MergedStacks
{
    /// <summary>What a merged node takes beside its tables while the answer is made: its sums, and its place among the others.</summary>
    private const int NodeBytes = 48;

    private const int SumBytes = 32;

    private readonly StackTablesBuilder _builder = new();
    private readonly List<long>[] _self;
    private readonly ProfileMemory _memory;

    /// <param name="sums">1, or 2 to compare.</param>
    public MergedStacks(int sums, ProfileMemory memory)
    {
        _self = [.. Enumerable.Range(0, sums).Select(static _ => new List<long>())];
        _memory = memory;
    }

    /// <summary>The merged tree's tables; a location is a function.</summary>
    public StackTables Tables => _builder.Tables;

    /// <summary>What was added, by sum.</summary>
    public StackTally[] Tallies { get; } = [new(), new()];

    /// <summary>Adds the selected samples of a source to a sum.</summary>
    public void Add(IProfileSource source, ProfileSelection selection, int sum, CancellationToken cancellationToken)
    {
        var selected = new SelectedWindows(source, selection);
        long[]? self = null;
        var tally = new StackTally();
        // By node of the source: its sum, and its number in the merged tree.
        var taken = (sizeof(long) + sizeof(int)) * (long)source.Tables.NodeParent.Length + sizeof(int) * (long)source.Tables.FunctionName.Length;
        try
        {
            foreach (var window in selected.Windows())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (self is null)
                {
                    _memory.Take(taken);
                    self = new long[source.Tables.NodeParent.Length];
                }
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
            if (self is null) return;
            Fold(source.Tables, self, _self[sum], cancellationToken);
            // Of a source that cannot be read nothing is in the sum, and no window is counted.
            Tallies[sum].Add(tally);
        }
        finally
        {
            if (self is not null) _memory.GiveBack(taken);
        }
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
        var folded = 0;
        for (var node = 0; node < self.Length; node++)
        {
            if (self[node] == 0) continue;
            if ((++folded & 0xFFF) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                CheckMemory();
            }
            var merged = mapping.Node(node);
            while (into.Count <= merged) into.Add(0);
            into[merged] = Saturating.Add(into[merged], self[node]);
        }
        CheckMemory();
    }

    private void CheckMemory() => _memory.Check(_builder.MemoryBytes + (NodeBytes + SumBytes * (long)_self.Length) * _builder.Tables.NodeParent.Length);

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

/// <summary>Which windows went into a sum. What one request brought of the same time is one window, whatever sets of labels its samples have.</summary>
internal sealed class StackTally
{
    private readonly HashSet<(ulong Start, ulong End, ulong Received)> _windows = [];

    /// <summary>Number of windows.</summary>
    public int Windows => _windows.Count;

    /// <summary>When the first one began; 0 when there is none.</summary>
    public ulong FirstUnixNano { get; private set; }

    /// <summary>When the last one ended.</summary>
    public ulong LastUnixNano { get; private set; }

    public void Add(in WindowFacts window)
    {
        FirstUnixNano = Windows == 0 ? window.StartUnixNano : Math.Min(FirstUnixNano, window.StartUnixNano);
        LastUnixNano = Math.Max(LastUnixNano, window.EndUnixNano);
        _windows.Add((window.StartUnixNano, window.EndUnixNano, window.ReceivedUnixNano));
    }

    public void Add(StackTally other)
    {
        if (other.Windows == 0) return;
        FirstUnixNano = Windows == 0 ? other.FirstUnixNano : Math.Min(FirstUnixNano, other.FirstUnixNano);
        LastUnixNano = Math.Max(LastUnixNano, other.LastUnixNano);
        _windows.UnionWith(other._windows);
    }
}
