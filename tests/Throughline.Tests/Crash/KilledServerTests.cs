using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Tests.Server;

namespace Throughline.Tests.Crash;

/// <summary>
/// The first of the two proofs of durability: the real server is killed with SIGKILL again and again while senders send over HTTP, and started again
/// on the same directory. It proves recovery; <see cref="PowerLossTests"/> proves the syncs.
/// </summary>
public sealed class KilledServerTests : IDisposable
{
    private const int Kills = 6, MostKills = 60;
    private const int Senders = 4;

    // Small limits, so that kills fall into flushes, merges, rotations and deletions of segments.
    private static readonly string[] s_options = ["--head-max-spans", "100", "--log-segment-bytes", "16384", "--compact-target-spans", "300"];

    private readonly string _data = Directory.CreateTempSubdirectory("throughline-").FullName;
    private readonly HttpClient _client = new() { Timeout = Patience.Limit };

    public void Dispose()
    {
        _client.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WhatWasAcknowledgedIsThereOnceAfterEveryKill(int seed)
    {
        var random = new Random(seed);
        var ledger = new SpanLedger(seed);
        var (lastBlock, merged) = (0L, false);
        // Flushing and merging have threads of their own, which come to run when the machine lets them.
        for (var kill = 0; kill < Kills || ((!merged || lastBlock <= Kills) && kill < MostKills); kill++)
        {
            using (var server = await ServerProcess.StartAsync(["--data", _data, .. s_options]))
                await SendUntilKilledAsync(server, ledger, random.Next(1, 120));
            using (var server = await ServerProcess.StartAsync(["--data", _data, .. s_options]))
            {
                await CheckAsync(server, ledger, $"seed {seed}, kill {kill}");
                await RetryAsync(server, ledger, random);
                (lastBlock, var isMerged) = await CheckAsync(server, ledger, $"seed {seed}, kill {kill}, after retries");
                merged |= isMerged;
                // Every other time the server that was looked at is killed too, with nothing under way.
                if (random.Next(2) == 0)
                {
                    await server.TerminateAsync();
                    continue;
                }
                server.Kill();
                await server.WaitAsync();
            }
        }
        Assert.True(lastBlock > Kills, $"only {lastBlock} blocks were written: the kills did not reach flushing");
        Assert.True(merged, "no block was merged: the kills did not reach compaction");
    }

    private async Task SendUntilKilledAsync(ServerProcess server, SpanLedger ledger, int killAtRequest)
    {
        var started = 0;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            var answered = true;
            while (answered)
            {
                // The others are somewhere between sending and their answer.
                if (Interlocked.Increment(ref started) == killAtRequest)
                    server.Kill();
                answered = await SendAsync(server, ledger.Next());
            }
        }));
        await server.WaitAsync();
    }

    private async Task RetryAsync(ServerProcess server, SpanLedger ledger, Random random)
    {
        foreach (var request in ledger.Requests.Where(r => !r.IsAcknowledged))
        {
            // Some senders give up.
            if (random.Next(3) > 0)
                Assert.True(await SendAsync(server, request));
        }
    }

    /// <summary>False when the server is gone.</summary>
    private async Task<bool> SendAsync(ServerProcess server, CrashRequest request)
    {
        try
        {
            await Patience.UntilAsync(async () =>
            {
                using var content = new ByteArrayContent(request.Body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
                using var response = await _client.PostAsync(new Uri(server.OtlpHttp + "/v1/traces"), content);
                // The head is as full as it may be while the one before is made a block: try again, as the protocol says.
                if (response.StatusCode == HttpStatusCode.TooManyRequests)
                    return false;
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                request.Acknowledge();
                return true;
            }, () => "The server is overloaded");
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            return false;
        }
    }

    /// <summary>Compares all that is stored with all that was sent; answers the number of the last block, and whether there is a merged one.</summary>
    private async Task<(long LastBlock, bool HasMerged)> CheckAsync(ServerProcess server, SpanLedger ledger, string when)
    {
        var found = new Dictionary<TraceId, IReadOnlyList<FoundSpan>>();
        foreach (var trace in ledger.Requests.SelectMany(r => r.Spans).Select(s => s.Trace).Distinct())
        {
            using var response = await _client.GetAsync(new Uri(server.Http + $"/api/v1/traces/{trace}?format=otlp"));
            if (response.StatusCode == HttpStatusCode.NotFound)
                continue;
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            using var json = JsonDocument.Parse(await response.Content.ReadAsStreamAsync());
            found[trace] = Spans(json.RootElement);
        }
        var loss = ledger.Check(found, out var spans);
        Assert.True(loss is null, $"{when}: {loss}");

        using var status = JsonDocument.Parse(await _client.GetStreamAsync(new Uri(server.Http + "/api/v1/status")));
        var store = status.RootElement.GetProperty("store");
        Assert.Equal(0, store.GetProperty("problems").GetArrayLength());
        Assert.Equal($"{spans}", store.GetProperty("spans").GetString());
        var names = Directory.EnumerateFiles(Path.Combine(_data, "0", "traces", "blocks"), "*.block").Select(p => Path.GetFileNameWithoutExtension(p) ?? "");
        return (names.Select(n => long.Parse(n, CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Max(), store.GetProperty("levels").EnumerateArray().Any(l => l.GetProperty("level").GetInt32() > 0));
    }

    private static List<FoundSpan> Spans(JsonElement request) =>
    [
        .. from resourceSpans in request.GetProperty("resourceSpans").EnumerateArray()
           from scopeSpans in resourceSpans.GetProperty("scopeSpans").EnumerateArray()
           from span in scopeSpans.GetProperty("spans").EnumerateArray()
           select new FoundSpan(
               Convert.ToUInt64(span.GetProperty("spanId").GetString(), 16),
               span.TryGetProperty("parentSpanId", out var parent) && parent.GetString() is { Length: > 0 } id ? Convert.ToUInt64(id, 16) : 0,
               span.GetProperty("name").GetString() ?? "",
               span.GetProperty("attributes")[0].GetProperty("value").GetProperty("stringValue").GetString()),
    ];
}
