using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Throughline.Pipeline.Backend.Analysis;
using Throughline.Pipeline.Backend.Batching;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>The security events: saved durably, found by filters, pruned by number and age. Thread-safe.</summary>
internal sealed class EventStore(EventDatabase events, TimeProvider time)
{
    private const string
        InsertEvent = """
            INSERT INTO events (batch_id, camera_id, camera_name, started_at, ended_at, close_reason, risk_score, risk_level, summary,
                reasoning, model, fallback_reason, trace_id, saved_at)
            VALUES ($batch, $camera, $name, $started, $ended, $closed, $score, $level, $summary, $reasoning, $model, $fallback, $trace, $saved)
            RETURNING id
            """,
        InsertImage = """
            INSERT INTO event_images (event_id, position, image_id, received_at, sha256, detections, trace_id)
            VALUES ($event, $position, $image, $received, $sha256, $detections, $trace)
            """,
        Columns = """
            id, batch_id, camera_id, camera_name, started_at, ended_at, close_reason, risk_score, risk_level, summary, reasoning,
                model, fallback_reason, trace_id
            """,
        Conditions = """
            ($camera IS NULL OR camera_id = $camera) AND ($level IS NULL OR risk_level = $level)
                AND ($from IS NULL OR started_at >= $from) AND ($to IS NULL OR started_at < $to)
            """,
        // Each on its own, since a condition that may be none keeps SQLite from its index.
        OfTrace = "id IN (SELECT id FROM events WHERE trace_id = $trace UNION SELECT event_id FROM event_images WHERE trace_id = $trace) AND ",
        OfBatch = "batch_id = $batch AND ",
        SelectAfter = $"SELECT {Columns} FROM events WHERE id > $after ORDER BY id LIMIT $limit",
        SelectEvent = $"SELECT {Columns} FROM events WHERE id = $id",
        SelectImages = """
            SELECT event_id, image_id, received_at, sha256, detections, trace_id
            FROM event_images WHERE event_id IN (SELECT value FROM json_each($ids)) ORDER BY event_id, position
            """,
        Prune = """
            DELETE FROM events WHERE id IN (SELECT id FROM events
                WHERE saved_at < $oldest OR id <= (SELECT id FROM events ORDER BY id DESC LIMIT 1 OFFSET $count) ORDER BY id LIMIT 500)
            """;

    /// <summary>Saves the event of a batch with its images, durably, and answers it with its id.</summary>
    /// <exception cref="SqliteException">It could not be saved; nothing of it was.</exception>
    public SecurityEvent Save(ClosedBatch batch, Verdict verdict)
    {
        var saved = EventOf(batch, verdict);
        using var database = events.Open();
        // Takes the write lock: where another writer has it, this is the statement that waits.
        using var transaction = events.Run("BEGIN", null, "BEGIN IMMEDIATE", _ => database.BeginTransaction());
        saved = saved with { Id = events.Run("INSERT", "events", InsertEvent, _ => Insert(database, saved)) };
        events.Run("INSERT", "event_images", InsertImage, span =>
        {
            span?.SetTag("db.operation.batch.size", saved.Images.Count);
            return InsertImages(database, saved);
        });
        events.Run("COMMIT", null, "COMMIT", _ =>
        {
            transaction.Commit();
            return 0;
        });
        return saved;
    }

    /// <summary>One page of the events that meet a query, newest first.</summary>
    public EventPage List(EventQuery query)
    {
        var select = $"SELECT {Columns} FROM events WHERE {(query.Trace is null ? "" : OfTrace)}{(query.Batch is null ? "" : OfBatch)}{Conditions}"
            + " AND ($before IS NULL OR id < $before) ORDER BY id DESC LIMIT $limit";
        (string, object?)[] parameters = [.. Parameters(query), ("$before", query.Before), ("$limit", query.Limit + 1)];
        if (query.Trace is not null) parameters = [.. parameters, ("$trace", query.Trace)];
        if (query.Batch is not null) parameters = [.. parameters, ("$batch", query.Batch)];
        var found = Read("events", select, parameters);
        return found.Count <= query.Limit ? new(found, null) : new([.. found.Take(query.Limit)], found[query.Limit - 1].Id);
    }

