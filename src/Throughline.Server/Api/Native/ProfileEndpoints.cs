using Throughline.Engine;
using Throughline.Engine.Profiles.Query;
using Throughline.Engine.Profiles.Store;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>GET /api/v1/profiles/...: services and types, flame graphs, functions, and the traces of a function (docs/api.md, "Profiles"). Stateless.</summary>
internal static class ProfileEndpoints
{
    private const int MaxFrames = 100_000;
    private const int StandardFrames = 10_000;
    private const int MaxTraces = 100;
    private const int MaxLabelValues = 1000;

    internal static async Task<Problem?> ServicesAsync(HttpContext context, TraceStore store, ProfileStore profiles)
    {
        var query = new QueryReader(context.Request.Query);
        var asked = ProfileScope.Read(query);
        if (query.Finish() is { } wrong) return wrong;
        var (scope, problem) = await ProfileScope.FindAsync(store, asked, context.RequestAborted);
        if (scope is null) return problem;

        var missing = (string?)null;
        var found = new List<(ProfiledType Type, string MatchedBy)>();
        if (scope.IsOfTrace)
        {
            var labelled = await profiles.GetTypesAsync(scope.ByLabels(null, null, null, []), context.RequestAborted);
            missing = labelled.Missing;
            found.AddRange(labelled.Answer.Where(static one => one.Value > 0).Select(static one => (one, "labels")));
        }
        if (!scope.IsOfTrace || scope.Time is not null)
        {
            var timed = await profiles.GetTypesAsync(scope.ByTime(null, null, null, []), context.RequestAborted);
            missing ??= timed.Missing;
            found.AddRange(timed.Answer
                .Where(one => !scope.IsOfTrace || (scope.Services.Contains(one.Service) && !found.Any(f => (f.Type.Service, f.Type.Type, f.Type.Unit) == (one.Service, one.Type, one.Unit))))
                .Select(one => (one, scope.IsOfTrace ? "time" : "range")));
        }
        await using var answer = new JsonAnswer(context);
        ProfileWriter.WriteServices(answer.Writer, found, missing);
        await answer.FinishAsync();
        return null;
    }

