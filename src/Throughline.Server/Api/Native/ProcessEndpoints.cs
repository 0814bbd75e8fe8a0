using System.Buffers;
using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Server.Problems;
using Throughline.Server.Process;

namespace Throughline.Server.Api.Native;

/// <summary>The rules of sampling, redaction and limits, which are read and changed while the server runs, and what they have done. Stateless.</summary>
internal static class ProcessEndpoints
{
    private const int MaxBodyBytes = 1 << 20;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Answers GET and PUT /api/v1/settings/process.</summary>
    public static async Task<Problem?> RulesAsync(HttpContext context, ProcessSettings settings)
    {
        if (new QueryReader(context.Request.Query).Finish() is { } wrong) return wrong;
        var policy = settings.Current;
        if (HttpMethods.IsPut(context.Request.Method))
        {
            var (changed, problem) = await ReplaceAsync(context, settings);
            if (changed is null) return problem;
            policy = changed;
        }
        await using var answer = new JsonAnswer(context);
        Write(answer.Writer, policy);
        await answer.FinishAsync();
        return null;
    }

    private static async Task<(ProcessPolicy? Changed, Problem? Problem)> ReplaceAsync(HttpContext context, ProcessSettings settings)
    {
        if (await ReadBodyAsync(context) is not { } body) return (null, new Problem(StatusCodes.Status413PayloadTooLarge, $"Rules have at most {MaxBodyBytes} bytes. The old rules stay."));
        ProcessRules? rules;
        uint? expected = null;
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("rules", out var element) || root.EnumerateObject().Any(static p => p.Name is not ("rules" or "version")))
                return (null, Refused("The body is {\"version\": N, \"rules\": {...}}: the rules, and the version that they were made from.", []));
            if (root.TryGetProperty("version", out var version) && version.ValueKind != JsonValueKind.Null)
            {
                if (version.ValueKind != JsonValueKind.Number || !version.TryGetUInt32(out var number)) return (null, Refused("The version is the number that a GET of the rules gave.", []));
                expected = number;
            }
            var problems = new List<RuleProblem>();
            rules = RulesReader.Read(element, problems);
            if (rules is null) return (null, Refused($"{problems[0].Path}: {problems[0].Message}", problems));
        }
        catch (JsonException e)
        {
            return (null, Refused($"The body is not JSON: {e.Message}", []));
        }
        return Put(context, settings, rules, expected);
    }

    private static (ProcessPolicy? Changed, Problem? Problem) Put(HttpContext context, ProcessSettings settings, ProcessRules rules, uint? expected)
    {
        try
        {
            return settings.Replace(rules, expected) is { } changed
                ? (changed, null)
                : (null, new Problem(StatusCodes.Status409Conflict, $"The rules were changed by somebody else since: they are version {settings.Current.Version} now, and these were made from version {expected}. Read them again."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Response.Headers.RetryAfter = "5";
            return (null, new Problem(StatusCodes.Status503ServiceUnavailable, $"The rules cannot be written, and the old ones stay: {e.Message}"));
        }
    }

    private static Problem Refused(string detail, IReadOnlyList<RuleProblem> problems) => new(StatusCodes.Status400BadRequest, $"{detail} The old rules stay.") { Errors = [.. problems.Select(static p => (p.Path, p.Message))] };

    private static async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpContext context)
    {
        var body = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await context.Request.Body.ReadAsync(body.GetMemory(4096), context.RequestAborted);
            if (read == 0) return body.WrittenMemory;
            body.Advance(read);
            if (body.WrittenCount > MaxBodyBytes) return null;
        }
    }

    private static void Write(Utf8JsonWriter json, ProcessPolicy policy)
    {
        json.WriteStartObject();
        json.WriteNumber("version"u8, policy.Version);
        json.WriteLong("changedUnixNano"u8, policy.ChangedUnixNano);
        json.WritePropertyName("rules"u8);
        RulesWriter.Write(json, policy.Rules);
        json.WriteEndObject();
    }

    /// <summary>Why there is nothing of the trace that the route names: rules dropped it, as far as is remembered; null when that is not so.</summary>
    internal static Problem? WhyNot(HttpContext context, ProcessCounters counters)
    {
        if (!TraceId.TryParse((string?)context.Request.RouteValues["id"] ?? "", out var id) || counters.DroppedOf(id) is not { Count: > 0 } causes) return null;
        var first = causes[0];
        var spans = causes.Sum(static c => c.Spans);
        return new Problem(StatusCodes.Status404NotFound,
            $"There is no trace {id} any more: {spans} {(spans == 1 ? "span" : "spans")} of it came and {(spans == 1 ? "was" : "were")} dropped by the rules in Settings ({ProcessNames.Of(first.Cause.Stage)} sampling, {first.Cause.Rule}, {first.Cause.Service}).", "id");
    }

    /// <summary>Writes GET /api/v1/settings/process/counts.</summary>
    public static void WriteCounts(Utf8JsonWriter json, ProcessCounts counts)
    {
        json.WriteStartObject();
        json.WriteLong("sinceUnixNano"u8, counts.StartedUnixNano);
        WriteCauses(json, "dropped"u8, counts.Dropped);
        WriteCauses(json, "cut"u8, counts.Cut);
        json.WriteStartArray("redacted"u8);
        foreach (var (rule, values) in counts.Redacted)
        {
            json.WriteStartObject();
            json.WriteString("rule"u8, rule);
            json.WriteLong("values"u8, values);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("tailKept"u8);
        foreach (var (rule, traces, spans) in counts.TailKept)
        {
            json.WriteStartObject();
            json.WriteString("rule"u8, rule);
            json.WriteLong("traces"u8, traces);
            json.WriteLong("spans"u8, spans);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteLong("decidedEarly"u8, counts.DecidedEarly);
        json.WriteEndObject();
    }

    /// <summary>Writes what was dropped or cut, by rule and service.</summary>
    internal static void WriteCauses(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<(ProcessCause Cause, long Spans)> causes)
    {
        json.WriteStartArray(name);
        foreach (var (cause, spans) in causes)
        {
            json.WriteStartObject();
            json.WriteString("stage"u8, ProcessNames.Of(cause.Stage));
            json.WriteString("rule"u8, cause.Rule);
            json.WriteString("service"u8, cause.Service);
            json.WriteLong("spans"u8, spans);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
