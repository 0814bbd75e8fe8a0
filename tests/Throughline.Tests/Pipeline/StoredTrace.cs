using System.Text.Json;

namespace Throughline.Tests.Pipeline;

/// <summary>A trace as <c>GET /api/v1/traces/{id}</c> tells it, with names in place of indexes.</summary>
internal sealed class StoredTrace
{
    public StoredTrace(JsonElement answer)
    {
        Id = answer.GetProperty("traceId").GetString() ?? "";
        Summary = answer.GetProperty("summary");
        var columns = answer.GetProperty("columns");
        var (services, names, texts) = (answer.GetProperty("services"), answer.GetProperty("names"), answer.GetProperty("texts"));
        for (var row = 0; row < columns.GetProperty("spanId").GetArrayLength(); row++)
        {
            var wait = Int("wait");
            Spans.Add(new(
                row, columns.GetProperty("spanId")[row].GetString() ?? "", Int("parent"), services[Int("service")].GetString() ?? "",
                names[Int("name")].GetString() ?? "", Int("kind"), columns.GetProperty("start")[row].GetInt64(),
                columns.GetProperty("duration")[row].GetInt64(), wait < 0 ? null : texts[wait].GetString(), Int("error") == 1));

            int Int(string column) => columns.GetProperty(column)[row].GetInt32();
        }
        foreach (var link in answer.GetProperty("links").EnumerateArray())
            Links.Add(new(link.GetProperty("row").GetInt32(), link.GetProperty("traceId").GetString() ?? "", link.GetProperty("spanId").GetString() ?? ""));
    }

    public string Id { get; }

    public JsonElement Summary { get; }

    public List<StoredSpan> Spans { get; } = [];

    public List<StoredLink> Links { get; } = [];

    public StoredSpan? Find(string service, string name, int? kind = null) =>
        Spans.Find(span => span.Service == service && span.Name == name && (kind is null || span.Kind == kind));

    public StoredSpan Only(string service, string name, int? kind = null) =>
        Assert.Single(Spans, span => span.Service == service && span.Name == name && (kind is null || span.Kind == kind));

    /// <summary>The parent in the seed's tree, which knows no client spans: those of the caller stand between.</summary>
    public StoredSpan SeedParent(StoredSpan span)
    {
        Assert.True(span.Parent >= 0, $"{span.Name} of {span.Service} has no parent.");
        for (var parent = Spans[span.Parent]; ; parent = Spans[parent.Parent])
            if (parent.Kind != StoredSpan.Client || parent.Parent < 0) return parent;
    }

    /// <summary>The whole tree in words, for the message of a failed test.</summary>
    public override string ToString() => string.Join('\n', Spans.Select(span => $"{new string(' ', 2 * Depth(span))}{span.Name} [{span.Service}] {span.DurationNano / 1e6:0.0} ms"));

    private int Depth(StoredSpan span) => span.Parent < 0 ? 0 : 1 + Depth(Spans[span.Parent]);
}

internal sealed record StoredSpan(
    int Row, string SpanId, int Parent, string Service, string Name, int Kind, long StartNano, long DurationNano, string? Wait, bool Error)
{
    public const int Internal = 1, Server = 2, Client = 3;
}

internal sealed record StoredLink(int Row, string TraceId, string SpanId);
