using System.Diagnostics.Tracing;

namespace Throughline.Telemetry.Profiling.Spans;

/// <summary>
/// The operating system's ids of threads, as the runtime writes them on samples. It tells them to managed code with events only,
/// so a thread asks by writing one. Thread-safe.
/// </summary>
internal sealed class OsThreadIds : IDisposable
{
    [ThreadStatic]
    private static long t_answer;

    private readonly Question _question = new();
    private readonly Answer _answer = new();

    public OsThreadIds() => _answer.EnableEvents(_question, EventLevel.Informational);

    /// <summary>The current thread's id; 0 when the application was built without event sources.</summary>
    public long Current
    {
        get
        {
            t_answer = 0;
            _question.Ask();
            return t_answer;
        }
    }

    public void Dispose()
    {
        _answer.Dispose();
        _question.Dispose();
    }

    [EventSource(Name = "Throughline-Telemetry-ThreadId")]
    private sealed class Question : EventSource
    {
        [Event(1, Level = EventLevel.Informational)]
        public void Ask() => WriteEvent(1);
    }

    /// <summary>Called by the thread that writes the event, before the writing returns.</summary>
    private sealed class Answer : EventListener
    {
        protected override void OnEventWritten(EventWrittenEventArgs eventData) => t_answer = eventData.OSThreadId;
    }
}
