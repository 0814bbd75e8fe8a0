using Throughline.Engine;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Signals;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>Pinned traces, and compaction on demand: what changes the store. Stateless.</summary>
internal static class PinEndpoints
{
    /// <summary>Answers GET /api/v1/pins.</summary>
    public static async Task<Problem?> ListAsync(HttpContext context, TraceStore store)
    {
        if (new QueryReader(context.Request.Query).Finish() is { } problem) return problem;
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("pins"u8);
        foreach (var id in store.PinnedTraces)
        {
            json.WriteStartObject();
            json.WriteString("traceId"u8, id.ToString());
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    /// <summary>Answers PUT and DELETE /api/v1/traces/{id}/pin.</summary>
    public static async Task<Problem?> ChangeAsync(HttpContext context, TraceStore store)
    {
        if (new QueryReader(context.Request.Query).Finish() is { } wrong) return wrong;
        var text = (string?)context.Request.RouteValues["id"] ?? "";
        if (!TraceId.TryParse(text, out var id) || !id.IsValid)
            return new Problem(StatusCodes.Status400BadRequest, $"A trace id is up to 32 hexadecimal digits and not zero, not '{text}'.", "id");
        try
        {
            if (HttpMethods.IsDelete(context.Request.Method))
            {
                if (!await store.UnpinAsync(id, context.RequestAborted)) return new Problem(StatusCodes.Status404NotFound, $"The trace {id} is not pinned.", "id");
            }
            else if (await store.PinAsync(id, context.RequestAborted) is var result and not PinResult.Pinned)
            {
                return result == PinResult.TooMany
                    ? new Problem(StatusCodes.Status409Conflict, $"{store.PinnedTraces.Count} traces are pinned, which is as many as may be. Unpin one, or start the server with a higher --max-pinned-traces.", "id")
                    : new Problem(StatusCodes.Status404NotFound, $"There is no trace {id}. It may not have arrived yet.", "id");
            }
        }
        catch (IOException e)
        {
            return Refused(context, $"The pin cannot be written: {e.Message}. Try again when the disk has room.");
        }
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }

    /// <summary>Answers POST /api/v1/compact: when it is answered, all that is stored is in blocks and nothing is left to merge.</summary>
    public static async Task<Problem?> CompactAsync(HttpContext context, TraceStore store, IReadOnlyList<ISignalStore> signals)
    {
        if (new QueryReader(context.Request.Query).Finish() is { } wrong) return wrong;
        try
        {
            await store.FlushAsync(context.RequestAborted);
            await store.CompactAsync(context.RequestAborted);
            foreach (var signal in signals)
            {
                await signal.FlushAsync(context.RequestAborted);
                await signal.CompactAsync(context.RequestAborted);
            }
        }
        catch (IOException e)
        {
            return Refused(context, $"The blocks cannot be compacted: {e.Message}");
        }
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }

    private static Problem Refused(HttpContext context, string message)
    {
        context.Response.Headers.RetryAfter = "5";
        return new Problem(StatusCodes.Status503ServiceUnavailable, message);
    }
}
