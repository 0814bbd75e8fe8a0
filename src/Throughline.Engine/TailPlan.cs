using Throughline.Engine.Blocks;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Sampling;

namespace Throughline.Engine;

/// <summary>What was decided about a frozen head: the traces that go, and the trace states of those that stay. Made once for each head, however often its flush is tried. Immutable.</summary>
/// <param name="Sampler">Who decided.</param>
/// <param name="Traces">All that were decided.</param>
/// <param name="Dropped">The numbers in the head of those that go, ascending.</param>
/// <param name="TraceStates">By row of the head: its trace state, a number in the head's strings.</param>
/// <param name="KeepsAny">Whether any of the decided traces stays.</param>
internal sealed record TailPlan(ITailSampler Sampler, IReadOnlyList<DecidedTrace> Traces, int[] Dropped, Column<int> TraceStates, bool KeepsAny)
{
    /// <summary>Makes the plan. Trace states that are new are added to the head's strings: nobody else adds to a frozen head.</summary>
    public static TailPlan Of(Head head, ITailSampler sampler, List<DecidedTrace> traces, int[] ordinals)
    {
        var states = new Column<int>(head.TableView().Spans.TraceState.Span.ToArray());
        var dropped = new List<int>();
        var told = new Dictionary<(int State, ulong Threshold), int>();
        for (var i = 0; i < traces.Count; i++)
        {
            var (threshold, rows) = (traces[i].Decision.Threshold, traces[i].Rows);
            if (!traces[i].Decision.IsKept) dropped.Add(ordinals[i]);
            else if (threshold > 0)
            {
                foreach (var row in rows)
                {
                    var state = states[row];
                    if (!told.TryGetValue((state, threshold), out var with)) told.Add((state, threshold), with = head.TraceStateWith(state, threshold));
                    states.Items[row] = with;
                }
            }
        }
        return new TailPlan(sampler, traces, [.. dropped], states, dropped.Count < traces.Count);
    }

    /// <summary>Tells the sampler.</summary>
    public void Tell(SpanBatch spans) => Sampler.Decided(new TailOutcome(spans, Traces));
}
