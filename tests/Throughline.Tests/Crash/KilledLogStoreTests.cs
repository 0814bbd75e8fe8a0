using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Throughline.Engine.Files;
using Throughline.Engine.Inspection;
using Throughline.Tests.Server;

namespace Throughline.Tests.Crash;

/// <summary>
/// The same proof as <see cref="KilledServerTests"/> for a signal beside the traces: the real server is killed again and again while senders send log records over HTTP, and finds each that it acknowledged once.
/// </summary>
public sealed class KilledLogStoreTests : IDisposable
{
    private const int Kills = 5, MostKills = 40;
    private const int Senders = 4;
    private const int LinesOfARequest = 40;

    // A head of a hundred kilobytes, so that kills fall into flushes and deletions of the log's segments.
    private static readonly string[] s_options = ["--logs-head-max-bytes", "65536"];

    private readonly string _data = Directory.CreateTempSubdirectory("throughline-").FullName;
    private readonly HttpClient _client = new() { Timeout = Patience.Limit };
    private readonly Lock _gate = new();
    private readonly List<Request> _requests = [];

    private sealed class Request(int number)
    {
        private volatile bool _isAcknowledged;

        public IEnumerable<string> Lines => Enumerable.Range(0, LinesOfARequest).Select(i => $"request {number} line {i}");

        public bool IsAcknowledged
        {
            get => _isAcknowledged;
            set => _isAcknowledged = value;
        }

        public string Body => """{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"svc"}}]},"scopeLogs":[{"logRecords":["""
            + string.Join(',', Lines.Select(Record)) + "]}]}]}";

        private string Record(string line, int index)
        {
            var time = 1_790_000_000_000_000_000 + number * 1000L + index;
            var pad = new string((char)('a' + number % 26), 200);
            return $$$"""{"timeUnixNano":"{{{time}}}","severityNumber":9,"body":{"stringValue":"{{{line}}}"},"attributes":[{"key":"pad","value":{"stringValue":"{{{pad}}}"}}]}""";
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task WhatWasAcknowledgedIsThereOnceAfterEveryKill()
    {
        var random = new Random(7);
        var lastBlock = 0L;
        for (var kill = 0; kill < Kills || (lastBlock < Kills && kill < MostKills); kill++)
        {
            using (var server = await ServerProcess.StartAsync(["--data", _data, .. s_options])) await SendUntilKilledAsync(server, random.Next(5, 40));
            using (var server = await ServerProcess.StartAsync(["--data", _data, .. s_options]))
            {
                await CheckAsync(server, $"kill {kill}");
                foreach (var request in _requests.Where(r => !r.IsAcknowledged))
                {
                    // Some senders give up.
                    if (random.Next(3) > 0) Assert.True(await SendAsync(server, request));
                }
                lastBlock = await CheckAsync(server, $"kill {kill}, after retries");
                if (random.Next(2) == 0)
                {
                    await server.TerminateAsync();
                    continue;
                }
                server.Kill();
                await server.WaitAsync();
            }
        }
        Assert.True(lastBlock >= Kills, $"only {lastBlock} blocks were written: the kills did not reach flushing");
        var report = StoreCheck.Run(_data, new DiskFileSystem(), default);
        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        var stored = report.Signals.Where(s => s.Name == "logs").Sum(s => s.BlockItems + s.LogItems);
        Assert.InRange(stored, _requests.Count(r => r.IsAcknowledged) * (long)LinesOfARequest, _requests.Count * (long)LinesOfARequest);
    }

    private async Task SendUntilKilledAsync(ServerProcess server, int killAtRequest)
    {
        var started = 0;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            var answered = true;
            while (answered)
            {
                if (Interlocked.Increment(ref started) == killAtRequest) server.Kill();
                Request request;
                lock (_gate) _requests.Add(request = new Request(_requests.Count));
                answered = await SendAsync(server, request);
            }
        }));
        await server.WaitAsync();
    }

    /// <summary>False when the server is gone.</summary>
    private async Task<bool> SendAsync(ServerProcess server, Request request)
    {
        try
        {
            await Patience.UntilAsync(async () =>
            {
                using var content = new StringContent(request.Body, Encoding.UTF8, "application/json");
                using var response = await _client.PostAsync(new Uri(server.OtlpHttp + "/v1/logs"), content);
                if (response.StatusCode == HttpStatusCode.TooManyRequests) return false;
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                request.IsAcknowledged = true;
                return true;
            }, () => "The server is overloaded");
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            return false;
        }
    }

    /// <summary>Compares all that is stored with all that was sent; answers the number of the last block.</summary>
    private async Task<long> CheckAsync(ServerProcess server, string when)
    {
        var found = new Dictionary<string, int>();
        string? cursor = null;
        do
        {
            using var page = JsonDocument.Parse(await _client.GetStreamAsync(new Uri(server.Http + "/api/v1/logs?limit=1000" + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)))));
            foreach (var entry in page.RootElement.GetProperty("entries").EnumerateArray())
            {
                var line = entry.GetProperty("body").GetString() ?? "";
                found[line] = found.GetValueOrDefault(line) + 1;
            }
            cursor = page.RootElement.GetProperty("nextCursor").GetString();
        }
        while (cursor is not null);
        foreach (var request in _requests)
        {
            var times = request.Lines.Select(l => found.GetValueOrDefault(l)).Distinct().ToArray();
            Assert.True(times is [1] || (times is [0] && !request.IsAcknowledged), $"{when}: {request.Lines.First()} and its neighbours are there {string.Join(" or ", times)} times, acknowledged: {request.IsAcknowledged}");
        }
        using var status = JsonDocument.Parse(await _client.GetStreamAsync(new Uri(server.Http + "/api/v1/status")));
        var logs = status.RootElement.GetProperty("signals").EnumerateArray().Single(s => s.GetProperty("name").GetString() == "logs");
        Assert.Equal(0, logs.GetProperty("problems").GetArrayLength());
        Assert.Equal($"{found.Values.Sum()}", logs.GetProperty("items").GetString());
        var names = Directory.EnumerateFiles(Path.Combine(_data, "0", "logs", "blocks"), "*.block").Select(p => Path.GetFileNameWithoutExtension(p) ?? "");
        return names.Select(n => long.Parse(n, CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Max();
    }
}
