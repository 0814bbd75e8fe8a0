using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Throughline.Tests.Pipeline;

/// <summary>Asking a real backend for its events.</summary>
[Collection(nameof(ScriptedBackend))]
public sealed class EventApiTests(ScriptedBackend backend)
{
    private readonly BackendRun _run = backend.Run;

    [Fact]
    public async Task PagesFollowOneAnotherToTheEnd()
    {
        await SaveAsync("paged", 3);

        var first = await GetAsync("/api/events?camera=paged&limit=2");
        var second = await GetAsync($"/api/events?camera=paged&limit=2&before={first.GetProperty("next")}");

        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
        var ids = Ids(first).Concat(Ids(second)).ToList();
        Assert.Equal((2, 3), (Ids(first).Count, ids.Distinct().Count()));
        Assert.Equal(ids.OrderDescending(), ids);
    }

    [Fact]
    public async Task EventsAreFoundByCameraAndRiskLevel()
    {
        await SaveAsync("levels", 1);
        await SaveAsync("analyst-prose-levels", 1);

        Assert.Single(Ids(await GetAsync("/api/events?camera=levels&riskLevel=high")));
        Assert.Empty(Ids(await GetAsync("/api/events?camera=levels&riskLevel=unknown")));
        Assert.Single(Ids(await GetAsync("/api/events?camera=analyst-prose-levels&riskLevel=unknown")));
    }

    [Fact]
    public async Task EventsAreFoundByTheTimeAtWhichTheyBegan()
    {
        var saved = await SaveAsync("times", 3);
        var middle = Uri.EscapeDataString(saved[1].GetProperty("startedAt").GetString() ?? "");

        Assert.Equal(saved.Take(2).Select(Id), Ids(await GetAsync($"/api/events?camera=times&from={middle}")));
        Assert.Equal(saved.Skip(2).Select(Id), Ids(await GetAsync($"/api/events?camera=times&to={middle}")));
    }

    [Fact]
    public async Task EventsAreFoundByTheTraceOfAnyOfTheirImagesAndByTheirBatch()
    {
        var saved = await SaveAsync("traced", 3);
        var wanted = saved[1];
        var image = Assert.Single(wanted.GetProperty("images").EnumerateArray());

        foreach (var trace in new[] { wanted.GetProperty("traceId").GetString(), image.GetProperty("traceId").GetString() })
            Assert.Equal([Id(wanted)], Ids(await GetAsync($"/api/events?trace={trace}")));
        Assert.Equal([Id(wanted)], Ids(await GetAsync($"/api/events?batch={wanted.GetProperty("batchId").GetString()}")));
        Assert.Empty(Ids(await GetAsync($"/api/events?trace={wanted.GetProperty("traceId").GetString()}&camera=other")));
        Assert.Empty(Ids(await GetAsync("/api/events?trace=none")));
    }

    [Fact]
    public async Task EventsAreCountedByLevelAndStep()
    {
        var saved = await SaveAsync("counted", 5);
        var times = saved.Select(static one => one.GetProperty("startedAt").GetDateTimeOffset()).Order().ToList();

        var counts = await GetAsync("/api/events/counts?camera=counted&steps=7");

        // As whoever reads all events would count them.
        var (from, to) = (times[0], times[^1].AddTicks(1));
        Assert.Equal((from, to, 5), (counts.GetProperty("from").GetDateTimeOffset(), counts.GetProperty("to").GetDateTimeOffset(), counts.GetProperty("total").GetInt32()));
        var expected = new int[7];
        foreach (var time in times) expected[(int)((Int128)(time - from).Ticks * 7 / (to - from).Ticks)]++;
        var level = Assert.Single(counts.GetProperty("levels").EnumerateObject());
        Assert.Equal(saved[0].GetProperty("riskLevel").GetString(), level.Name);
        Assert.Equal(expected, level.Value.EnumerateArray().Select(static count => count.GetInt32()));
        Assert.Contains(counts.GetProperty("cameras").EnumerateArray(), static camera => (camera.GetProperty("id").GetString(), camera.GetProperty("events").GetInt32()) == ("counted", 5));
    }

    [Fact]
    public async Task CountsOfATimeWithoutEventsAreNone()
    {
        var counts = await GetAsync("/api/events/counts?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z&steps=4");

        Assert.Equal(0, counts.GetProperty("total").GetInt32());
        Assert.Empty(counts.GetProperty("levels").EnumerateObject());
        Assert.Empty(counts.GetProperty("cameras").EnumerateArray());
        Assert.Equal(JsonValueKind.Null, (await GetAsync("/api/events/counts?camera=nobody")).GetProperty("from").ValueKind);
    }

