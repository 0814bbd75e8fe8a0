using System.Diagnostics.Tracing;

namespace Throughline.Telemetry.Profiling.Spans;

/// <summary>
/// The operating system's id of the current thread, as the runtime writes it on samples. It tells it to managed code with events only,
/// so a thread asks by writing one. One for the process, as event sources are; made when it is first asked. Thread-safe.
/// </summary>
internal static class OsThread
{
    private static readonly Question s_question = new();
    private static readonly Answer s_answer = new(s_question);

    [ThreadStatic]
    private static long t_id;

    /// <summary>The current thread's id; 0 when the application was built without event sources.</summary>
    public static long Id
    {
        get
        {
            if (t_id == 0 && s_answer.Listens) s_question.Ask();
            return t_id;
        }
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
        public Answer(Question question)
        {
            EnableEvents(question, EventLevel.Informational);
            Listens = question.IsEnabled();
        }

        public bool Listens { get; }

        protected override void OnEventWritten(EventWrittenEventArgs eventData) => t_id = eventData.OSThreadId;
    }
}
