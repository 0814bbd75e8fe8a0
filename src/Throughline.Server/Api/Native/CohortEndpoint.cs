using System.Text.Json;
using Throughline.Engine;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>GET /api/v1/search/compare: what tells some of a search's matches from the others (docs/api.md). Stateless.</summary>
internal static class CohortEndpoint
{
    private const int StandardSample = 100;
    private const int MaxSample = 500;
    private const int MaxDifferences = 50;

    internal static async Task<Problem?> AnswerAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var all = SearchRequest.ReadFilter(query);
        var chosen = SearchRequest.ReadChosen(query, all);
        var sample = query.Whole("sample", 1, MaxSample, StandardSample);
        if (query.Finish() is { } problem) return problem;

        var comparison = await CohortComparison.FindAsync(store, all, chosen, sample, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        WriteCohort(json, "a"u8, comparison.A, comparison.Paths.BetweenNano[0]);
        WriteCohort(json, "b"u8, comparison.B, comparison.Paths.BetweenNano[1]);
        json.WriteStartArray("nodes"u8);
        foreach (var (path, parent) in comparison.Paths.InOrder())
        {
            json.WriteStartObject();
            json.WriteNumber("parent"u8, parent);
            json.WriteString("service"u8, path.Service);
            json.WriteString("name"u8, path.Name);
            json.WriteString("kind"u8, JsonFields.KindName(path.Kind));
            json.WriteText("wait"u8, path.Wait);
            WriteSide(json, "a"u8, path.Sides[0], comparison.A.Looked);
            WriteSide(json, "b"u8, path.Sides[1], comparison.B.Looked);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        WriteAttributes(json, comparison.Attributes);
        json.WriteNumber("leftOutTraces"u8, comparison.LeftOut);
        json.WriteNumber("unplacedSpans"u8, comparison.Paths.Unplaced);
        SearchWriter.WriteTruncated(json, comparison.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    private static void WriteCohort(Utf8JsonWriter json, ReadOnlySpan<byte> name, Cohort cohort, UInt128 between)
    {
        json.WriteStartObject(name);
        SearchWriter.WriteTotal(json, "total"u8, cohort.Total);
        json.WriteNumber("looked"u8, cohort.Looked);
        json.WriteNumber("errors"u8, cohort.Errors);
        json.WriteLong("meanNano"u8, cohort.MeanNano);
        json.WriteLong("p50Nano"u8, cohort.P50Nano);
        json.WriteLong("meanWaitingNano"u8, cohort.MeanWaitingNano);
        json.WriteLong("betweenNano"u8, CohortComparison.Mean(between, cohort.Looked));
        json.WriteEndObject();
    }

    private static void WriteSide(Utf8JsonWriter json, ReadOnlySpan<byte> name, CohortSide side, int looked)
    {
        side.Durations.Sort();
        json.WriteStartObject(name);
        json.WriteNumber("traces"u8, side.Traces);
        json.WriteNumber("spans"u8, side.Spans);
        json.WriteNumber("errors"u8, side.Errors);
        json.WriteLong("wallNano"u8, CohortComparison.Mean(side.WallNano, looked));
        json.WriteLong("selfNano"u8, CohortComparison.Mean(side.SelfNano, looked));
        if (side.Durations.Count == 0) json.WriteNull("p50Nano"u8);
        else json.WriteLong("p50Nano"u8, side.Durations[(side.Durations.Count - 1) / 2]);
        json.WriteEndObject();
    }

    private static void WriteAttributes(Utf8JsonWriter json, CohortAttributes attributes)
    {
        var differing = attributes.Differing();
        json.WriteStartArray("attributes"u8);
        foreach (var difference in differing.Take(MaxDifferences))
        {
            json.WriteStartObject();
            json.WriteString("key"u8, difference.Key);
            json.WriteNumber("score"u8, Math.Round(difference.Score, 6));
            json.WriteNumber("a"u8, difference.With[0]);
            json.WriteNumber("b"u8, difference.With[1]);
            if (difference.Medians is { } medians)
            {
                json.WriteStartArray("medians"u8);
                foreach (var median in medians)
                {
                    if (median is { } known) json.WriteNumberValue(known);
                    else json.WriteNullValue();
                }
                json.WriteEndArray();
            }
            else json.WriteNull("medians"u8);
            json.WriteStartArray("values"u8);
            foreach (var value in difference.Values)
            {
                json.WriteStartObject();
                json.WriteString("value"u8, value.Text);
                json.WriteNumber("a"u8, value.A);
                json.WriteNumber("b"u8, value.B);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("keys"u8);
        json.WriteNumber("looked"u8, attributes.Count);
        json.WriteNumber("differ"u8, differing.Count);
        json.WriteBoolean("all"u8, !attributes.HasMoreKeys);
        json.WriteEndObject();
    }
}
