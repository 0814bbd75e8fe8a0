using System.Buffers;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>
/// GET /api/v1/openapi.json. The document is put together from embedded files, one a path (OpenApi/ beside this one, or beside other endpoints): each has members <c>paths</c> and <c>schemas</c>, the
/// first what stands around them. Tests hold the routes, the parameters and the real answers against it. Thread safe.
/// </summary>
internal static class OpenApiDocument
{
    private const string Prefix = "openapi/";

    /// <summary>The file with what stands around the paths.</summary>
    private const string Frame = Prefix + "_document.openapi";

    private static readonly Lazy<byte[]> s_document = new(static () =>
    {
        var assembly = Assembly.GetExecutingAssembly();
        return Assemble(assembly.GetManifestResourceNames().Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(name =>
        {
            using var file = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The assembly lacks its resource {name}.");
            using var document = JsonDocument.Parse(file);
            return (name, document.RootElement.Clone());
        }));
    });

    internal static async Task<Problem?> WriteAsync(HttpContext context)
    {
        if (new QueryReader(context.Request.Query).Finish() is { } problem) return problem;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = s_document.Value.Length;
        await context.Response.Body.WriteAsync(s_document.Value, context.RequestAborted);
        return null;
    }

    /// <summary>One document of several files; an <see cref="InvalidOperationException"/> when two of them describe the same path or schema, or one has a member of another name.</summary>
    internal static byte[] Assemble(IEnumerable<(string Name, JsonElement Content)> files)
    {
        var frame = default(JsonElement?);
        var (paths, schemas) = (new Dictionary<string, (string File, JsonElement Value)>(), new Dictionary<string, (string File, JsonElement Value)>());
        foreach (var (name, content) in files)
        {
            if (name == Frame) frame = content;
            foreach (var member in content.EnumerateObject())
            {
                if (member.NameEquals("paths")) Add(name, member.Value, paths);
                else if (member.NameEquals("schemas")) Add(name, member.Value, schemas);
                else if (name != Frame) throw new InvalidOperationException($"{name} has a member {member.Name}; there may be paths and schemas.");
            }
        }
        return Write(frame ?? throw new InvalidOperationException($"{Frame} is missing."), paths, schemas);
    }

    private static void Add(string file, JsonElement members, Dictionary<string, (string File, JsonElement Value)> all)
    {
        foreach (var member in members.EnumerateObject())
        {
            if (!all.TryAdd(member.Name, (file, member.Value))) throw new InvalidOperationException($"{member.Name} is described in {all[member.Name].File} and in {file}.");
        }
    }

    private static byte[] Write(JsonElement frame, Dictionary<string, (string File, JsonElement Value)> paths, Dictionary<string, (string File, JsonElement Value)> schemas)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true, IndentSize = 1 }))
        {
            json.WriteStartObject();
            foreach (var member in frame.EnumerateObject())
            {
                if (!member.NameEquals("paths") && !member.NameEquals("schemas")) member.WriteTo(json);
            }
            WriteAll(json, "paths", paths);
            json.WriteStartObject("components");
            WriteAll(json, "schemas", schemas);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }

    private static void WriteAll(Utf8JsonWriter json, string name, Dictionary<string, (string File, JsonElement Value)> members)
    {
        json.WriteStartObject(name);
        foreach (var (key, (_, value)) in members.OrderBy(static m => m.Key, StringComparer.Ordinal))
        {
            json.WritePropertyName(key);
            value.WriteTo(json);
        }
        json.WriteEndObject();
    }
}
