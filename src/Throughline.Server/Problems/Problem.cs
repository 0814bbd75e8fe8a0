using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Throughline.Server.Problems;

/// <summary>
/// An error as RFC 9457 problem details. Where one parameter of the request is at fault, <paramref name="Parameter"/> names it and
/// <paramref name="Position"/> is the offset in characters in its value, where there is one. Immutable.
/// </summary>
public sealed record Problem(int Status, string Detail, string? Parameter = null, int? Position = null)
{
    /// <summary>Everything that is wrong with a document that was sent, by its place in it; empty where the detail says all.</summary>
    public IReadOnlyList<(string Path, string Message)> Errors { get; init; } = [];

    /// <summary>The media type of problem details in JSON.</summary>
    public const string MediaType = "application/problem+json";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers the request with the problem.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        await using (var json = new Utf8JsonWriter(response.BodyWriter, Options))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "about:blank"u8);
            json.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(Status));
            json.WriteNumber("status"u8, Status);
            json.WriteString("detail"u8, Detail);
            if (Parameter is not null)
            {
                json.WriteString("parameter"u8, Parameter);
                if (Position is { } position) json.WriteNumber("position"u8, position);
                else json.WriteNull("position"u8);
            }
            if (Errors.Count > 0) WriteErrors(json);
            json.WriteEndObject();
        }
        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private void WriteErrors(Utf8JsonWriter json)
    {
        json.WriteStartArray("errors"u8);
        foreach (var (path, message) in Errors)
        {
            json.WriteStartObject();
            json.WriteString("path"u8, path);
            json.WriteString("message"u8, message);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
