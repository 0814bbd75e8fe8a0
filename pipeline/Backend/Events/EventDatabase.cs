using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// The SQLite file of the events: its tables, its connections, and a span (<c>db_query</c>) around each statement, since SQLite emits
/// none. Thread-safe: every caller opens a pooled connection of its own.
/// </summary>
internal sealed class EventDatabase(EventOptions options, SpanSource spans)
{
    private const int Busy = 5, Locked = 6;

    private readonly string _connection =
        new SqliteConnectionStringBuilder { DataSource = options.Database, DefaultTimeout = options.BusyTimeoutSeconds }.ToString();

    /// <summary>Makes the file and its tables where they are missing, and brings those of older releases up to date.</summary>
    /// <exception cref="IOException">The file is none that events can be saved in; the message names it.</exception>
    public void Prepare()
    {
        try
        {
            MakeTables();
        }
        catch (SqliteException problem)
        {
            throw new IOException($"{options.Database} (Events:Database) can't be used: {problem.Message}", problem);
        }
    }

    private void MakeTables()
    {
        using var database = Open();
        Execute(database, """
            PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS events (
                id INTEGER PRIMARY KEY AUTOINCREMENT, batch_id TEXT NOT NULL UNIQUE, camera_id TEXT NOT NULL, camera_name TEXT NOT NULL,
                started_at TEXT NOT NULL, ended_at TEXT NOT NULL, close_reason TEXT NOT NULL, risk_score INTEGER, risk_level TEXT NOT NULL,
                summary TEXT NOT NULL, reasoning TEXT NOT NULL, model TEXT NOT NULL, fallback_reason TEXT, trace_id TEXT NOT NULL,
                saved_at TEXT NOT NULL);
            CREATE INDEX IF NOT EXISTS events_of_camera ON events (camera_id, id);
            CREATE INDEX IF NOT EXISTS events_of_trace ON events (trace_id);
            CREATE INDEX IF NOT EXISTS events_of_time ON events (started_at, risk_level, camera_id);
            CREATE TABLE IF NOT EXISTS event_images (
                event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE, position INTEGER NOT NULL, received_at TEXT NOT NULL,
                sha256 TEXT NOT NULL, detections TEXT NOT NULL, trace_id TEXT NOT NULL, image_id TEXT NOT NULL DEFAULT '',
                PRIMARY KEY (event_id, position)) WITHOUT ROWID;
            CREATE INDEX IF NOT EXISTS images_of_trace ON event_images (trace_id);
            """);
        using var columns = Command(database, "SELECT COUNT(*) FROM pragma_table_info('event_images') WHERE name = 'image_id'");
        if (columns.ExecuteScalar() is 0L) Execute(database, "ALTER TABLE event_images ADD COLUMN image_id TEXT NOT NULL DEFAULT ''");
    }

    /// <summary>A connection whose commits are durable. The caller disposes it.</summary>
    public SqliteConnection Open()
    {
        var database = new SqliteConnection(_connection);
        database.Open();
        Execute(database, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
        return database;
    }

    /// <summary>Runs a statement, or some of one kind, under a span that tells which and how long. A failure is told and passed on.</summary>
    public TResult Run<TResult>(string operation, string? table, string text, Func<Activity?, TResult> run)
    {
        using var span = spans.Start("db_query", ActivityKind.Client)?
            .SetTag("db.system.name", "sqlite").SetTag("db.namespace", Path.GetFileName(options.Database))
            .SetTag("db.operation.name", operation).SetTag("db.collection.name", table).SetTag("db.query.text", text)
            .SetTag("db.query.summary", table is null ? operation : $"{operation} {table}");
        try
        {
            return run(span);
        }
        catch (SqliteException problem)
        {
            span?.SetTag("db.response.status_code", problem.SqliteErrorCode.ToString(System.Globalization.CultureInfo.InvariantCulture));
            span.Fail(problem, ErrorType(problem));
            throw;
        }
    }

    /// <summary>Whether somebody else's lock was in the way, which passes.</summary>
    public static bool IsLocked(SqliteException problem) => problem.SqliteErrorCode is Busy or Locked;

    /// <summary>The <c>error.type</c> of a failed statement.</summary>
    public static string ErrorType(SqliteException problem) => IsLocked(problem) ? "database_locked" : "database_error";

    /// <summary>A command with its parameters; null is NULL. The caller disposes it.</summary>
    public static SqliteCommand Command(SqliteConnection database, string text, params (string Name, object? Value)[] parameters)
    {
        var command = database.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    private static void Execute(SqliteConnection database, string text)
    {
        using var command = Command(database, text);
        command.ExecuteNonQuery();
    }
}
