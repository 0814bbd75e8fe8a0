using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Throughline.Pipeline.Backend.Analysis;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Pipeline.Backend.Events;
using Throughline.Telemetry;
using Throughline.Tests.Telemetry;

namespace Throughline.Tests.Pipeline;

public sealed class EventStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-events-").FullName;
    private readonly string _source = "test-events-" + Guid.NewGuid().ToString("n");
    private readonly FakeTimeProvider _time = new(new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
    private readonly ServiceProvider _meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly EventOptions _options;
    private readonly SpanSource _spans;
    private readonly SpanRecorder _recorder;

    public EventStoreTests()
    {
        _options = new() { Database = Path.Combine(_folder, "events.db"), BusyTimeoutSeconds = 1 };
        (_spans, _recorder) = (new(_source), new(_source));
    }

    public void Dispose()
    {
        _meters.Dispose();
        _recorder.Dispose();
        _spans.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void EventThatCannotBeSavedIsAnErrorThatSaysWhy()
    {
        _options.SaveAttempts = 1;
        var (database, events) = Store();
        using var other = database.Open();
        var log = new LogLines<EventRecorder>();
        using (other.BeginTransaction()) Assert.Null(Recorder(events, log).Save(Batch(), s_verdict, CancellationToken.None));

        Assert.Empty(events.List(new(10)).Events);
        var save = _recorder.Only("save_event");
        Assert.Equal((ActivityStatusCode.Error, "database_locked"), (save.Status, (string?)save.GetTagItem("error.type")));
        Assert.Null(save.GetTagItem("event.id"));
        var query = Assert.Single(_recorder.Ended, span => span.GetTagItem("db.operation.name") is "BEGIN");
        Assert.Equal(("database_locked", "5"), ((string?)query.GetTagItem("error.type"), (string?)query.GetTagItem("db.response.status_code")));
        Assert.Single(query.Events, one => one.Name == "exception");
        // The line has the event whole: what was judged, and of which images in which traces.
        var line = Assert.Single(log.Written);
        Assert.All(["\"riskScore\":10", "\"imageId\":\"img\"", "\"sha256\":\"aa\"", save.TraceId.ToHexString()], part => Assert.Contains(part, line));
    }

    [Fact]
    public void ServiceThatMustEndWaitsForALockedDatabaseNoMoreThanOnce()
    {
        _options.SaveAttempts = 100;
        var (database, events) = Store();
        using var other = database.Open();
        using (other.BeginTransaction()) Assert.Null(Recorder(events).Save(Batch(), s_verdict, new CancellationToken(canceled: true)));

        Assert.Single(_recorder.Ended, span => span.GetTagItem("db.operation.name") is "BEGIN");
    }

    [Fact]
    public async Task EventIsSavedOnceTheLockIsGone()
    {
        // However late the test looks, there are tries left.
        _options.SaveAttempts = 100;
        var (database, events) = Store();
        using var other = database.Open();
        var locked = other.BeginTransaction();
        var saving = Task.Run(() => Recorder(events).Save(Batch(), s_verdict, CancellationToken.None));
        // Until the first attempt has failed.
        await Patience.UntilAsync(() => _recorder.Ended.Any(span => span.DisplayName == "db_query"), () => "No attempt has ended");

        locked.Dispose();
        var id = await saving.WaitAsync(Patience.Limit);

        var saved = Assert.Single(events.List(new(10)).Events);
        Assert.Equal(saved.Id, id);
        var save = _recorder.Only("save_event");
        Assert.Equal((ActivityStatusCode.Unset, saved.Id), (save.Status, (long?)save.GetTagItem("event.id")));
        Assert.NotNull(save.GetTagItem("retry.attempt"));
    }

    [Fact]
    public void EventsAreOldByNumberOrByAge()
    {
        var (_, events) = Store();
        for (var i = 0; i < 5; i++)
        {
            events.Save(Batch(), s_verdict);
            _time.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal(1, events.PruneSome(maximumCount: 4, TimeSpan.FromDays(30)));
        Assert.Equal([5L, 4, 3, 2], Ids(events));
        Assert.Equal(2, events.PruneSome(maximumCount: 100, TimeSpan.FromDays(2.5)));
        Assert.Equal([5L, 4], Ids(events));
        Assert.Equal(0, events.PruneSome(maximumCount: 2, TimeSpan.FromDays(2.5)));
        Assert.Equal(1, events.PruneSome(maximumCount: 1, TimeSpan.FromDays(30)));
        Assert.Equal([5L], Ids(events));
        // Images go with their event.
        using var database = new SqliteConnection($"Data Source={_options.Database}");
        database.Open();
        using var count = EventDatabase.Command(database, "SELECT COUNT(*) FROM event_images");
        Assert.Equal(1L, count.ExecuteScalar());
    }

    [Fact]
    public void DatabaseOfAnOlderReleaseIsBroughtUpToDate()
    {
        using (var old = new SqliteConnection($"Data Source={_options.Database}"))
        {
            old.Open();
            using var command = EventDatabase.Command(old, """
                CREATE TABLE events (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, batch_id TEXT NOT NULL UNIQUE, camera_id TEXT NOT NULL, camera_name TEXT NOT NULL,
                    started_at TEXT NOT NULL, ended_at TEXT NOT NULL, close_reason TEXT NOT NULL, risk_score INTEGER, risk_level TEXT NOT NULL,
                    summary TEXT NOT NULL, reasoning TEXT NOT NULL, model TEXT NOT NULL, fallback_reason TEXT, trace_id TEXT NOT NULL,
                    saved_at TEXT NOT NULL);
                CREATE TABLE event_images (
                    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE, position INTEGER NOT NULL, received_at TEXT NOT NULL,
                    sha256 TEXT NOT NULL, detections TEXT NOT NULL, trace_id TEXT NOT NULL, PRIMARY KEY (event_id, position)) WITHOUT ROWID;
                INSERT INTO events VALUES (1, 'b', 'c', 'c', '2026', '2026', 'idle', 5, 'low', 's', 'r', 'm', NULL, 't', '2026-11-22');
                INSERT INTO event_images VALUES (1, 0, '2026', 'aa', 'person', 't');
                """);
            command.ExecuteNonQuery();
        }

        var (_, events) = Store();
        events.Save(Batch(), s_verdict);

        Assert.Equal(["img", ""], events.List(new(10)).Events.Select(saved => Assert.Single(saved.Images).ImageId));
    }

    private static readonly Verdict s_verdict = new("model", 10, "low", "Nothing.", "Because.");

    private (EventDatabase Database, EventStore Events) Store()
    {
        var database = new EventDatabase(_options, _spans);
        database.Prepare();
        return (database, new(database, _time));
    }

    private EventRecorder Recorder(EventStore events, ILogger<EventRecorder>? log = null) =>
        new(events, new(_options), _options, new(_meters.GetRequiredService<IMeterFactory>()), _spans, log ?? NullLogger<EventRecorder>.Instance);

    private static IEnumerable<long> Ids(EventStore events) => events.List(new(10)).Events.Select(saved => saved.Id);

    private ClosedBatch Batch()
    {
        var now = _time.GetUtcNow();
        var member = new BatchMember("img", new("door", "door"), "aa", now,
            new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded), [new Detected("person", 0.7f)]);
        return new($"batch_{Guid.NewGuid():n}", member.Camera, now, now, "idle", [member]);
    }
}
