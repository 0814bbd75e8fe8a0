using Throughline.Engine;
using Throughline.Engine.Encode;
using Throughline.Engine.Logs;
using Throughline.Engine.Model;
using Throughline.Engine.Profiles.Query;
using Throughline.Engine.Profiles.Store;
using Throughline.Engine.Query;
using Throughline.Server.Configuration;
using Throughline.Server.Problems;
using Throughline.Server.Process;
using Throughline.Server.Storage;

namespace Throughline.Server.Api.Native;

/// <summary>Answers one request; null when it did, else what is wrong with the request.</summary>
internal delegate Task<Problem?> NativeHandler(HttpContext context, TraceStore store);

/// <summary>The page's own API under /api/v1 (docs/api.md), described by the files of OpenApi/ beside it. Stateless but for the parts that it was made with.</summary>
public static class NativeApi
{
    /// <summary>Maps the API's routes, and a truthful 404 for everything else under /api.</summary>
    public static void Map(IEndpointRouteBuilder routes, StoreGate gate, ConfigEndpoint config, StatusParts status, IReadOnlyList<SettingInForce> settings, ProcessSettings process)
    {
        Get(routes, "/api/v1/openapi.json", OpenApiDocument.WriteAsync);
        Get(routes, "/api/v1/config", context => WithoutParameters(context, json => config.Write(json.Writer)));
        Get(routes, "/api/v1/settings", context => WithoutParameters(context, json => SettingsWriter.Write(json.Writer, settings)));
        Map(routes, "/api/v1/settings/process", ["GET", "PUT"], context => ProcessEndpoints.RulesAsync(context, process));
        Get(routes, "/api/v1/settings/process/counts", context => WithoutParameters(context, json => ProcessEndpoints.WriteCounts(json.Writer, process.Counters.Read())));
        GetStored(routes, gate, "/api/v1/status", (context, store) => WithoutParameters(context, json => StatusWriter.Write(json.Writer, status, store.GetStatistics())));
        GetStored(routes, gate, "/api/v1/services", ServicesAsync);
        GetStored(routes, gate, "/api/v1/operations", OperationsAsync);
        GetStored(routes, gate, "/api/v1/search", SearchAsync);
        GetStored(routes, gate, "/api/v1/search/distribution", DistributionEndpoint.AnswerAsync);
        GetStored(routes, gate, "/api/v1/search/compare", CohortEndpoint.AnswerAsync);
        GetStored(routes, gate, "/api/v1/keys", FacetEndpoints.KeysAsync);
        GetStored(routes, gate, "/api/v1/values", FacetEndpoints.ValuesAsync);
        GetStored(routes, gate, "/api/v1/facets", FacetEndpoints.FacetsAsync);
        GetStored(routes, gate, "/api/v1/red/operations", AggregateEndpoints.RedOperationsAsync);
        GetStored(routes, gate, "/api/v1/red/operations/series", LatencyEndpoints.SeriesAsync);
        GetStored(routes, gate, "/api/v1/red/series", AggregateEndpoints.RedSeriesAsync);
        GetStored(routes, gate, "/api/v1/dependencies", AggregateEndpoints.DependenciesAsync);
        MetricEndpoints.Map(routes, gate);
        GetStored(routes, gate, "/api/v1/pins", PinEndpoints.ListAsync);
        MapStored(routes, gate, "/api/v1/traces/{id}/pin", ["PUT", "DELETE"], PinEndpoints.ChangeAsync);
        MapStored(routes, gate, "/api/v1/compact", ["POST"], (context, store) => PinEndpoints.CompactAsync(context, store, gate.Signals));
        GetStored(routes, gate, "/api/v1/traces/shapes", ShapesEndpoint.AnswerAsync);
        GetStored(routes, gate, "/api/v1/traces/{id}", (context, store) => TraceAsync(context, store, process.Counters));
        GetStored(routes, gate, "/api/v1/traces/{id}/spans/{spanId}", SpanAsync);
        GetStored(routes, gate, "/api/v1/traces/{id}/typical", TypicalEndpoint.AnswerAsync);
        GetStored(routes, gate, "/api/v1/traces/{id}/linked-from", LinkedFromEndpoint.ReadAsync);
        GetLogs(routes, gate, "/api/v1/logs", LogEndpoints.SearchAsync);
        GetLogs(routes, gate, "/api/v1/logs/histogram", LogEndpoints.HistogramAsync);
        GetLogs(routes, gate, "/api/v1/logs/values", LogEndpoints.ValuesAsync);
        GetLogs(routes, gate, "/api/v1/logs/keys", LogEndpoints.KeysAsync);
        GetLogs(routes, gate, "/api/v1/logs/services", LogEndpoints.ServicesAsync);
        GetProfiled(routes, gate, "/api/v1/profiles/services", ProfileEndpoints.ServicesAsync);
        GetProfiled(routes, gate, "/api/v1/profiles/labels", ProfileEndpoints.LabelsAsync);
        GetProfiled(routes, gate, "/api/v1/profiles/flame", ProfileEndpoints.FlameAsync);
        GetProfiled(routes, gate, "/api/v1/profiles/functions", ProfileEndpoints.FunctionsAsync);
        GetProfiled(routes, gate, "/api/v1/profiles/traces", ProfileEndpoints.TracesAsync);
        routes.Map("/api/{**path}", static context =>
            new Problem(StatusCodes.Status404NotFound, $"There is nothing at {context.Request.Path}. The API is described at /api/v1/openapi.json.").WriteAsync(context));
    }

