using System.Diagnostics;

namespace Throughline.Telemetry;

/// <summary>Marking a span as failed, in the form that the conventions ask for.</summary>
public static class SpanFailure
{
    /// <summary>Sets status and <c>error.type</c>, and records the exception with its stack trace as an event.</summary>
    public static void Fail(this Activity? span, Exception exception, string? errorType = null)
    {
        if (span is null) return;
        span.SetTag("error.type", errorType ?? exception.GetType().FullName);
        Record(span, exception);
        span.SetStatus(ActivityStatusCode.Error, exception.Message);
    }

    /// <summary>Sets status and <c>error.type</c> where no exception was thrown.</summary>
    public static void Fail(this Activity? span, string errorType, string message)
    {
        span?.SetTag("error.type", errorType);
        span?.SetStatus(ActivityStatusCode.Error, message);
    }

    /// <summary>The exception as an event, at the time that the service's clock says.</summary>
    internal static void Record(Activity span, Exception exception) => span.AddException(exception, default, ClockOffset.Now(span));
}
