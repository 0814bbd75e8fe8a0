using Throughline.Engine.Files;
using Throughline.Server.Process;
using Microsoft.AspNetCore.Http;
using Throughline.Server.Configuration;
using Throughline.Server.Forward;
using Throughline.Server.Health;
using Throughline.Server.Receive;
using Throughline.Server.SelfTelemetry;
using Throughline.Server.Storage;
using Throughline.Tests.Files;

namespace Throughline.Tests.Server.Receive;

/// <summary>What senders are told while the store is not open: at the start, while it is recovered, and at the end.</summary>
public sealed class ClosedStoreTests
{
    [Fact]
    public async Task SendersAreAskedToComeAgain()
    {
        var counters = new IngestCounters(TimeProvider.System);
        var limits = new ReceiveLimits();
        var rules = ProcessSettings.Open(new DiskFileSystem(), "/nowhere", redactsSensitive: true, TimeProvider.System);
        using var health = new HealthWatch(limits, "/", new MemoryFileSystem(), TimeProvider.System, static () => 0);
        var receiver = new OtlpHttpReceiver([new IngestService(new SpanIntake(new StoreGate(), limits.MaxNesting, rules, new ForwardGate(), new RedCounters(10)), counters, health, limits.MaxNesting)],
            new HttpBodies(new ReceiveBudget(limits), new BodyReader(limits), limits, counters, TimeProvider.System), counters);
        var body = Export.Protobuf(Export.OneSpan(1));
        using var answer = new MemoryStream();
        var context = new DefaultHttpContext
        {
            Request = { Method = "POST", Path = "/v1/traces", ContentType = "application/x-protobuf", ContentLength = body.Length, Body = new MemoryStream(body) },
            Response = { Body = answer },
        };

        await receiver.HandleAsync(context);

        Assert.Equal(503, context.Response.StatusCode);
        Assert.Equal("1", context.Response.Headers.RetryAfter);
        var status = OtlpMessages.Status(answer.ToArray());
        Assert.Equal(14, status.Code);
        Assert.Contains("not open", status.Message);
        var refusal = Assert.Single(counters.Read().Refusals);
        Assert.Equal((RefusalReason.Unavailable, 1L), (refusal.Reason, refusal.Count));
    }
}