    private static async Task<Problem?> ServicesAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var (from, to) = query.Range();
        if (query.Finish() is { } problem) return problem;

        var services = await store.GetServicesAsync(from, to, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("services"u8);
        foreach (var service in services)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, service.Name);
            json.WriteLong("spans"u8, service.Spans);
            json.WriteLong("errors"u8, service.Errors);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    private static async Task<Problem?> OperationsAsync(HttpContext context, TraceStore store)
    {
        var query = new QueryReader(context.Request.Query);
        var services = query.Many("service");
        var (from, to) = query.Range();
        if (query.Finish() is { } problem) return problem;

        var operations = await store.GetOperationsAsync(services, from, to, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("operations"u8);
        foreach (var operation in operations)
        {
            json.WriteStartObject();
            json.WriteString("service"u8, operation.Service);
            json.WriteString("name"u8, operation.Name);
            json.WriteString("kind"u8, JsonFields.KindName(operation.Kind));
            json.WriteLong("spans"u8, operation.Spans);
            json.WriteLong("errors"u8, operation.Errors);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        await answer.FinishAsync();
        return null;
    }

    private static async Task<Problem?> SearchAsync(HttpContext context, TraceStore store)
    {
        if (SearchRequest.Read(context.Request.Query, out var problem) is not { } plan) return problem;
        var result = await store.SearchAsync(plan, context.RequestAborted);
        return await Finish(context, json => SearchWriter.Write(json.Writer, result, SearchRequest.HashOf(context.Request.Query)));
    }

    private static async Task<Problem?> TraceAsync(HttpContext context, TraceStore store, ProcessCounters dropped)
    {
        var query = new QueryReader(context.Request.Query);
        var asOtlp = query.OneOf("format", "columns", "otlp") == 1;
        var (limit, (from, to)) = (query.Whole("limit", 1, int.MaxValue, int.MaxValue), query.Range());
        var span = query.Span("span");
        if (query.Finish() is { } wrong) return wrong;
        var isPart = limit < int.MaxValue || from is not null || to is not null;
        if (asOtlp && (isPart || span is not null)) return new Problem(StatusCodes.Status400BadRequest, "An export is of the whole trace: 'limit', 'from', 'to' and 'span' are for the columns.", "format");
        var (part, problem) = await FindPartAsync(context, store, new TracePartRequest(limit, from, to, span));
        if (part is null) return ProcessEndpoints.WhyNot(context, dropped) ?? problem;
        var trace = part.Trace;

        // The exported document cannot say that it is not whole, and would be taken for all of the trace.
        if (asOtlp && trace.Truncated is { Reason: "memory" } truncated) return new Problem(StatusCodes.Status507InsufficientStorage, truncated.Message);

        if (asOtlp)
        {
            // What damage leaves is all that there will ever be: it is given, and said to be a part.
            var suffix = trace.Truncated is null ? "" : ".incomplete";
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"trace-{trace.TraceId}{suffix}.json\"";
            if (trace.Truncated is { } missing) context.Response.Headers["Throughline-Truncated"] = Uri.EscapeDataString(missing.Message);
        }
        await using var answer = new JsonAnswer(context);
        if (asOtlp) await WriteOtlpAsync(answer, trace.Spans);
        else await TraceWriter.WriteAsync(answer, trace, part.Excerpt, dropped.DroppedOf(trace.TraceId));
        await answer.FinishAsync();
        return null;
    }

    private static async Task WriteOtlpAsync(JsonAnswer answer, SpanBatch spans)
    {
        OtlpJsonWriter.Begin(answer.Writer);
        for (var row = 0; row < spans.RowCount;)
        {
            row = OtlpJsonWriter.WriteRows(spans, row, JsonAnswer.PartBytes, answer.Writer);
            if (answer.IsPartFull) await answer.SendAsync();
        }
        OtlpJsonWriter.End(answer.Writer);
    }

    private static async Task<Problem?> SpanAsync(HttpContext context, TraceStore store)
    {
        if (new QueryReader(context.Request.Query).Finish() is { } wrong) return wrong;
        var text = (string?)context.Request.RouteValues["spanId"] ?? "";
        if (!SpanId.TryParse(text, out var spanId))
            return new Problem(StatusCodes.Status400BadRequest, $"A span id is 16 hexadecimal digits, not '{text}'.", "spanId");
        var (trace, problem) = await FindAsync(context, store);
        if (trace is null) return problem;

        var rows = new List<int>();
        for (var row = 0; row < trace.Spans.RowCount; row++)
        {
            if (trace.Spans.SpanId[row] == spanId.Value) rows.Add(row);
        }
        if (rows.Count == 0 && trace.Truncated is { } truncated) return new Problem(StatusCodes.Status507InsufficientStorage, $"The span {spanId} was not found, but not all was looked at. {truncated.Message}", "spanId");
        if (rows.Count == 0) return new Problem(StatusCodes.Status404NotFound, $"The trace {trace.TraceId} has no span {spanId}.", "spanId");
        return await Finish(context, json => SpanWriter.Write(json.Writer, trace, rows));
    }

    /// <summary>The trace that the route names, or why there is none.</summary>
    internal static async ValueTask<(TraceView? Trace, Problem? Problem)> FindAsync(HttpContext context, TraceStore store)
    {
        var (part, problem) = await FindPartAsync(context, store, new TracePartRequest(int.MaxValue));
        return (part?.Trace, problem);
    }

    private static async ValueTask<(TracePart? Part, Problem? Problem)> FindPartAsync(HttpContext context, TraceStore store, TracePartRequest request)
    {
        if (IdOf(context, out var id) is { } problem) return (null, problem);
        return await store.GetTracePartAsync(id, request, context.RequestAborted) is { } part ? (part, null) : (null, NoSuch(id));
    }

    /// <summary>The id that the route names, or what is wrong with it.</summary>
    internal static Problem? IdOf(HttpContext context, out TraceId id)
    {
        var text = (string?)context.Request.RouteValues["id"] ?? "";
        return TraceId.TryParse(text, out id) && id.IsValid ? null : new Problem(StatusCodes.Status400BadRequest, $"A trace id is up to 32 hexadecimal digits and not zero, not '{text}'.", "id");
    }

    /// <summary>What is said of a trace that is not there.</summary>
    internal static Problem NoSuch(TraceId id) => new(StatusCodes.Status404NotFound, $"There is no trace {id}. It may not have arrived yet.", "id");

    /// <summary>An endpoint without parameters.</summary>
    private static Task<Problem?> WithoutParameters(HttpContext context, Action<JsonAnswer> write) =>
        new QueryReader(context.Request.Query).Finish() is { } problem ? Task.FromResult<Problem?>(problem) : Finish(context, write);

    private static async Task<Problem?> Finish(HttpContext context, Action<JsonAnswer> write)
    {
        await using var answer = new JsonAnswer(context);
        write(answer);
        await answer.FinishAsync();
        return null;
    }

    private static void GetStored(IEndpointRouteBuilder routes, StoreGate gate, string pattern, NativeHandler handler) => MapStored(routes, gate, pattern, ["GET"], handler);

    private static void MapStored(IEndpointRouteBuilder routes, StoreGate gate, string pattern, string[] methods, NativeHandler handler) =>
        Map(routes, pattern, methods, context => gate.Store is { } store ? handler(context, store) : NotOpen(context));

    private static void GetLogs(IEndpointRouteBuilder routes, StoreGate gate, string pattern, Func<HttpContext, ILogSource, Task<Problem?>> handler) =>
        Get(routes, pattern, context => gate.Signals.OfType<ILogSource>().FirstOrDefault() is { } logs ? handler(context, logs) : NotOpen(context));

    /// <summary>What is answered while a store is not open.</summary>
    internal static Task<Problem?> NotOpen(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return Task.FromResult<Problem?>(new Problem(StatusCodes.Status503ServiceUnavailable, "The store is not open: the server is starting or stopping. Try again."));
    }

    private static void GetProfiled(IEndpointRouteBuilder routes, StoreGate gate, string pattern, Func<HttpContext, TraceStore, ProfileStore, Task<Problem?>> handler) =>
        GetStored(routes, gate, pattern, async (context, store) =>
        {
            if (gate.Find<ProfileStore>() is not { } profiles)
                return await NotOpen(context);
            try
            {
                return await handler(context, store, profiles);
            }
            catch (ProfileMemoryException tooLarge) when (!context.Response.HasStarted)
            {
                return new Problem(StatusCodes.Status507InsufficientStorage, tooLarge.Message);
            }
        });

    private static void Get(IEndpointRouteBuilder routes, string pattern, Func<HttpContext, Task<Problem?>> handler) => Map(routes, pattern, ["GET"], handler);

    internal static void Map(IEndpointRouteBuilder routes, string pattern, string[] methods, Func<HttpContext, Task<Problem?>> handler) =>
        routes.Map(pattern, async context =>
        {
            if (!methods.Contains(context.Request.Method))
            {
                context.Response.Headers.Allow = string.Join(", ", methods);
                var allowed = methods[0] == "GET" ? "is read by GET" : $"takes {string.Join(" and ", methods)}";
                await new Problem(StatusCodes.Status405MethodNotAllowed, $"{context.Request.Path} {allowed}, not {(methods[0] == "GET" ? "by " : "")}{context.Request.Method}.").WriteAsync(context);
                return;
            }
            if (await handler(context) is { } problem) await problem.WriteAsync(context);
        });
}
