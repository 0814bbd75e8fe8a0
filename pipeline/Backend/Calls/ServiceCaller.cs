using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Polly.CircuitBreaker;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Calls;

/// <summary>
/// Calls one other service and tries again what may pass, as <see cref="CallPolicy"/> says. Each try is a span of its own
/// (<c>http_request</c>), and so is each pause between two (<c>retry_backoff</c>); only a call that failed for good is an error to its caller. Thread-safe.
/// </summary>
internal sealed class ServiceCaller(HttpClient http, string service, ServiceOptions options, SpanSource spans, TimeProvider time, ILogger logger)
{
    /// <summary>An answer that lacks what was agreed is no answer.</summary>
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    };

    /// <summary>A shorter pause is not worth a span of its own.</summary>
    private static readonly TimeSpan s_worthTelling = TimeSpan.FromMilliseconds(1);

    private const int MaximumAnswerBytes = 16 * 1024 * 1024;

    private readonly CallPolicy _policy = new(service, options, time, logger);

    /// <summary>The state of the circuit breaker in a word, see <see cref="CallPolicy.State"/>.</summary>
    public string BreakerState => _policy.State;

    /// <summary>The client of calls: without a time limit, since each try has its own, and with one for the size of an answer.</summary>
    public static HttpClient Client(HttpMessageHandler handler) =>
        new(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaximumAnswerBytes };

    /// <exception cref="ServiceCallException">
    /// Every try failed, one failed in a way that another can't mend, or none was made since the breaker is open.
    /// </exception>
    public async Task<TAnswer> PostAsync<TAnswer>(string path, Func<HttpContent> content, CancellationToken cancellation)
    {
        var (attempt, last, failedAt) = (0, (ServiceCallException?)null, default(DateTimeOffset));
        try
        {
            return await _policy.RunAsync(async token =>
            {
                TellPause();
                try
                {
                    return await TryAsync<TAnswer>(path, content(), attempt++, token);
                }
                catch (ServiceCallException problem)
                {
                    (last, failedAt) = (problem, time.GetUtcNow());
                    throw;
                }
            }, cancellation);
        }
        catch (BrokenCircuitException open)
        {
            TellPause();
            Activity.Current?.SetTag("circuit_breaker.state", "open");
            // When the breaker opened between two tries of this call, why its own try failed says more.
            throw last ?? new ServiceCallException(
                "circuit_open",
                $"{service} was not asked: too many calls of it failed, and the circuit breaker keeps others away for {options.BreakerOpenSeconds} s.",
                worthAnotherTry: false, open);
        }

        // A pause is over when the next try begins, or when the breaker has opened meanwhile and there is none.
        void TellPause()
        {
            var now = time.GetUtcNow();
            if (last is not null && now - failedAt >= s_worthTelling && Activity.Current is { } call)
                spans.RecordWait(call.Context, "retry_backoff", WaitKind.RetryBackoff, failedAt, now, [new("retry.attempt", attempt)]);
        }
    }

    private async Task<TAnswer> TryAsync<TAnswer>(string path, HttpContent content, int attempt, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, options.AddressOf(path)) { Content = content }
            .WithSpanTag("peer.service", service).WithSpanTag("retry.attempt", attempt);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(options.TimeoutSeconds), time);
        request.WithCancellationError(() => cancellation.IsCancellationRequested ? "shutdown" : "timeout");
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            using var response = await http.SendAsync(request, either.Token);
            if (!response.IsSuccessStatusCode) throw await Refused(response, either.Token);
            return await JsonSerializer.DeserializeAsync<TAnswer>(await response.Content.ReadAsStreamAsync(either.Token), s_json, either.Token)
                ?? throw new ServiceCallException("invalid_answer", $"{service} answered null.", worthAnotherTry: false);
        }
        catch (OperationCanceledException problem) when (!cancellation.IsCancellationRequested)
        {
            throw new ServiceCallException("timeout", $"{service} did not answer within {options.TimeoutSeconds} s.", worthAnotherTry: true, problem);
        }
        catch (HttpRequestException problem) when (problem.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new ServiceCallException(
                "invalid_answer", $"{service}'s answer is larger than {MaximumAnswerBytes} bytes.", worthAnotherTry: false, problem);
        }
        catch (HttpRequestException problem)
        {
            throw new ServiceCallException(
                OutgoingCall.IsRefused(problem) ? "connection_refused" : "connection_failed", $"{service} at {options.Url} can't be reached: {problem.Message}",
                worthAnotherTry: true, problem);
        }
        catch (JsonException problem)
        {
            throw new ServiceCallException(
                "invalid_answer", $"{service}'s answer is not what was agreed: {problem.Message}", worthAnotherTry: false, problem);
        }
    }

    /// <summary>The service's own word for its failure, where it gives one in its problem details.</summary>
    private async Task<ServiceCallException> Refused(HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        var (type, detail) = (status.ToString(System.Globalization.CultureInfo.InvariantCulture), "");
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
        {
            try
            {
                using var problem = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellation), default, cancellation);
                if (Text(problem.RootElement, "detail") is { Length: > 0 } text) detail = ": " + text;
                if (Text(problem.RootElement, "errorType") is { Length: > 0 } errorType) type = errorType;
            }
            catch (Exception broken) when (broken is JsonException or InvalidOperationException)
            {
                // Its status says enough. (What is no text, like half of a surrogate pair, is an invalid operation.)
                detail = ", with problem details that can't be read";
            }
        }
        return new(type, $"{service} answered {status}{detail}", worthAnotherTry: response.StatusCode is
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError
            or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
        {
            RetryAfter = response.Headers.RetryAfter is { } asked ? asked.Delta ?? asked.Date - time.GetUtcNow() : null,
        };
    }

    private static string? Text(JsonElement problem, string name) =>
        problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
