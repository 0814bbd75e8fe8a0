using System.Text.Encodings.Web;
using System.Text.Json;

namespace Throughline.Server.Api;

/// <summary>
/// One JSON answer, written straight into the response and sent in parts, so that a large one is never whole in memory. Belongs to its request; ended
/// by <see cref="FinishAsync"/>.
/// </summary>
internal sealed class JsonAnswer : IAsyncDisposable
{
    /// <summary>Bytes after which a part is sent.</summary>
    internal const int PartBytes = 64 << 10;

    // Answers are JSON by their type and never part of HTML, so only what JSON asks for is escaped.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly HttpContext _context;

    internal JsonAnswer(HttpContext context, bool isIndented = false)
    {
        _context = context;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        Writer = new Utf8JsonWriter(context.Response.BodyWriter, isIndented ? Options with { Indented = true } : Options);
    }

    /// <summary>Where to write.</summary>
    internal Utf8JsonWriter Writer { get; }

    /// <summary>Whether <see cref="SendAsync"/> is due.</summary>
    internal bool IsPartFull => Writer.BytesPending + _context.Response.BodyWriter.UnflushedBytes > PartBytes;

    /// <summary>Sends what was written; waits while the reader is slow.</summary>
    internal async ValueTask SendAsync()
    {
        Writer.Flush();
        await _context.Response.BodyWriter.FlushAsync(_context.RequestAborted);
    }

    /// <summary>Sends the rest.</summary>
    internal ValueTask FinishAsync() => SendAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        // What an answer that was not finished has pending is dropped, or the problem that is told in its place would stand behind it.
        Writer.Reset();
        Writer.Dispose();
        return ValueTask.CompletedTask;
    }
}