    internal static async Task<Problem?> LabelsAsync(HttpContext context, TraceStore store, ProfileStore profiles)
    {
        var query = new QueryReader(context.Request.Query);
        var (service, type, unit) = (query.Single("service"), query.Single("type"), query.Single("unit"));
        var labels = Asked.LabelsOf(query);
        var (from, to) = query.Range();
        var limit = query.Whole("limit", 1, MaxLabelValues, 100);
        if (query.Finish() is { } wrong) return wrong;
        var found = await profiles.GetLabelsAsync(new ProfileSelection(service, type, unit, from, to) { Labels = labels }, limit, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        await ProfileWriter.WriteLabelsAsync(answer, found.Answer, found.Missing);
        await answer.FinishAsync();
        return null;
    }

    internal static async Task<Problem?> FlameAsync(HttpContext context, TraceStore store, ProfileStore profiles)
    {
        var query = new QueryReader(context.Request.Query);
        var asked = Asked.Read(query, comparable: true);
        var limit = query.Whole("limit", 1, MaxFrames, StandardFrames);
        if (query.Finish() is { } wrong) return wrong;
        var (chosen, problem) = await asked.ChooseAsync(context, store, profiles);
        if (chosen is null) return problem;
        var flame = await profiles.GetFlameAsync(chosen.Selection, chosen.Baseline, limit, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        await ProfileWriter.WriteFlameAsync(answer, chosen, flame.Answer, flame.Missing);
        await answer.FinishAsync();
        return null;
    }

    internal static async Task<Problem?> FunctionsAsync(HttpContext context, TraceStore store, ProfileStore profiles)
    {
        var query = new QueryReader(context.Request.Query);
        var asked = Asked.Read(query, comparable: true);
        var limit = query.Whole("limit", 1, MaxFrames, 1000);
        var order = (FunctionOrder)query.OneOf("order", "self", "total", "change");
        if (query.Finish() is { } wrong) return wrong;
        var (chosen, problem) = await asked.ChooseAsync(context, store, profiles);
        if (chosen is null) return problem;
        var functions = await profiles.GetFunctionsAsync(chosen.Selection, chosen.Baseline, order, limit, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        await ProfileWriter.WriteFunctionsAsync(answer, chosen, functions.Answer, functions.Missing);
        await answer.FinishAsync();
        return null;
    }

    internal static async Task<Problem?> TracesAsync(HttpContext context, TraceStore store, ProfileStore profiles)
    {
        var query = new QueryReader(context.Request.Query);
        var asked = Asked.Read(query, comparable: false);
        var function = query.Single("function");
        if (function is null) query.Fail("function", "'function' is needed: the name of the function whose traces are wanted.");
        var file = query.Single("file");
        var limit = query.Whole("limit", 1, MaxTraces, 20);
        if (query.Finish() is { } wrong) return wrong;
        var (chosen, problem) = await asked.ChooseAsync(context, store, profiles);
        if (chosen is null) return problem;
        var traces = await profiles.GetTracesAsync(chosen.Selection, function ?? "", file, limit, context.RequestAborted);
        await using var answer = new JsonAnswer(context);
        await ProfileWriter.WriteTracesAsync(answer, store, traces.Answer, traces.Missing, context.RequestAborted);
        await answer.FinishAsync();
        return null;
    }

    /// <summary>What the endpoints of samples have in common. Belongs to its request.</summary>
    private sealed record Asked(string? Service, string? Type, string? Unit, IReadOnlyList<KeyValuePair<string, string>> Labels,
        (ulong? From, ulong? To, Engine.Model.TraceId? Trace, Engine.Model.SpanId? Span) Scope, (ulong From, ulong To)? Baseline)
    {
        public static Asked Read(QueryReader query, bool comparable)
        {
            var (service, type, unit) = (query.Single("service"), query.Single("type"), query.Single("unit"));
            if (service is null) query.Fail("service", "'service' is needed; /api/v1/profiles/services lists those with profiles.");
            if (type is null) query.Fail("type", "'type' is needed, such as cpu; /api/v1/profiles/services lists the types of each service.");
            var labels = LabelsOf(query);
            var scope = ProfileScope.Read(query);
            if (!comparable) return new Asked(service, type, unit, labels, scope, null);
            var (baseFrom, baseTo) = (query.UnixNano("baseFrom"), query.UnixNano("baseTo"));
            if (baseFrom is null != baseTo is null) query.Fail(baseFrom is null ? "baseFrom" : "baseTo", "'baseFrom' and 'baseTo' go together: the range that is compared with.");
            if (baseFrom > baseTo) query.Fail("baseFrom", "'baseFrom' is after 'baseTo'; the range is [baseFrom, baseTo).");
            return new Asked(service, type, unit, labels, scope, baseFrom is { } from && baseTo is { } to ? (from, to) : null);
        }

        public static List<KeyValuePair<string, string>> LabelsOf(QueryReader query)
        {
            var labels = new List<KeyValuePair<string, string>>();
            foreach (var label in query.Many("label"))
            {
                var colon = label.IndexOf(':', StringComparison.Ordinal);
                if (colon > 0) labels.Add(new(label[..colon], label[(colon + 1)..]));
                else query.Fail("label", $"A label is KEY:VALUE, such as region:eu, not '{label}'.");
            }
            return labels;
        }

        public async Task<(ChosenProfiles? Chosen, Problem? Problem)> ChooseAsync(HttpContext context, TraceStore store, ProfileStore profiles)
        {
            var (scope, problem) = await ProfileScope.FindAsync(store, Scope, context.RequestAborted);
            if (scope is null) return (null, problem);
            var (selection, byLabels) = await scope.ChooseAsync(profiles, Service, Type, Unit, Labels, context.RequestAborted);
            var baseline = Baseline is { } other ? new ProfileSelection(Service, Type, Unit, other.From, other.To) { Labels = Labels } : null;
            return (new ChosenProfiles(selection, baseline, !scope.IsOfTrace ? "range" : byLabels ? "labels" : "time", scope.Time), null);
        }
    }
}

/// <summary>The samples that a request is about. Immutable.</summary>
/// <param name="MatchedBy">range, labels or time.</param>
/// <param name="Time">From when to when the spans ran that were asked for.</param>
internal sealed record ChosenProfiles(ProfileSelection Selection, ProfileSelection? Baseline, string MatchedBy, (ulong Start, ulong End)? Time);
