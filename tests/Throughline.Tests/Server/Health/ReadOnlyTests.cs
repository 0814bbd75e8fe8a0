using System.Net;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Server.Configuration;
using Throughline.Server.Health;
using Throughline.Tests.Protos;
using Throughline.Tests.Store;

namespace Throughline.Tests.Server.Health;

/// <summary>While disk or memory are full, senders get the retryable answer of their protocol, what is stored is served, and everything says so.</summary>
public sealed class ReadOnlyTests
{
    private const int Mb = 1 << 20;

    [Fact]
    public async Task AFullDiskRefusesSendersServesQueriesAndSaysSoUntilThereIsRoom()
    {
        var (files, time) = (new RoomyFileSystem(new DiskFileSystem()), new ManualTime());
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MinFreeBytes = 100 * Mb } }, files, time);
        await server.StoreAsync(Export.OneSpan(1));
        Assert.Equal("ok\n", await server.Http.GetStringAsync("/health/ready"));
        Assert.Equal(JsonValueKind.Null, (await HealthAsync(server)).GetProperty("readOnly").ValueKind);

        files.Free = 99 * Mb;
        time.Advance(TimeSpan.FromSeconds(1));
        using (var refused = await server.ExportAsync(Export.Protobuf(Export.OneSpan(2))))
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(10)), (refused.StatusCode, refused.Headers.RetryAfter?.Delta));
            var status = OtlpMessages.Status(await refused.Content.ReadAsByteArrayAsync());
            Assert.Equal(14, status.Code);
            Assert.Contains("99 MB left", status.Message);
            Assert.Contains("--min-free-bytes", status.Message);
        }
        using (var channel = GrpcChannel.ForAddress(server.Addresses.OtlpGrpc.ToString()))
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await new TraceService.TraceServiceClient(channel).ExportAsync(new ExportTraceServiceRequest()));
            Assert.Equal(StatusCode.Unavailable, error.StatusCode);
            Assert.Contains(error.Trailers, t => t.Key == "grpc-status-details-bin");
        }
        Assert.Equal([Export.Trace(1)], await server.SearchAsync("service=svc"));
        Assert.Contains("--min-free-bytes", (await server.GetProblemAsync("/health/ready", HttpStatusCode.ServiceUnavailable)).GetProperty("detail").GetString());
        Assert.StartsWith("ok\nThe disk of ", await server.Http.GetStringAsync("/health/ready?for=queries"));
        Assert.StartsWith("ok\nThe disk of ", await server.Http.GetStringAsync("/health/live"));
        var health = await HealthAsync(server);
        Assert.Equal(("disk_full", $"{99 * Mb}"), (health.GetProperty("readOnly").GetProperty("reason").GetString(), health.GetProperty("disk").GetProperty("freeBytes").GetString()));
        Assert.Equal(2, await server.RefusedAsync("unavailable"));

        // A little room is not enough to begin anew.
        files.Free = 110 * Mb;
        time.Advance(TimeSpan.FromSeconds(1));
        using (var still = await server.ExportAsync(Export.Protobuf(Export.OneSpan(2)))) Assert.Equal(HttpStatusCode.ServiceUnavailable, still.StatusCode);
        files.Free = 125 * Mb;
        time.Advance(TimeSpan.FromSeconds(1));
        await server.StoreAsync(Export.OneSpan(2));
        Assert.Equal("ok\n", await server.Http.GetStringAsync("/health/ready"));
    }

    [Fact]
    public async Task WhoStoresDoesNotWaitForALookAtDiskAndMemory()
    {
        using var looking = new ManualResetEventSlim();
        using var over = new ManualResetEventSlim();
        var (time, looks) = (new ManualTime(), 0);
        using var health = new HealthWatch(new ReceiveLimits(), "/data", new RoomyFileSystem(new DiskFileSystem()), time, () =>
        {
            if (++looks == 1) return 0;
            looking.Set();
            Assert.True(over.Wait(Patience.Limit));
            return 0;
        });
        var look = Task.Run(() => time.Advance(TimeSpan.FromSeconds(1)));
        Assert.True(looking.Wait(Patience.Limit));
        await Task.Run(() =>
        {
            health.StoreFailed(SignalKind.Logs, "no room");
            Assert.Contains("The store of logs cannot write", health.State.ReadOnly?.Message);
            health.StoreTook(SignalKind.Logs);
            Assert.Null(health.State.ReadOnly);
        }).WaitAsync(Patience.Limit);
        over.Set();
        await look;
    }

    [Fact]
    public async Task ADiskThatFailsIsSaidUntilItTakesSomethingAgain()
    {
        var files = new FailingFileSystem(new DiskFileSystem());
        await using var server = await ServerUnderTest.StartAsync(files: files);
        await server.StoreAsync(Export.OneSpan(1));
        files.Fails = true;
        using (var refused = await server.ExportAsync(Export.Protobuf(Export.OneSpan(2)))) Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        var readOnly = (await HealthAsync(server)).GetProperty("readOnly");
        Assert.Equal("disk_failed", readOnly.GetProperty("reason").GetString());
        Assert.Contains("No space left", readOnly.GetProperty("message").GetString());
        Assert.Contains("No space left", (await server.GetProblemAsync("/health/ready", HttpStatusCode.ServiceUnavailable)).GetProperty("detail").GetString());
        Assert.Equal([Export.Trace(1)], await server.SearchAsync("service=svc"));

        files.Fails = false;
        await server.ExportUntilTakenAsync(Export.Protobuf(Export.OneSpan(2)), HttpStatusCode.ServiceUnavailable);
        Assert.Equal(JsonValueKind.Null, (await HealthAsync(server)).GetProperty("readOnly").ValueKind);
        Assert.Equal("ok\n", await server.Http.GetStringAsync("/health/ready"));
    }

    [Fact]
    public void AStoreThatFailsIsSaidByItsNameHoweverWellTheOthersWrite()
    {
        var (files, time) = (new RoomyFileSystem(new DiskFileSystem()), new ManualTime());
        using var health = new HealthWatch(new ReceiveLimits(), "/data", files, time, static () => 0);
        health.StoreFailed(SignalKind.Logs, "No space left");
        health.StoreTook(SignalKind.Traces);
        Assert.Contains("The store of logs cannot write: No space left", health.State.ReadOnly?.Message);
        time.Advance(TimeSpan.FromSeconds(10));
        health.StoreFailed(SignalKind.Profiles, "No space left");
        Assert.Contains("The store of logs and profiles cannot write: No space left.", health.State.ReadOnly?.Message);
        health.StoreTook(SignalKind.Profiles);
        Assert.DoesNotContain("profiles", health.State.ReadOnly?.Message);
        // Nobody has tried again: what would come of it is not known any more.
        time.Advance(TimeSpan.FromSeconds(51));
        Assert.Null(health.State.ReadOnly);
    }

    [Theory]
    [InlineData("/v1/logs")]
    [InlineData("/v1/metrics")]
    [InlineData("/api/v1/profiles?service=s")]
    public async Task ADiskThatFailsIsSaidWhateverIsSent(string path)
    {
        var files = new FailingFileSystem(new DiskFileSystem());
        await using var server = await ServerUnderTest.StartAsync(files: files);
        files.Fails = true;
        using var content = path.StartsWith("/v1/logs", StringComparison.Ordinal) ? Content(LogExport.Protobuf(LogExport.Json("s", LogExport.Record("a"))))
            : path.StartsWith("/v1", StringComparison.Ordinal) ? Content(Metrics.MetricRequests.Bytes("s", Metrics.MetricRequests.Gauge("g", Metrics.MetricRequests.Point(1, 1))))
            : Content(Profiles.ProfileServerTests.Pprof(("main;work", 5, null, null)));
        using var refused = await server.Otlp.PostAsync(path, content);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        var readOnly = (await HealthAsync(server)).GetProperty("readOnly");
        Assert.Equal("disk_failed", readOnly.GetProperty("reason").GetString());
        Assert.Contains(path.Contains("logs", StringComparison.Ordinal) ? "logs" : path.Contains("metrics", StringComparison.Ordinal) ? "metrics" : "profiles", readOnly.GetProperty("message").GetString());
        await server.GetProblemAsync("/health/ready", HttpStatusCode.ServiceUnavailable);

        static ByteArrayContent Content(byte[] body)
        {
            var content = new ByteArrayContent(body);
            content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/x-protobuf");
            return content;
        }
    }

    [Fact]
    public async Task MoreMemoryThanTheLimitIsOverloadAndQueriesGoOn()
    {
        await using var server = await ServerUnderTest.StartAsync(static o => o with { Receive = o.Receive with { MaxMemoryBytes = 1 } });
        using (var refused = await server.ExportAsync(Export.Protobuf(Export.OneSpan(1))))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
            var status = OtlpMessages.Status(await refused.Content.ReadAsByteArrayAsync());
            Assert.Equal(8, status.Code);
            Assert.Contains("--max-memory-bytes", status.Message);
        }
        Assert.Equal(1, await server.RefusedAsync("overloaded"));
        Assert.True((await HealthAsync(server)).GetProperty("memory").GetProperty("isFull").GetBoolean());
        await server.GetProblemAsync("/health/ready", HttpStatusCode.ServiceUnavailable);
        Assert.Empty(await server.SearchAsync("service=svc"));
    }

    [Fact]
    public async Task WhatReadinessIsForIsKnownOrAnError()
    {
        await using var server = await ServerUnderTest.StartAsync();
        Assert.Equal("for", (await server.GetProblemAsync("/health/ready?for=fun", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
    }

    private static async Task<JsonElement> HealthAsync(ServerUnderTest server) => (await server.GetAsync("/api/v1/status")).GetProperty("health");
}
