using System.Text;
using Throughline.Engine;
using Throughline.Engine.Model;
using Throughline.Engine.Profiles.Query;
using Throughline.Engine.Profiles.Store;
using Throughline.Engine.Query;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>
/// Which profiles a request is about: those of a time range, or those of a trace or a span, which are found by the labels of samples, and where there are none by service and time. Belongs to its request.
/// </summary>
internal sealed class ProfileScope
{
    /// <summary>How far a window's clock may be from the spans'.</summary>
    private const ulong SlackNano = 60_000_000_000;

    private readonly SpanSelection? _spans;
    private readonly ulong? _from;
    private readonly ulong? _to;

    private ProfileScope(ulong? from, ulong? to, SpanSelection? spans, IReadOnlyList<string> services, (ulong Start, ulong End)? time, Truncation? truncated)
    {
        (_from, _to, _spans, Services, Time, Truncated) = (from, to, spans, services, time, truncated);
    }

    /// <summary>Whether it is about a trace or a span.</summary>
    public bool IsOfTrace => _spans is not null;

    /// <summary>The services of the spans; empty when it is about a time range.</summary>
    public IReadOnlyList<string> Services { get; }

    /// <summary>From when to when the spans ran; null when it is about a time range, or the trace is not stored.</summary>
    public (ulong Start, ulong End)? Time { get; }

    /// <summary>Why the trace is not whole.</summary>
    public Truncation? Truncated { get; }

    /// <summary>The samples by time: of the range, or of that of the spans.</summary>
    public ProfileSelection ByTime(string? service, string? type, string? unit, IReadOnlyList<KeyValuePair<string, string>> labels) =>
        new(service, type, unit, Time?.Start ?? _from, Time is { } time ? Math.Max(time.End, time.Start + 1) : _to) { Labels = labels };

    /// <summary>The samples by the labels of the spans.</summary>
    public ProfileSelection ByLabels(string? service, string? type, string? unit, IReadOnlyList<KeyValuePair<string, string>> labels) =>
        new(service, type, unit, Time is { } from ? from.Start - Math.Min(from.Start, SlackNano) : _from, Time is { } to ? to.End + Math.Min(ulong.MaxValue - to.End, SlackNano) : _to) { Labels = labels, Spans = _spans };

    /// <summary>The samples of one type, and whether they are found by labels.</summary>
    public async Task<(ProfileSelection Selection, bool ByLabels)> ChooseAsync(
        ProfileStore profiles, string? service, string? type, string? unit, IReadOnlyList<KeyValuePair<string, string>> labels, CancellationToken cancellationToken)
    {
        if (!IsOfTrace) return (ByTime(service, type, unit, labels), false);
        var labelled = ByLabels(service, type, unit, labels);
        var found = await profiles.GetTypesAsync(labelled, cancellationToken);
        var hasSamples = found.Answer.Any(static one => one.Value > 0);
        return hasSamples || Time is null ? (labelled, true) : (ByTime(service, type, unit, labels), false);
    }

    /// <summary>Reads the parameters from, to, trace and span, before the others are finished.</summary>
    public static (ulong? From, ulong? To, TraceId? Trace, SpanId? Span) Read(QueryReader query)
    {
        var (from, to) = query.Range();
        TraceId? trace = null;
        if (query.Single("trace") is { } text)
        {
            if (TraceId.TryParse(text, out var id) && id.IsValid) trace = id;
            else query.Fail("trace", $"A trace id is up to 32 hexadecimal digits and not zero, not '{text}'.");
        }
        var span = query.Span("span");
        if (span is not null && trace is null) query.Fail("span", "'span' goes with 'trace': say which trace the span is of.");
        if (trace is not null && (from is not null || to is not null)) query.Fail("from", "A trace has its own time: give 'trace', or 'from' and 'to'.");
        return (from, to, trace, span);
    }

    /// <summary>Resolves what was read; a problem when the span is not of the trace.</summary>
    public static async Task<(ProfileScope? Scope, Problem? Problem)> FindAsync(TraceStore store, (ulong? From, ulong? To, TraceId? Trace, SpanId? Span) asked, CancellationToken cancellationToken)
    {
        if (asked.Trace is not { } id) return (new ProfileScope(asked.From, asked.To, null, [], null, null), null);
        var trace = await store.GetTraceAsync(id, cancellationToken);
        // Samples of a trace that was not kept are found by its id all the same.
        if (trace is null && asked.Span is null) return (new ProfileScope(null, null, new SpanSelection(id, null, new HashSet<ulong>()), [], null, null), null);
        if (trace is null) return (null, new Problem(StatusCodes.Status404NotFound, $"There is no trace {id}, so that the spans below a span are not known.", "trace"));
        var rows = RowsOf(trace, asked.Span);
        if (rows.Count == 0) return (null, new Problem(StatusCodes.Status404NotFound, $"The trace {id} has no span {asked.Span}.", "span"));
        var spans = trace.Spans;
        var known = new HashSet<ulong>(spans.SpanId.Span.ToArray());
        var wanted = asked.Span is null ? null : rows.Select(row => spans.SpanId[row]).ToHashSet();
        var services = rows.Select(row => spans.Resources.Service[spans.Resource[row]]).Distinct().Select(text => Encoding.UTF8.GetString(spans.Strings[text])).Order(StringComparer.Ordinal).ToArray();
        // Of a span: its own time, whatever ran on behind it.
        var timed = asked.Span is null ? rows : [rows[0]];
        var (start, end) = (timed.Min(row => spans.StartUnixNano[row]), timed.Max(row => Math.Max(spans.StartUnixNano[row], spans.EndUnixNano[row])));
        return (new ProfileScope(null, null, new SpanSelection(id, wanted, known), services, (start, end), trace.Truncated), null);
    }

    /// <summary>All rows, or a span with everything below it, the span first. Parents come before their children.</summary>
    private static IReadOnlyList<int> RowsOf(TraceView trace, SpanId? span)
    {
        if (span is not { } id) return [.. Enumerable.Range(0, trace.Spans.RowCount)];
        var rows = new List<int>();
        var below = new HashSet<int>();
        for (var row = 0; row < trace.Spans.RowCount; row++)
        {
            if (trace.Spans.SpanId[row] != id.Value && !below.Contains(trace.ParentRow[row])) continue;
            below.Add(row);
            rows.Add(row);
        }
        return rows;
    }
}
