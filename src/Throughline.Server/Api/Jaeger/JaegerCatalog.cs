namespace Throughline.Server.Api.Jaeger;

/// <summary>Services, operations and dependencies in the form of Jaeger's first API. Over all that is stored, as Jaeger's are. Stateless.</summary>
internal static class JaegerCatalog
{
    private const ulong NanoInMilli = 1_000_000;
    private const ulong StandardLookbackNano = 24UL * 3600 * 1_000_000_000;

    /// <summary>GET /api/services.</summary>
    internal static async Task ServicesAsync(JaegerCall call)
    {
        var services = await call.Store.GetServicesAsync(null, null, call.Gone);
        await WriteTextsAsync(call, [.. services.Select(static s => s.Name)]);
    }

    /// <summary>GET /api/services/{service}/operations.</summary>
    internal static async Task NamesAsync(JaegerCall call)
    {
        var service = (string?)call.Context.Request.RouteValues["service"] ?? "";
        var operations = await call.Store.GetOperationsAsync([service], null, null, call.Gone);
        await WriteTextsAsync(call, [.. operations.Select(static o => o.Name).Distinct(StringComparer.Ordinal)]);
    }

    /// <summary>GET /api/operations?service=&amp;spanKind=.</summary>
    internal static async Task OperationsAsync(JaegerCall call)
    {
        var service = call.Query.Text("service") ?? throw new JaegerRequestException(JaegerError.Bad("parameter 'service' is required"));
        var operations = await OfKindAsync(call, service, call.Query.Text("spanKind"));
        await using var answer = new JsonAnswer(call.Context);
        var json = answer.Writer;
        JaegerAnswer.Begin(json);
        json.WriteStartArray();
        foreach (var (name, kind) in operations)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, name);
            json.WriteString("spanKind"u8, kind);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        JaegerAnswer.End(json, operations.Count);
        await answer.FinishAsync();
    }

    /// <summary>The operations of a service, each with Jaeger's word for its kind; of one kind when <paramref name="kindName"/> is given.</summary>
    internal static async Task<IReadOnlyList<(string Name, string Kind)>> OfKindAsync(JaegerCall call, string service, string? kindName)
    {
        int? wanted = kindName is null ? null : (int)(JaegerTags.KindOf(kindName) ?? throw new JaegerRequestException(JaegerError.Bad($"unsupported span kind: '{kindName}'")));
        var operations = await call.Store.GetOperationsAsync([service], null, null, call.Gone);
        return [.. operations.Where(o => wanted is null || o.Kind == wanted).Select(static o => (o.Name, JaegerTags.KindName(o.Kind))).Distinct()];
    }

    /// <summary>GET /api/dependencies?endTs=&amp;lookback=&amp;service=, times in milliseconds.</summary>
    internal static async Task DependenciesAsync(JaegerCall call)
    {
        var end = call.Query.Whole("endTs") is { } endMilli ? Nano("endTs", endMilli) : call.Query.Now();
        var lookback = call.Query.Whole("lookback") is { } lookbackMilli ? Nano("lookback", lookbackMilli) : StandardLookbackNano;
        var service = call.Query.Text("service");
        var dependencies = await call.Store.GetDependenciesAsync(end > lookback ? end - lookback : 0, end, call.Gone);
        if (dependencies.Truncated is { } truncated) call.Context.Response.Headers["Throughline-Truncated"] = Uri.EscapeDataString(truncated.Message);
        await using var answer = new JsonAnswer(call.Context);
        var json = answer.Writer;
        var count = 0;
        JaegerAnswer.Begin(json);
        json.WriteStartArray();
        foreach (var edge in dependencies.Edges.Where(e => service is null || e.Parent == service || e.Child == service))
        {
            json.WriteStartObject();
            json.WriteString("parent"u8, edge.Parent);
            json.WriteString("child"u8, edge.Child);
            json.WriteNumber("callCount"u8, edge.Calls);
            json.WriteEndObject();
            count++;
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        JaegerAnswer.End(json, count);
        await answer.FinishAsync();
    }

    private static ulong Nano(string name, long milli) => (ulong)milli <= ulong.MaxValue / NanoInMilli
        ? (ulong)milli * NanoInMilli
        : throw new JaegerRequestException(JaegerError.Bad($"unable to parse param '{name}': {milli} milliseconds are more than 584 years"));

    private static async Task WriteTextsAsync(JaegerCall call, IReadOnlyList<string> texts)
    {
        await using var answer = new JsonAnswer(call.Context);
        JaegerAnswer.Begin(answer.Writer);
        answer.Writer.WriteStartArray();
        foreach (var text in texts)
        {
            answer.Writer.WriteStringValue(text);
            if (answer.IsPartFull) await answer.SendAsync();
        }
        answer.Writer.WriteEndArray();
        JaegerAnswer.End(answer.Writer, texts.Count);
        await answer.FinishAsync();
    }
}
