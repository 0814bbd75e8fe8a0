using System.Text;

namespace Throughline.Engine.Profiles.Query;

/// <summary>Makes answers of merged stacks. Stateless.</summary>
internal static class FlameLayout
{
    /// <summary>The graph with at most so many frames, the largest ones.</summary>
    public static FlameGraph Graph(MergedStacks stacks, bool compared, int maxFrames)
    {
        var tables = stacks.Tables;
        var (self, total) = stacks.Sums(0);
        var (baseSelf, baseTotal) = compared ? stacks.Sums(1) : ([], []);
        var weight = compared ? Array.ConvertAll(Enumerable.Range(0, total.Length).ToArray(), i => Math.Max(total[i], baseTotal[i])) : total;
        var least = Least(weight, maxFrames);
        var (firstChild, nextSibling, roots) = Children(tables, weight, least, maxFrames);

        var order = new List<int>(Math.Min(maxFrames, weight.Length));
        var depths = new List<int>(order.Capacity);
        var pending = new Stack<(int Node, int Depth)>();
        if (roots >= 0) pending.Push((roots, 0));
        while (pending.TryPop(out var at))
        {
            order.Add(at.Node);
            depths.Add(at.Depth);
            if (nextSibling[at.Node] >= 0) pending.Push((nextSibling[at.Node], at.Depth));
            if (firstChild[at.Node] >= 0) pending.Push((firstChild[at.Node], at.Depth + 1));
        }
        var (functions, names, files) = Functions(tables, order);
        long[] Pick(long[] values) => compared || values == self || values == total ? [.. order.Select(node => values[node])] : [];
        return new FlameGraph(names, files, functions, [.. depths], Pick(self), Pick(total), Pick(baseSelf), Pick(baseTotal),
            SumOf(stacks, 0, self), compared ? SumOf(stacks, 1, baseSelf) : null, weight.Length - order.Count);
    }

    /// <summary>All functions, in the order of a value, ties by name.</summary>
    public static FunctionCosts Costs(MergedStacks stacks, bool compared, FunctionOrder by, int limit)
    {
        var tables = stacks.Tables;
        var (self, total) = stacks.Sums(0);
        var (baseSelf, baseTotal) = compared ? stacks.Sums(1) : (new long[self.Length], new long[self.Length]);
        var count = tables.FunctionName.Length;
        var sums = new (long Self, long Total, long BaseSelf, long BaseTotal)[count];
        var outermost = Outermost(tables);
        for (var node = 0; node < self.Length; node++)
        {
            ref var sum = ref sums[FunctionOf(tables, node)];
            sum.Self = Saturating.Add(sum.Self, self[node]);
            sum.BaseSelf = Saturating.Add(sum.BaseSelf, baseSelf[node]);
            if (!outermost[node]) continue;
            sum.Total = Saturating.Add(sum.Total, total[node]);
            sum.BaseTotal = Saturating.Add(sum.BaseTotal, baseTotal[node]);
        }
        // Ranges are seldom equally long, nor a service equally busy in them: shares are compared, not values.
        var (sumOf, baseSumOf) = (SumOf(stacks, 0, self), compared ? SumOf(stacks, 1, baseSelf) : null);
        double Shift(FunctionCost cost) => Math.Abs(ShareOf(cost.Total, sumOf.Value) - ShareOf(cost.BaseTotal, baseSumOf?.Value ?? 0));
        var functions = new FunctionCost[count];
        for (var i = 0; i < count; i++)
            functions[i] = new FunctionCost(Text(tables, tables.FunctionName[i]), Text(tables, tables.FunctionFile[i]), sums[i].Self, sums[i].Total, sums[i].BaseSelf, sums[i].BaseTotal);
        Array.Sort(functions, (a, b) =>
        {
            var order = by == FunctionOrder.Change ? Shift(b).CompareTo(Shift(a)) : Value(b, by).CompareTo(Value(a, by));
            return order != 0 ? order : string.CompareOrdinal(a.Name, b.Name);
        });
        return new FunctionCosts(functions.Length > limit ? functions[..limit] : functions, count, sumOf, baseSumOf);
    }

    private static long Value(FunctionCost cost, FunctionOrder by) => by == FunctionOrder.Self ? cost.Self : cost.Total;

    private static double ShareOf(long value, long sum) => sum == 0 ? 0 : value / (double)sum;