    /// <summary>
    /// Counts the events that meet a query by level and time, in so many steps from its first moment to its last, or, where the query leaves them open, from the first event to the last.
    /// </summary>
    public EventCounts Count(EventQuery query, int steps)
    {
        using var database = events.Open();
        var (from, to) = Ends(database, query);
        var levels = new SortedDictionary<string, int[]>(StringComparer.Ordinal);
        var total = 0L;
        if (from is { } first && to is { } end && first < end)
        {
            const string select = $"SELECT started_at, risk_level FROM events WHERE {Conditions}";
            total = events.Run("SELECT", "events", select, _ =>
            {
                using var command = EventDatabase.Command(database, select, Parameters(query));
                using var rows = command.ExecuteReader();
                var read = 0L;
                for (; rows.Read(); read++)
                {
                    var at = Moment(rows.GetString(0));
                    if (!levels.TryGetValue(rows.GetString(1), out var counts)) levels[rows.GetString(1)] = counts = new int[steps];
                    counts[(int)Int128.Clamp((Int128)(at - first).Ticks * steps / (end - first).Ticks, 0, steps - 1)]++;
                }
                return read;
            });
        }
        return new(Text(from), Text(to), total, levels, Cameras(database, query));
    }

    /// <summary>
    /// The events that were saved after the one with this id, oldest first. SQLite has one writer at a time, which takes the id while it has
    /// the lock and never takes one twice: no event becomes visible behind one with a higher id.
    /// </summary>
    public IReadOnlyList<SecurityEvent> After(long id, int limit) => Read("events", SelectAfter, ("$after", id), ("$limit", limit));

