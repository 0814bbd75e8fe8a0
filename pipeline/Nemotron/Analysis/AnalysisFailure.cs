using System.ClientModel;
using System.Net.Sockets;
using System.Text.Json;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>
/// Why a batch got no verdict: the status for the caller, the <c>error.type</c> for the span, and how long to wait before another try,
/// where that is known. Immutable.
/// </summary>
internal sealed record AnalysisFailure(int Status, string ErrorType, string Message, Exception? Cause = null, string? RetryAfter = null)
{
    public static AnalysisFailure Invalid(string message) => new(StatusCodes.Status400BadRequest, "validation_error", message);

    public static AnalysisFailure QueueFull(WorkQueue queue) => new(StatusCodes.Status503ServiceUnavailable, "queue_full",
        $"All {queue.Limit} places for batches (Llm:Parallel and Llm:Queue) are taken.", RetryAfter: WorkQueue.RetryAfterSeconds);

    public static AnalysisFailure CallerGone(Exception cause) =>
        new(StatusCodes.Status499ClientClosedRequest, "client_closed_request", "The caller went away before there was a verdict.", cause);

    /// <summary>What an exception means; null when it is none that was to be expected.</summary>
    /// <param name="caller">Cancelled once the caller has gone away.</param>
    public static AnalysisFailure? Of(Exception problem, CancellationToken caller) => problem switch
    {
        OperationCanceledException when caller.IsCancellationRequested => CallerGone(problem),
        // The same batch would not fit the next time either, and other batches do: neither a reason to try again nor to leave the service alone.
        OutOfMemoryException => new(StatusCodes.Status507InsufficientStorage, "out_of_memory", problem.Message, problem),
        FormatException => Bad("invalid_verdict", problem),
        LlmAnswerException answer => Bad(answer.ErrorType, problem),
        TimeoutException => new(StatusCodes.Status504GatewayTimeout, "timeout", problem.Message, problem),
        ClientResultException { Status: StatusCodes.Status429TooManyRequests } limited => new(
            StatusCodes.Status503ServiceUnavailable, "rate_limited", $"The language model's server takes no more requests now: {limited.Message}",
            problem, Pause(limited)),
        ClientResultException { Status: >= 400 } error => Bad("llm_error", problem, $"The language model's server answered {error.Status}: {error.Message}"),
        _ when Inner<SocketException>(problem) is { SocketErrorCode: SocketError.ConnectionRefused } =>
            Bad("connection_refused", problem, $"Nobody listens where the language model should be: {problem.Message}"),
        _ when Inner<HttpRequestException>(problem) is
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
                or HttpRequestError.ProxyTunnelError,
        } => Bad("llm_unreachable", problem, $"The language model can't be reached: {problem.Message}"),
        _ when Inner<IOException>(problem) is not null || Inner<HttpRequestException>(problem) is not null =>
            Bad("incomplete_answer", problem, $"The language model's server broke its answer off: {problem.Message}"),
        // What came is not what the chat completions API sends.
        JsonException or ClientResultException => Bad("invalid_answer", problem, $"The language model's server does not speak the API that was agreed: {problem.Message}"),
        _ => null,
    };

    private static AnalysisFailure Bad(string errorType, Exception cause, string? message = null) =>
        new(StatusCodes.Status502BadGateway, errorType, message ?? cause.Message, cause);

    private static string Pause(ClientResultException limited) =>
        limited.GetRawResponse() is { } response && response.Headers.TryGetValue("Retry-After", out var pause) && pause is not null ? pause : WorkQueue.RetryAfterSeconds;

    private static TException? Inner<TException>(Exception problem) where TException : Exception
    {
        for (var at = problem; at is not null; at = at.InnerException)
            if (at is TException found) return found;
        return null;
    }
}
