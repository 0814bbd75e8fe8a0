using System.Text.Json;
using Throughline.Engine.Model;

namespace Throughline.Server.Api.Jaeger;

/// <summary>The envelope of Jaeger's first API: <c>{"data":…,"total":n,"limit":0,"offset":0,"errors":null}</c>.</summary>
internal static class JaegerAnswer
{
    /// <summary>Begins the envelope; the data follows.</summary>
    internal static void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WritePropertyName("data"u8);
    }

    /// <summary>Ends the envelope behind the data, which has <paramref name="total"/> entries; <paramref name="missing"/> are traces that were asked for by their ids and are not there.</summary>
    internal static void End(Utf8JsonWriter json, int total, params IReadOnlyList<TraceId> missing)
    {
        json.WriteNumber("total"u8, total);
        json.WriteNumber("limit"u8, 0);
        json.WriteNumber("offset"u8, 0);
        if (missing.Count == 0) json.WriteNull("errors"u8);
        else json.WriteStartArray("errors"u8);
        foreach (var id in missing) WriteError(json, StatusCodes.Status404NotFound, "trace not found", id);
        if (missing.Count > 0) json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Answers a request that cannot be answered.</summary>
    internal static async Task FailAsync(HttpContext context, JaegerError error)
    {
        context.Response.StatusCode = error.Status;
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        Begin(json);
        json.WriteNullValue();
        json.WriteNumber("total"u8, 0);
        json.WriteNumber("limit"u8, 0);
        json.WriteNumber("offset"u8, 0);
        json.WriteStartArray("errors"u8);
        WriteError(json, error.Status, error.Message, null);
        json.WriteEndArray();
        json.WriteEndObject();
        await answer.FinishAsync();
    }

    /// <summary>A trace id in Jaeger's form: 16 digits when the rest is zero.</summary>
    internal static string IdText(TraceId id) => id.High == 0 ? id.ToString()[16..] : id.ToString();

    private static void WriteError(Utf8JsonWriter json, int code, string message, TraceId? trace)
    {
        json.WriteStartObject();
        json.WriteNumber("code"u8, code);
        json.WriteString("msg"u8, message);
        if (trace is { } id) json.WriteString("traceID"u8, IdText(id));
        json.WriteEndObject();
    }
}
