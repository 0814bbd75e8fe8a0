using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Lifecycle;

/// <summary>
/// Tells which hidden traces may be dropped from a block. A trace is hidden by the start of its earliest span, wherever that lies: while a part of it that starts later stays elsewhere, the part that hides
/// it stays too, or the rest would show again as if it were a trace. Owned by maintenance; not thread safe.
/// </summary>
internal sealed class HiddenTraces(IBlockSet blocks)
{
    /// <summary>What may be dropped from some blocks together: traces that start in them before the cut, are not pinned, and have nothing elsewhere that would show.</summary>
    public Func<TraceId, ulong, bool> DroppedFrom(IReadOnlyCollection<StoredBlock> inputs)
    {
        var visibility = blocks.Visibility;
        var cut = visibility.HiddenBeforeUnixNano;
        if (cut == 0) return static (_, _) => false;
        var elsewhere = new Lazy<(HashSet<TraceId> InHeads, StoredBlock[] Blocks)>(() =>
        {
            // The heads first: what becomes a block between the two is seen in both, not in neither.
            var inHeads = blocks.HeadTracesFrom(cut);
            return (inHeads, [.. blocks.Blocks.Where(b => !inputs.Contains(b) && b.Facts.MaxStartUnixNano >= cut)]);
        });
        return (id, start) => visibility.Hides(id, start) && !elsewhere.Value.InHeads.Contains(id) && !Array.Exists(elsewhere.Value.Blocks, b => Shows(b, id, cut));
    }

    /// <summary>Of the hidden traces of a block, how many may not be dropped from it. 0 when it cannot be read: then nothing is known to be hidden in it either.</summary>
    public int CountKept(StoredBlock block)
    {
        var (visibility, isDropped) = (blocks.Visibility, DroppedFrom([block]));
        var kept = 0;
        try
        {
            var ids = block.Reader.TraceIds;
            for (var part = 0; part < block.Reader.Parts.Count; part++)
            {
                var (facts, starts) = (block.Reader.Parts[part], block.Reader.Open(part).Traces(TraceColumn.Start));
                for (var trace = 0; trace < facts.Traces; trace++)
                {
                    var id = ids[facts.FirstTrace + trace];
                    if (visibility.Hides(id, starts[trace]) && !isDropped(id, starts[trace])) kept++;
                }
            }
            return kept;
        }
        catch (UnreadableSegmentException)
        {
            return 0;
        }
    }

    private static bool Shows(StoredBlock block, TraceId id, ulong cut)
    {
        try
        {
            return block.Reader.FindTrace(id) is >= 0 and var trace && block.Reader.TraceStart(trace) >= cut;
        }
        catch (UnreadableSegmentException)
        {
            // It does not tell, and may serve a part of the trace once it can be read.
            return true;
        }
    }
}
