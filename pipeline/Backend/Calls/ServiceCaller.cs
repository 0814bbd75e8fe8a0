using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Calls;

/// <summary>
/// Calls one other service and tries again what may pass. Each try is a span of its own (<c>http_request</c>); only a call that failed
/// for good is an error to its caller. Thread-safe.
/// </summary>
internal sealed class ServiceCaller(HttpClient http, string service, ServiceOptions options, TimeProvider time)
{
    /// <exception cref="ServiceCallException">Every try failed, or one in a way that another can't mend.</exception>
    public async Task<TAnswer> PostAsync<TAnswer>(string path, Func<HttpContent> content, CancellationToken cancellation)
    {
        var pause = TimeSpan.FromSeconds(options.PauseSeconds);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await TryAsync<TAnswer>(path, content(), attempt, cancellation);
            }
            catch (ServiceCallException problem) when (problem.WorthAnotherTry && attempt + 1 < options.Attempts)
            {
                await Task.Delay(pause, time, cancellation);
                pause *= 2;
            }
        }
    }

    private async Task<TAnswer> TryAsync<TAnswer>(string path, HttpContent content, int attempt, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(options.Url!, path)) { Content = content }
            .WithSpanTag("peer.service", service).WithSpanTag("retry.attempt", attempt);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(options.TimeoutSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            using var response = await http.SendAsync(request, either.Token);
            if (!response.IsSuccessStatusCode) throw await Refused(response, either.Token);
            return await response.Content.ReadFromJsonAsync<TAnswer>(either.Token)
                ?? throw new ServiceCallException("invalid_answer", $"{service} answered null.", worthAnotherTry: false);
        }
        catch (OperationCanceledException problem) when (!cancellation.IsCancellationRequested)
        {
            throw new ServiceCallException("timeout", $"{service} did not answer within {options.TimeoutSeconds} s.", worthAnotherTry: true, problem);
        }
        catch (HttpRequestException problem)
        {
            var refused = problem.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };
            throw new ServiceCallException(
                refused ? "connection_refused" : "connection_failed", $"{service} at {options.Url} can't be reached: {problem.Message}",
                worthAnotherTry: true, problem);
        }
        catch (JsonException problem)
        {
            throw new ServiceCallException("invalid_answer", $"{service}'s answer is not what was agreed: {problem.Message}", worthAnotherTry: false, problem);
        }
    }

    /// <summary>The service's own word for its failure, where it gives one in its problem details.</summary>
    private async Task<ServiceCallException> Refused(HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        var (type, detail) = (status.ToString(System.Globalization.CultureInfo.InvariantCulture), "");
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
        {
            using var problem = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellation), default, cancellation);
            if (problem.RootElement.TryGetProperty("errorType", out var errorType)) type = errorType.GetString() ?? type;
            if (problem.RootElement.TryGetProperty("detail", out var text)) detail = ": " + text.GetString();
        }
        return new(type, $"{service} answered {status}{detail}", worthAnotherTry: response.StatusCode is
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError
            or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout);
    }
}
