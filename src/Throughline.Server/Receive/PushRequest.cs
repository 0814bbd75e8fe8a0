using System.Text;
using System.Text.Json;
using Throughline.Engine.Profiles.Decode;

namespace Throughline.Server.Receive;

/// <summary>A profile of a push request: the labels of its series, and pprof.</summary>
internal readonly record struct PushedProfile(IReadOnlyList<KeyValuePair<string, string>> Labels, ReadOnlyMemory<byte> Profile);

/// <summary>Reads requests of Pyroscope's push API (grafana/pyroscope, api/push/v1/push.proto: PushRequest, whose field numbers and names these are). Stateless.</summary>
internal static class PushRequest
{
    private const int MaxProfiles = 1024;

    /// <summary>Reads a request in protobuf.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static List<PushedProfile> ReadProtobuf(ReadOnlyMemory<byte> body)
    {
        var profiles = new List<PushedProfile>();
        foreach (var (field, series) in WireMessage.Fields(body))
        {
            if (field != 1) continue;
            var (labels, samples) = (new List<KeyValuePair<string, string>>(), new List<ReadOnlyMemory<byte>>());
            foreach (var (part, content) in WireMessage.Fields(series))
            {
                if (part == 1) labels.Add(new(TextOf(content, 1), TextOf(content, 2)));
                else if (part == 2) samples.AddRange(WireMessage.Fields(content).Where(static f => f.Field == 1).Select(static f => f.Content));
            }
            foreach (var sample in samples) Add(profiles, new PushedProfile(labels, sample));
        }
        return profiles;
    }

    /// <summary>Reads a request in protobuf's JSON form.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    /// <exception cref="InvalidDataException">Its parts are not what they have to be.</exception>
    public static List<PushedProfile> ReadJson(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 16 });
        var profiles = new List<PushedProfile>();
        foreach (var series in Items(document.RootElement, "series"))
        {
            var labels = Items(series, "labels").Select(static l => new KeyValuePair<string, string>(Text(l, "name"), Text(l, "value"))).ToList();
            foreach (var sample in Items(series, "samples"))
            {
                var text = Text(sample, sample.ValueKind == JsonValueKind.Object && sample.TryGetProperty("raw_profile", out _) ? "raw_profile" : "rawProfile");
                Add(profiles, new PushedProfile(labels, Convert.FromBase64String(text)));
            }
        }
        return profiles;
    }

    private static void Add(List<PushedProfile> profiles, PushedProfile profile)
    {
        if (profiles.Count == MaxProfiles) throw new InvalidDataException($"it has more than {MaxProfiles} profiles, which is the limit");
        profiles.Add(profile);
    }

    private static string TextOf(ReadOnlyMemory<byte> message, int field)
    {
        var found = WireMessage.Fields(message).LastOrDefault(f => f.Field == field).Content;
        return Encoding.UTF8.GetString(found.Span);
    }

    private static IEnumerable<JsonElement> Items(JsonElement of, string name)
    {
        if (of.ValueKind != JsonValueKind.Object) throw new InvalidDataException($"an object with '{name}' must stand where {of.ValueKind} stands");
        if (!of.TryGetProperty(name, out var items) || items.ValueKind == JsonValueKind.Null) return [];
        return items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : throw new InvalidDataException($"'{name}' must be an array");
    }

    private static string Text(JsonElement of, string name)
    {
        if (of.ValueKind != JsonValueKind.Object) throw new InvalidDataException($"an object with '{name}' must stand where {of.ValueKind} stands");
        if (!of.TryGetProperty(name, out var text)) return "";
        return text.ValueKind == JsonValueKind.String ? text.GetString() ?? "" : throw new InvalidDataException($"'{name}' must be a string");
    }
}
