using Throughline.Engine;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>GET /api/v1/traces/{id}/typical: which trace to compare one with, and why that one. Stateless.</summary>
internal static class TypicalEndpoint
{
    internal static async Task<Problem?> AnswerAsync(HttpContext context, TraceStore store)
    {
        if (new QueryReader(context.Request.Query).Finish() is { } wrong) return wrong;
        var (trace, problem) = await NativeApi.FindAsync(context, store);
        if (trace is null) return problem;

        var typical = await TypicalTrace.FindAsync(store, trace.Summary, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteId("traceId"u8, trace.TraceId);
        if (typical.Trace is { } found)
        {
            json.WritePropertyName("typical"u8);
            SearchWriter.WriteSummary(json, found);
        }
        else json.WriteNull("typical"u8);
        SearchWriter.WriteTotal(json, "among"u8, typical.Among);
        json.WriteBoolean("sameServices"u8, typical.SameServices);
        json.WriteLong("medianNano"u8, typical.MedianNano);
        json.WriteLong("fromUnixNano"u8, typical.FromUnixNano);
        json.WriteLong("toUnixNano"u8, typical.ToUnixNano);
        SearchWriter.WriteTruncated(json, typical.Truncated);
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }
}
