using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Throughline.Pipeline.Backend.Analysis;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// The security events, in a SQLite file. SQLite emits no spans of its own, so each statement is one here (<c>db_query</c>).
/// Thread-safe: each operation has its own pooled connection.
/// </summary>
internal sealed class EventStore(string path, SpanSource spans, TimeProvider time)
{
    private const string
        InsertEvent = """
            INSERT INTO events (batch_id, camera_id, camera_name, started_at, ended_at, close_reason, risk_score, risk_level, summary,
                reasoning, model, fallback_reason, trace_id, saved_at)
            VALUES ($batch, $camera, $name, $started, $ended, $closed, $score, $level, $summary, $reasoning, $model, $fallback, $trace, $saved)
            RETURNING id
            """,
        InsertImage = """
            INSERT INTO event_images (event_id, position, received_at, sha256, detections, trace_id)
            VALUES ($event, $position, $received, $sha256, $detections, $trace)
            """,
        SelectEvents = """
            SELECT id, batch_id, camera_id, camera_name, started_at, ended_at, close_reason, risk_score, risk_level, summary, reasoning,
                model, fallback_reason, trace_id
            FROM events WHERE ($camera IS NULL OR camera_id = $camera) AND ($before IS NULL OR id < $before) ORDER BY id DESC LIMIT $limit
            """,
        SelectImages = "SELECT received_at, sha256, detections, trace_id FROM event_images WHERE event_id = $event ORDER BY position";

    private readonly string _connection = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = 10 }.ToString();

    /// <summary>Makes the file and its tables where they are missing.</summary>
    public void Prepare()
    {
        using var database = Open();
        using var command = database.CreateCommand();
        command.CommandText = """
            PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS events (
                id INTEGER PRIMARY KEY AUTOINCREMENT, batch_id TEXT NOT NULL UNIQUE, camera_id TEXT NOT NULL, camera_name TEXT NOT NULL,
                started_at TEXT NOT NULL, ended_at TEXT NOT NULL, close_reason TEXT NOT NULL, risk_score INTEGER, risk_level TEXT NOT NULL,
                summary TEXT NOT NULL, reasoning TEXT NOT NULL, model TEXT NOT NULL, fallback_reason TEXT, trace_id TEXT NOT NULL,
                saved_at TEXT NOT NULL);
            CREATE INDEX IF NOT EXISTS events_of_camera ON events (camera_id, id);
            CREATE TABLE IF NOT EXISTS event_images (
                event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE, position INTEGER NOT NULL, received_at TEXT NOT NULL,
                sha256 TEXT NOT NULL, detections TEXT NOT NULL, trace_id TEXT NOT NULL, PRIMARY KEY (event_id, position)) WITHOUT ROWID;
            """;
        command.ExecuteNonQuery();
    }

    /// <summary>Saves the event of a batch with its images, durably, and answers its id.</summary>
    public long Save(ClosedBatch batch, Verdict verdict)
    {
        using var database = Open();
        using var transaction = database.BeginTransaction();
        long id;
        using (Query("INSERT", "events", InsertEvent))
        {
            using var insert = Command(database, InsertEvent,
                ("$batch", batch.Id), ("$camera", batch.Camera.Id), ("$name", batch.Camera.Name), ("$started", Text(batch.OpenedAt)),
                ("$ended", Text(batch.ClosedAt)), ("$closed", batch.CloseReason), ("$score", verdict.RiskScore), ("$level", verdict.RiskLevel),
                ("$summary", verdict.Summary), ("$reasoning", verdict.Reasoning), ("$model", verdict.Model),
                ("$fallback", verdict.FallbackReason), ("$trace", batch.Carrier.Trace.TraceId.ToHexString()), ("$saved", Text(time.GetUtcNow())));
            id = Convert.ToInt64(insert.ExecuteScalar(), CultureInfo.InvariantCulture);
        }
        using (Query("INSERT", "event_images", InsertImage)?.SetTag("db.operation.batch.size", batch.Members.Count))
            for (var i = 0; i < batch.Members.Count; i++)
            {
                var member = batch.Members[i];
                using var insert = Command(database, InsertImage,
                    ("$event", id), ("$position", i), ("$received", Text(member.ReceivedAt)), ("$sha256", member.Sha256),
                    ("$detections", string.Join(", ", member.Detections.Select(found => found.Class))), ("$trace", member.Trace.TraceId.ToHexString()));
                insert.ExecuteNonQuery();
            }
        using (Query("COMMIT", null, "COMMIT")) transaction.Commit();
        return id;
    }

    /// <summary>Events, newest first; of one camera and older than an id where these are given.</summary>
    public IReadOnlyList<SecurityEvent> List(string? camera, long? before, int limit)
    {
        using var database = Open();
        var events = new List<SecurityEvent>();
        using (var span = Query("SELECT", "events", SelectEvents))
        {
            using var select = Command(database, SelectEvents, ("$camera", camera), ("$before", before), ("$limit", limit));
            using var rows = select.ExecuteReader();
            while (rows.Read())
                events.Add(new(
                    rows.GetInt64(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), rows.GetString(4), rows.GetString(5), rows.GetString(6),
                    rows.IsDBNull(7) ? null : rows.GetInt32(7), rows.GetString(8), rows.GetString(9), rows.GetString(10), rows.GetString(11),
                    Fallback: !rows.IsDBNull(12), rows.IsDBNull(12) ? null : rows.GetString(12), rows.GetString(13), []));
            span?.SetTag("db.response.returned_rows", events.Count);
        }
        using (Query("SELECT", "event_images", SelectImages)?.SetTag("db.operation.batch.size", events.Count))
            return [.. events.Select(saved => saved with { Images = Images(database, saved.Id) })];
    }

    private static List<EventImage> Images(SqliteConnection database, long eventId)
    {
        using var select = Command(database, SelectImages, ("$event", eventId));
        using var rows = select.ExecuteReader();
        var images = new List<EventImage>();
        while (rows.Read()) images.Add(new(rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetString(3)));
        return images;
    }

    private SqliteConnection Open()
    {
        var database = new SqliteConnection(_connection);
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";
        command.ExecuteNonQuery();
        return database;
    }

    private Activity? Query(string operation, string? table, string text) => spans.Start("db_query", ActivityKind.Client)?
        .SetTag("db.system.name", "sqlite").SetTag("db.namespace", Path.GetFileName(path)).SetTag("db.operation.name", operation)
        .SetTag("db.collection.name", table).SetTag("db.query.text", text).SetTag("db.query.summary", table is null ? operation : $"{operation} {table}");

    private static SqliteCommand Command(SqliteConnection database, string text, params (string Name, object? Value)[] parameters)
    {
        var command = database.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    private static string Text(DateTimeOffset moment) => moment.ToString("O", CultureInfo.InvariantCulture);
}
