using System.Collections.Concurrent;
using CsCheck;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Exporter;
using Throughline.Telemetry;
using Throughline.Tests.Protos;

namespace Throughline.Tests.Telemetry;

/// <summary>What a receiver says beyond yes and no: it is heard, counted and told.</summary>
public sealed class ReceiverAnswerTests
{
    private readonly string _service = "test-" + Guid.NewGuid().ToString("n");
    private readonly LogLines _log = new();

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task SpansThatAReceiverRefusesOfABatchThatItTakesAreCountedAndSaid(OtlpExportProtocol protocol)
    {
        await using var sink = await OtlpSink.StartAsync();
        sink.TraceAnswer = new() { PartialSuccess = new() { RejectedSpans = 1, ErrorMessage = "the span is older than a week" } };

        await SendAsync(new(protocol == OtlpExportProtocol.Grpc ? sink.Grpc : sink.Http), protocol);

        Assert.Contains(_log.Written, line => line.Contains("1 not taken by", StringComparison.Ordinal) && line.Contains("older than a week", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(StatusCodes.Status401Unauthorized)]
    [InlineData(StatusCodes.Status413PayloadTooLarge)]
    public async Task BatchThatCanNeverBeTakenIsGivenUpAtOnce(int status)
    {
        await using var receiver = await ReceiverAsync(status);

        await SendAsync(new(receiver.App.Urls.First()), OtlpExportProtocol.HttpProtobuf);

        // Sent again, a batch is the same bytes.
        Assert.Equal(receiver.Bodies.Distinct().Count(), receiver.Bodies.Count);
        Assert.Contains(_log.Written, line => line.Contains("not taken by", StringComparison.Ordinal));
    }

    /// <summary>It says that it takes them, and then nothing more, not even that it is done.</summary>
    [Fact]
    public async Task ReceiverThatStopsInTheMiddleOfItsAnswerHoldsUpNothing()
    {
        await using var receiver = await ReceiverAsync(static async response =>
        {
            response.ContentLength = 10;
            await response.Body.FlushAsync(response.HttpContext.RequestAborted);
            await Task.Delay(Timeout.Infinite, response.HttpContext.RequestAborted);
        });

        await SendAsync(new(receiver.App.Urls.First()), OtlpExportProtocol.HttpProtobuf, settings: [new("OTEL_EXPORTER_OTLP_TIMEOUT", "200")]);

        Assert.Contains(_log.Written, line => line.Contains("not taken by", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReceiverThatTakesEverythingIsNotComplainedAbout()
    {
        await using var sink = await OtlpSink.StartAsync();

        await SendAsync(new(sink.Http), OtlpExportProtocol.HttpProtobuf, until: () => sink.Spans.Any(span => span.Service == _service && span.Item.Name == "told"));

        Assert.DoesNotContain(_log.Written, line => line.Contains("being lost", StringComparison.Ordinal));
    }

    [Fact]
    public void RefusedItemsAreReadFromTheAnswersOfAllSignals()
    {
        foreach (var answer in new IMessage[]
        {
            new ExportTraceServiceResponse { PartialSuccess = new() { RejectedSpans = 300, ErrorMessage = "why" } },
            new ExportLogsServiceResponse { PartialSuccess = new() { RejectedLogRecords = 300, ErrorMessage = "why" } },
            new ExportMetricsServiceResponse { PartialSuccess = new() { RejectedDataPoints = 300, ErrorMessage = "why" } },
        })
            Assert.Equal((300, "The receiver refused 300 of a request that it took: why"), ReceiverAnswer.PartialSuccess.Read(answer.ToByteArray()));
        // A warning is no refusal.
        Assert.Equal((0, null), ReceiverAnswer.PartialSuccess.Read(new ExportTraceServiceResponse { PartialSuccess = new() { ErrorMessage = "soon" } }.ToByteArray()));
    }

    [Fact]
    public void BytesThatAreNoAnswerRefuseNothingAndHurtNobody() => Gen.Byte.Array[0, 40].Sample(bytes => ReceiverAnswer.PartialSuccess.Read(bytes).Rejected >= 0);

    [Theory]
    [InlineData("QueueLimit is 0")]
    [InlineData("ExportBatchLimit is -1")]
    [InlineData("ExportDelay is 00:00:00")]
    [InlineData("DeliveryTimeout is -00:00:01")]
    public void OptionThatCannotBeEndsTheStartByItsName(string words)
    {
        var builder = Host.CreateApplicationBuilder();

        var problem = Assert.Throws<InvalidOperationException>(() => builder.AddThroughline(_service, options => _ = words[..words.IndexOf(' ')] switch
        {
            nameof(options.QueueLimit) => (object)(options.QueueLimit = 0),
            nameof(options.ExportBatchLimit) => options.ExportBatchLimit = -1,
            nameof(options.ExportDelay) => options.ExportDelay = TimeSpan.Zero,
            _ => options.DeliveryTimeout = TimeSpan.FromSeconds(-1),
        }));

        Assert.StartsWith(words, problem.Message);
    }

    /// <summary>Sends a span and waits for the answer to show, in the log unless said otherwise.</summary>
    private async Task SendAsync(Uri receiver, OtlpExportProtocol protocol, Func<bool>? until = null, params KeyValuePair<string, string?>[] settings)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Logging.ClearProviders().AddProvider(_log);
        builder.AddThroughline(_service, options => (options.Endpoint, options.Protocol, options.ExportDelay, options.DeliveryTimeout) =
            (receiver, protocol, TimeSpan.FromMilliseconds(10), settings.Length == 0 ? options.DeliveryTimeout : TimeSpan.FromMilliseconds(300)));
        using var host = builder.Build();
        await host.StartAsync();
        using var spans = new SpanSource(_service);
        spans.Start("told")?.Dispose();
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!(until ?? IsLogged)()) await tick.WaitForNextTickAsync(limit.Token);
        await host.StopAsync();

        bool IsLogged() => _log.Written.Any(line => line.Contains("spans are being lost", StringComparison.Ordinal));
    }

    private static Task<Receiver> ReceiverAsync(int status) => ReceiverAsync(response =>
    {
        response.StatusCode = status;
        return Task.CompletedTask;
    });

    private static async Task<Receiver> ReceiverAsync(Func<HttpResponse, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new Receiver(builder.Build(), []);
        receiver.App.MapPost("/v1/traces", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            receiver.Bodies.Enqueue(Convert.ToHexString(body.ToArray()));
            await answer(request.HttpContext.Response);
        });
        await receiver.App.StartAsync();
        return receiver;
    }

    private sealed record Receiver(WebApplication App, ConcurrentQueue<string> Bodies) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => App.DisposeAsync();
    }
}