    /// <summary>The id of the newest event; 0 when there is none.</summary>
    public long LastId()
    {
        using var database = events.Open();
        using var select = EventDatabase.Command(database, "SELECT COALESCE(MAX(id), 0) FROM events");
        return Convert.ToInt64(select.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>The event with this id; null when there is none, or none any more.</summary>
    public SecurityEvent? Find(long id) => Read("events", SelectEvent, ("$id", id)).FirstOrDefault();

    /// <summary>Deletes some of the events that are above the number or the age, and answers how many: none when there are no more.</summary>
    public int PruneSome(int maximumCount, TimeSpan maximumAge)
    {
        using var database = events.Open();
        using var delete = EventDatabase.Command(database, Prune, ("$oldest", Text(time.GetUtcNow() - maximumAge)), ("$count", maximumCount));
        return delete.ExecuteNonQuery();
    }

    /// <summary>The event of a batch as it will be saved; without an id yet.</summary>
    public static SecurityEvent EventOf(ClosedBatch batch, Verdict verdict) => new(
        Id: 0, batch.Id, batch.Camera.Id, batch.Camera.Name, Text(batch.OpenedAt), Text(batch.ClosedAt), batch.CloseReason,
        verdict.RiskScore, verdict.RiskLevel, verdict.Summary, verdict.Reasoning, verdict.Model,
        verdict.FallbackReason is not null, verdict.FallbackReason,
        batch.Carrier.Trace.TraceId.ToHexString(),
        [
            .. batch.Members.Select(member => new EventImage(
                member.ImageId, Text(member.ReceivedAt), member.Sha256, string.Join(", ", member.Detections.Select(found => found.Class)),
                member.Trace.TraceId.ToHexString())),
        ]);

    private long Insert(SqliteConnection database, SecurityEvent saved)
    {
        using var insert = EventDatabase.Command(database, InsertEvent,
            ("$batch", saved.BatchId), ("$camera", saved.CameraId), ("$name", saved.CameraName), ("$started", saved.StartedAt),
            ("$ended", saved.EndedAt), ("$closed", saved.CloseReason), ("$score", saved.RiskScore), ("$level", saved.RiskLevel),
            ("$summary", saved.Summary), ("$reasoning", saved.Reasoning), ("$model", saved.Model), ("$fallback", saved.FallbackReason),
            ("$trace", saved.TraceId), ("$saved", Text(time.GetUtcNow())));
        return Convert.ToInt64(insert.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static int InsertImages(SqliteConnection database, SecurityEvent saved)
    {
        for (var i = 0; i < saved.Images.Count; i++)
        {
            var image = saved.Images[i];
            using var insert = EventDatabase.Command(database, InsertImage,
                ("$event", saved.Id), ("$position", i), ("$image", image.ImageId), ("$received", image.ReceivedAt), ("$sha256", image.Sha256),
                ("$detections", image.Detections), ("$trace", image.TraceId));
            insert.ExecuteNonQuery();
        }
        return saved.Images.Count;
    }

    private List<SecurityEvent> Read(string table, string text, params (string, object?)[] parameters)
    {
        using var database = events.Open();
        var found = events.Run("SELECT", table, text, span =>
        {
            using var select = EventDatabase.Command(database, text, parameters);
            using var rows = select.ExecuteReader();
            var read = new List<SecurityEvent>();
            while (rows.Read()) read.Add(Event(rows));
            span?.SetTag("db.response.returned_rows", read.Count);
            return read;
        });
        if (found.Count == 0) return found;
        var images = events.Run("SELECT", "event_images", SelectImages, _ => Images(database, found.Select(one => one.Id)));
        return [.. found.Select(one => one with { Images = [.. images[one.Id]] })];
    }

    private static SecurityEvent Event(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6),
        row.IsDBNull(7) ? null : row.GetInt32(7), row.GetString(8), row.GetString(9), row.GetString(10), row.GetString(11),
        Fallback: !row.IsDBNull(12), row.IsDBNull(12) ? null : row.GetString(12), row.GetString(13), []);

    private static (string, object?)[] Parameters(EventQuery query) =>
        [("$camera", query.Camera), ("$level", query.RiskLevel), ("$from", Text(query.From)), ("$to", Text(query.To))];

    /// <summary>The ends of a query's time; of those that it leaves open, what its events have. The last event lies before the end.</summary>
    private (DateTimeOffset? From, DateTimeOffset? To) Ends(SqliteConnection database, EventQuery query)
    {
        if (query.From is { } from && query.To is { } to) return (from, to);
        const string select = $"SELECT MIN(started_at), MAX(started_at) FROM events WHERE {Conditions}";
        return events.Run("SELECT", "events", select, _ =>
        {
            using var command = EventDatabase.Command(database, select, Parameters(query));
            using var row = command.ExecuteReader();
            if (!row.Read() || row.IsDBNull(0)) return (query.From, query.To);
            return (query.From ?? Moment(row.GetString(0)), query.To ?? Moment(row.GetString(1)).AddTicks(1));
        });
    }

    private List<CameraCount> Cameras(SqliteConnection database, EventQuery query)
    {
        const string select = $"SELECT camera_id, MAX(camera_name), COUNT(*) FROM events WHERE {Conditions} GROUP BY camera_id ORDER BY camera_id";
        return events.Run("SELECT", "events", select, _ =>
        {
            using var command = EventDatabase.Command(database, select, Parameters(query with { Camera = null }));
            using var rows = command.ExecuteReader();
            var read = new List<CameraCount>();
            while (rows.Read()) read.Add(new(rows.GetString(0), rows.GetString(1), rows.GetInt64(2)));
            return read;
        });
    }

    private static DateTimeOffset Moment(string text) => DateTimeOffset.ParseExact(text, "O", CultureInfo.InvariantCulture);

    private static ILookup<long, EventImage> Images(SqliteConnection database, IEnumerable<long> events)
    {
        using var select = EventDatabase.Command(database, SelectImages, ("$ids", JsonSerializer.Serialize(events)));
        using var rows = select.ExecuteReader();
        var images = new List<(long Event, EventImage Image)>();
        while (rows.Read())
            images.Add((rows.GetInt64(0), new(rows.GetString(1), rows.GetString(2), rows.GetString(3), rows.GetString(4), rows.GetString(5))));
        return images.ToLookup(entry => entry.Event, entry => entry.Image);
    }

    /// <summary>In UTC and of one length, so that the order of the texts is that of the times.</summary>
    private static string Text(DateTimeOffset moment) => moment.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);

    private static string? Text(DateTimeOffset? moment) => moment is { } given ? Text(given) : null;
}
