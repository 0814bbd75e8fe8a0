using Throughline.Engine.Files;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;

namespace Throughline.Engine.Logs.Execution;

/// <summary>Goes through the parts of a snapshot: what a bound or damage left out ends up in the answer, and does not end the query. One query's own; not thread safe.</summary>
internal sealed class LogWalk(IReadOnlyList<LogPart> parts, QueryBounds bounds)
{
    private Truncation? _bound;
    private readonly List<Exception> _unreadable = [];

    /// <summary>The parts.</summary>
    public IReadOnlyList<LogPart> Parts => parts;

    /// <summary>The query's bounds.</summary>
    public QueryBounds Bounds => bounds;

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<Exception> Unreadable => _unreadable;

    /// <summary>Why the answer may lack matches; null when it does not.</summary>
    public Truncation? Truncated => _bound ?? (_unreadable.Count > 0 ? new Truncation("unreadable", $"Some stored data cannot be read: {_unreadable[0].Message}") : null);

    /// <summary>The part of the answer that one part gives; false when the query is over.</summary>
    public bool Try(LogPart part, Action<LogPart> look)
    {
        try
        {
            bounds.Check();
            look(part);
            return true;
        }
        catch (BoundHitException e)
        {
            _bound = e.Truncation;
            return false;
        }
        catch (CorruptDataException e)
        {
            _unreadable.Add(e);
            return true;
        }
    }
}
