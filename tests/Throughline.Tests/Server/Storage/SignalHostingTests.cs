using System.Net;
using System.Text;
using Throughline.Engine;
using Throughline.Engine.Signals;
using Throughline.Server.Hosting;
using Throughline.Server.Storage;
using Throughline.Tests.Files;
using Throughline.Tests.Server.Api;
using Throughline.Tests.Signals;

namespace Throughline.Tests.Server.Storage;

/// <summary>The server opens, tells and closes the stores of other signals as it does the traces.</summary>
public sealed class SignalHostingTests
{
    private readonly MemoryFileSystem _files = new();
    private SignalStore<PlainBatch, PlainHead, PlainView, PlainBlock>? _store;

    private Task<ServerUnderTest> StartAsync() => ServerUnderTest.StartAsync(o => o with { Store = o.Store with { Directory = PlainStore.Directory }, Logs = PlainStore.Small }, _files, signals:
    [
        async (directory, options, files, time, stop) =>
            _store = await SignalStore<PlainBatch, PlainHead, PlainView, PlainBlock>.OpenAsync(directory, new PlainFormat(), options.Logs, files, time, stop),
    ]);

    private async Task SendAsync(params PlainItem[] items)
    {
        Assert.NotNull(_store);
        var batch = new PlainBatch { Items = [.. items] };
        Assert.Equal(AppendStatus.Durable, (await _store.AppendAsync(batch, batch.Encode(), items[0].Value, Engine.Wal.WalForm.Received)).Status);
    }

    [Fact]
    public async Task ItsFiguresAreInTheStatusAndCompactionOnDemandReachesIt()
    {
        await using (var server = await StartAsync())
        {
            await SendAsync(new PlainItem(1_000, 1), new PlainItem(3_000, 2));
            using (var compacted = await server.Http.PostAsync("/api/v1/compact", new StringContent("", Encoding.UTF8, "application/json"))) Assert.Equal(HttpStatusCode.NoContent, compacted.StatusCode);
            await SendAsync(new PlainItem(2_000, 3));
            var status = await server.GetAsync("/api/v1/status");
            var logs = Assert.Single(status.GetProperty("signals").EnumerateArray());
            Assert.Equal(("logs", "3", "1", 1), (logs.GetProperty("name").GetString(), logs.GetProperty("items").GetString(), logs.GetProperty("headItems").GetString(), logs.GetProperty("blocks").GetInt32()));
            Assert.Equal(("1000", "3000"), (logs.GetProperty("earliestUnixNano").GetString(), logs.GetProperty("latestUnixNano").GetString()));
            Assert.Empty(logs.GetProperty("problems").EnumerateArray());
            var api = new OpenApi(await server.GetAsync("/api/v1/openapi.json"));
            Assert.Empty(api.Problems(status, api.Answer("/api/v1/status", 200)));
        }
        Assert.Equal(0, _files.OpenFiles);
        await using var again = await StartAsync();
        Assert.Equal("3", Assert.Single((await again.GetAsync("/api/v1/status")).GetProperty("signals").EnumerateArray()).GetProperty("items").GetString());
    }

    [Fact]
    public async Task WhatItCannotReadIsToldInTheStatus()
    {
        await using (await StartAsync())
        {
            await SendAsync(new PlainItem(1_000, 1));
            Assert.NotNull(_store);
            await _store.FlushAsync(default);
        }
        _files.FlipBit(PlainStore.Paths.Block(1), 8 * (_files.ReadAll(PlainStore.Paths.Block(1)).Length - 20));
        await using var server = await StartAsync();
        var problem = Assert.Single(Assert.Single((await server.GetAsync("/api/v1/status")).GetProperty("signals").EnumerateArray()).GetProperty("problems").EnumerateArray()).GetString();
        Assert.StartsWith("logs: block 0/logs/blocks/0000000001.block cannot be read", problem, StringComparison.Ordinal);
        Assert.StartsWith("ok\nlogs: block 0/logs/blocks/0000000001.block cannot be read", await server.Http.GetStringAsync("/health/ready"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhenItCannotBeOpenedTheServerDoesNotStartAndHoldsNothing()
    {
        await using (await StartAsync()) await SendAsync(new PlainItem(1_000, 1));
        _files.WriteAll(PlainStore.Paths.Manifest, "{}"u8.ToArray());
        var refused = await Assert.ThrowsAsync<StartupException>(StartAsync);
        Assert.Contains("The manifest of the logs cannot be read", refused.Message);
        Assert.Equal(0, _files.OpenFiles);
        using var directory = DataDirectory.Take(PlainStore.Directory, _files);
    }

    [Fact]
    public void NobodyFindsItWhileTheGateIsClosed()
    {
        var gate = new StoreGate();
        Assert.Null(gate.Find<SignalStore<PlainBatch, PlainHead, PlainView, PlainBlock>>());
        Assert.Empty(gate.Signals);
    }
}
