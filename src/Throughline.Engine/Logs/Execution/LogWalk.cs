using Throughline.Engine.Files;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;

namespace Throughline.Engine.Logs.Execution;

/// <summary>
/// Goes through the parts of a snapshot: what a bound or damage left out ends up in the answer, and does not end the query. One query's own; <see cref="Try"/> may be called by all of its threads.
/// </summary>
/// <param name="workers">The threads that may help; null for none.</param>
internal sealed class LogWalk(IReadOnlyList<LogPart> parts, QueryBounds bounds, QueryWorkers? workers = null)
{
    /// <summary>Threads beside the query's own that are of use.</summary>
    private const int MostHelpers = 3;

    private readonly Lock _gate = new();
    private Truncation? _bound;
    private readonly List<Exception> _unreadable = [];

    /// <summary>The parts.</summary>
    public IReadOnlyList<LogPart> Parts => parts;

    /// <summary>The query's bounds.</summary>
    public QueryBounds Bounds { get; private set; } = bounds;

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<Exception> Unreadable => _unreadable;

    /// <summary>Why the answer may lack matches; null when it does not.</summary>
    public Truncation? Truncated => _bound ?? (_unreadable.Count > 0 ? new Truncation("unreadable", $"Some stored data cannot be read: {_unreadable[0].Message}") : null);

    /// <summary>A search that hit a bound shows what it found: that is read within bounds of its own.</summary>
    public void BeginReading()
    {
        if (_bound is not null) Bounds = Bounds.Anew();
    }

    /// <summary>The part of the answer that one part gives; false when the query is over.</summary>
    public bool Try(LogPart part, Action<LogPart> look)
    {
        try
        {
            Bounds.Check();
            look(part);
            return true;
        }
        catch (BoundHitException e)
        {
            lock (_gate) _bound ??= e.Truncation;
            return false;
        }
        catch (CorruptDataException e)
        {
            lock (_gate) _unreadable.Add(e);
            return true;
        }
    }

    /// <summary>Looks at items one after another, several at once where threads are free, until one answers false: the query is over.</summary>
    /// <param name="firstAlone">Helpers come when the first has been looked at, which often is enough.</param>
    public void Each<T>(IReadOnlyList<T> items, Func<T, bool> look, bool firstAlone = false)
    {
        if (items.Count == 0 || (firstAlone && !look(items[0]))) return;
        var (next, isOver) = (firstAlone ? 0 : -1, false);
        void Work()
        {
            while (!Volatile.Read(ref isOver) && Interlocked.Increment(ref next) is var index && index < items.Count)
            {
                if (!look(items[index])) Volatile.Write(ref isOver, true);
            }
        }
        var left = items.Count - next - 1;
        if (workers is null || left < 2) Work();
        else workers.Run(Work, Math.Min(MostHelpers, left - 1));
    }
}