    /// <summary>By node: whether no frame above it is of the same function.</summary>
    private static bool[] Outermost(StackTables tables)
    {
        var parents = tables.NodeParent;
        var count = parents.Length;
        var (firstChild, nextSibling, last) = (Filled(count), Filled(count), StackTables.Top);
        for (var node = count - 1; node >= 0; node--)
        {
            ref var first = ref (parents[node] < 0 ? ref last : ref firstChild[parents[node]]);
            nextSibling[node] = first;
            first = node;
        }
        var outermost = new bool[count];
        var open = new int[tables.FunctionName.Length];
        var path = new Stack<int>();
        for (var at = last; at >= 0;)
        {
            outermost[at] = open[FunctionOf(tables, at)]++ == 0;
            path.Push(at);
            if (firstChild[at] >= 0)
            {
                at = firstChild[at];
                continue;
            }
            at = -1;
            while (at < 0 && path.TryPop(out var done))
            {
                open[FunctionOf(tables, done)]--;
                at = nextSibling[done];
            }
        }
        return outermost;
    }

    /// <summary>The value that the smallest frame to be shown has.</summary>
    private static long Least(long[] weight, int maxFrames)
    {
        if (weight.Length <= maxFrames) return 0;
        var sorted = (long[])weight.Clone();
        Array.Sort(sorted);
        return sorted[^maxFrames];
    }

    /// <summary>The shown frames as lists of children, the largest first, ties by name. A frame is never larger than the one that it is in, so what is shown hangs together.</summary>
    private static (int[] FirstChild, int[] NextSibling, int Roots) Children(StackTables tables, long[] weight, long least, int maxFrames)
    {
        var count = weight.Length;
        var shown = new bool[count];
        var room = maxFrames;
        for (var node = 0; node < count; node++) room -= weight[node] > least ? 1 : 0;
        for (var node = 0; node < count; node++)
        {
            var parent = tables.NodeParent[node];
            shown[node] = (parent < 0 || shown[parent]) && (weight[node] > least || (weight[node] == least && room-- > 0));
        }
        var nodes = new List<int>();
        for (var node = 0; node < count; node++)
        {
            if (shown[node]) nodes.Add(node);
        }
        nodes.Sort((a, b) =>
        {
            var order = weight[a].CompareTo(weight[b]);
            if (order == 0) order = tables.Texts[tables.FunctionName[FunctionOf(tables, b)]].SequenceCompareTo(tables.Texts[tables.FunctionName[FunctionOf(tables, a)]]);
            return order != 0 ? order : b.CompareTo(a);
        });
        var (firstChild, nextSibling, roots) = (Filled(count), Filled(count), StackTables.Top);
        foreach (var node in nodes)
        {
            var parent = tables.NodeParent[node];
            ref var first = ref (parent < 0 ? ref roots : ref firstChild[parent]);
            nextSibling[node] = first;
            first = node;
        }
        return (firstChild, nextSibling, roots);
    }

    private static (int[] Function, string[] Names, string[] Files) Functions(StackTables tables, List<int> nodes)
    {
        var numbers = new Dictionary<int, int>();
        var (names, files) = (new List<string>(), new List<string>());
        var functions = new int[nodes.Count];
        for (var i = 0; i < functions.Length; i++)
        {
            var function = FunctionOf(tables, nodes[i]);
            if (!numbers.TryGetValue(function, out var number))
            {
                numbers.Add(function, number = names.Count);
                names.Add(Text(tables, tables.FunctionName[function]));
                files.Add(Text(tables, tables.FunctionFile[function]));
            }
            functions[i] = number;
        }
        return (functions, [.. names], [.. files]);
    }

    private static ProfileSum SumOf(MergedStacks stacks, int sum, long[] self)
    {
        var value = 0L;
        foreach (var own in self) value = Saturating.Add(value, own);
        var tally = stacks.Tallies[sum];
        return new ProfileSum(value, tally.Windows, tally.FirstUnixNano, tally.LastUnixNano);
    }

    private static int FunctionOf(StackTables tables, int node) => tables.LocationFunction[tables.NodeLocation[node]];

    private static string Text(StackTables tables, int text) => Encoding.UTF8.GetString(tables.Texts[text]);

    private static int[] Filled(int count)
    {
        var numbers = new int[count];
        Array.Fill(numbers, -1);
        return numbers;
    }
}

/// <summary>By what functions are ordered, the largest first.</summary>
public enum FunctionOrder
{
    /// <summary>What was sampled in the function itself.</summary>
    Self,
    /// <summary>What was sampled in stacks with it.</summary>
    Total,
    /// <summary>The difference of its share of all, to that in what it is compared with.</summary>
    Change,
}