    [Fact]
    public async Task EventIsShownWithItsImagesAndTheirTraces()
    {
        var image = new ScriptedImage("urgent");
        var upload = await _run.UploadAsync("shown", image);
        var id = Id(await _run.EventAsync("shown"));

        var shown = await GetAsync($"/api/events/{id}");

        Assert.Equal((upload.TraceId, "The shown", 64), (
            shown.GetProperty("traceId").GetString(), shown.GetProperty("cameraName").GetString(), shown.GetProperty("riskScore").GetInt32()));
        Assert.StartsWith("batch_", shown.GetProperty("batchId").GetString());
        var member = Assert.Single(shown.GetProperty("images").EnumerateArray());
        Assert.Equal((image.Id, upload.TraceId), (member.GetProperty("imageId").GetString(), member.GetProperty("traceId").GetString()));
        using var response = await _run.Http.GetAsync(new Uri(_run.Address, $"/api/events/{id}/images/{image.Id}"));
        Assert.Equal("image/jpeg", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(image.Bytes, await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("/api/events/999999", HttpStatusCode.NotFound)]
    [InlineData("/api/events/999999/images/one", HttpStatusCode.NotFound)]
    [InlineData("/api/events?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("/api/events?limit=501", HttpStatusCode.BadRequest)]
    [InlineData("/api/events?before=x", HttpStatusCode.BadRequest)]
    [InlineData("/api/events?from=yesterday", HttpStatusCode.BadRequest)]
    [InlineData("/api/events?to=", HttpStatusCode.BadRequest)]
    [InlineData("/api/events?riskLevel=fine", HttpStatusCode.BadRequest)]
    [InlineData("/api/events/counts?steps=0", HttpStatusCode.BadRequest)]
    [InlineData("/api/events/counts?steps=1001", HttpStatusCode.BadRequest)]
    [InlineData("/api/events/counts?from=yesterday", HttpStatusCode.BadRequest)]
    [InlineData("/api/events/counts?riskLevel=fine", HttpStatusCode.BadRequest)]
    [InlineData("/api/events/stream?after=-1", HttpStatusCode.BadRequest)]
    public async Task BadQuestionGetsAClearAnswer(string path, HttpStatusCode status)
    {
        using var response = await _run.Http.GetAsync(new Uri(_run.Address, path));

        Assert.Equal((status, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.False(string.IsNullOrEmpty((await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task SavedEventComesToThoseWhoWatch()
    {
        await using var watch = await Watch.StartAsync(_run, "/api/events/stream");
        Assert.Equal("ready", (await watch.NextAsync()).EventType);

        var upload = await _run.UploadAsync("watched", new ScriptedImage("urgent"));

        var item = await watch.NextAsync();
        var saved = JsonSerializer.Deserialize<JsonElement>(item.Data);
        Assert.Equal(("event", $"{Id(saved)}", upload.TraceId), (item.EventType, item.EventId, saved.GetProperty("traceId").GetString()));
    }

    [Fact]
    public async Task WhoComesBackGetsWhatWasSavedMeanwhile()
    {
        var saved = await SaveAsync("missed", 3);

        await using var watch = await Watch.StartAsync(_run, $"/api/events/stream?after={Id(saved[2])}");
        Assert.Equal("ready", (await watch.NextAsync()).EventType);

        Assert.Equal(($"{Id(saved[1])}", $"{Id(saved[0])}"), ((await watch.NextAsync()).EventId, (await watch.NextAsync()).EventId));
    }

    [Fact]
    public async Task EventThatWasSavedFirstComesFirstThoughAnotherIsAnnouncedBeforeIt()
    {
        await using var watch = await Watch.StartAsync(_run, "/api/events/stream");
        Assert.Equal("ready", (await watch.NextAsync()).EventType);
        await using (var database = new SqliteConnection($"Data Source={Path.Combine(_run.Folder, "events.db")};Pooling=False"))
        {
            await database.OpenAsync();
            await using var insert = database.CreateCommand();
            insert.CommandText = """
                INSERT INTO events (batch_id, camera_id, camera_name, started_at, ended_at, close_reason, risk_level, summary, reasoning, model, trace_id, saved_at)
                VALUES ('batch_overtaken', 'overtaken', 'overtaken', '2026', '2026', 'idle', 'unknown', 's', 'r', '', '', '9')
                """;
            await insert.ExecuteNonQueryAsync();
        }

        var upload = await _run.UploadAsync("overtaking", new ScriptedImage("urgent"));

        Assert.Equal("batch_overtaken", JsonSerializer.Deserialize<JsonElement>((await watch.NextAsync()).Data).GetProperty("batchId").GetString());
        Assert.Equal(upload.TraceId, JsonSerializer.Deserialize<JsonElement>((await watch.NextAsync()).Data).GetProperty("traceId").GetString());
    }

    [Fact]
    public async Task WhoComesBackWithAnIdThatIsNotGivenYetGetsWhatIsSavedFromNowOn()
    {
        await using var watch = await Watch.StartAsync(_run, "/api/events/stream?after=1000000");
        Assert.Equal("ready", (await watch.NextAsync()).EventType);

        var upload = await _run.UploadAsync("watched", new ScriptedImage("urgent"));

        Assert.Equal(upload.TraceId, JsonSerializer.Deserialize<JsonElement>((await watch.NextAsync()).Data).GetProperty("traceId").GetString());
    }

    /// <summary>Saves events one after the other, and answers all of the camera, newest first.</summary>
    private async Task<IReadOnlyList<JsonElement>> SaveAsync(string camera, int count)
    {
        IReadOnlyList<JsonElement> saved = [];
        for (var i = 1; i <= count; i++)
        {
            await _run.UploadAsync(camera, new ScriptedImage("urgent"));
            saved = await _run.EventsAsync(camera, i);
        }
        return saved;
    }

    private Task<JsonElement> GetAsync(string path) => _run.Http.GetFromJsonAsync<JsonElement>(new Uri(_run.Address, path));

    private static IReadOnlyList<long> Ids(JsonElement page) => [.. page.GetProperty("events").EnumerateArray().Select(Id)];

    private static long Id(JsonElement saved) => saved.GetProperty("id").GetInt64();

    /// <summary>One client of the live stream.</summary>
    private sealed class Watch(HttpResponseMessage response, IAsyncEnumerator<SseItem<string>> items) : IAsyncDisposable
    {
        public static async Task<Watch> StartAsync(BackendRun run, string path)
        {
            var response = await run.Http.GetAsync(new Uri(run.Address, path), HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
            return new(response, SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator());
        }

        public async Task<SseItem<string>> NextAsync()
        {
            do Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(Patience.Limit), "The stream ended.");
            while (items.Current.EventType == "ping");
            return items.Current;
        }

        public async ValueTask DisposeAsync()
        {
            response.Dispose();
            await items.DisposeAsync();
        }
    }
}
