using System.Globalization;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>What a trace's spans amount to, worked out the plain way from the words of the API. Its spans are distinct.</summary>
internal sealed class NaiveTrace
{
    private readonly PlainSpan[] _spans;

    public NaiveTrace(IEnumerable<PlainSpan> spans)
    {
        _spans = [.. spans];
        Array.Sort(_spans, Earlier);
        Summary = Summarise();
    }

    public IReadOnlyList<PlainSpan> Spans => _spans;

    public TraceSummary Summary { get; }

    public ulong Value(TraceOrder order) => order switch
    {
        TraceOrder.Start => Summary.StartUnixNano,
        TraceOrder.Duration => Summary.DurationNano,
        TraceOrder.Spans => (ulong)Summary.Spans,
        TraceOrder.Errors => (ulong)Summary.Errors,
        TraceOrder.Waiting => Summary.WaitingNano,
        _ => throw new ArgumentOutOfRangeException(nameof(order)),
    };

    public static bool IsError(PlainSpan span) => span.Status == 2
        || span.Attributes.Any(a => a.Key == "error" && (a.Value is { Type: AttributeType.Bool, Number: 1 } or { Type: AttributeType.String, Text: "true" }));

    public static string Describe(TraceSummary s) => string.Create(CultureInfo.InvariantCulture,
        $"{s.TraceId} root={s.Root} first={s.First} start={s.StartUnixNano} duration={s.DurationNano} waiting={s.WaitingNano} spans={s.Spans} errors={s.Errors} orphans={s.Orphans} type={s.ErrorType} services={string.Join(",", s.Services)}");

    private TraceSummary Summarise()
    {
        var start = _spans.Min(s => s.Start);
        var end = _spans.Max(EndOf);
        var ids = _spans.Select(s => s.SpanId).ToHashSet();
        var root = _spans.FirstOrDefault(s => s.ParentSpanId == 0);
        return new TraceSummary(
            _spans[0].TraceId,
            root is null ? null : Label(root),
            Label(_spans[0]),
            start,
            end - start,
            Waiting(start, end),
            _spans.Length,
            _spans.Count(IsError),
            _spans.Count(s => s.ParentSpanId != 0 && !ids.Contains(s.ParentSpanId)),
            ErrorType(),
            [.. _spans.GroupBy(s => s.Resource.Service).Select(g => new ServiceCount(g.Key, g.Count(), g.Count(IsError))).OrderByDescending(s => s.Spans).ThenBy(s => s.Name, StringComparer.Ordinal)]);
    }

    private static SpanLabel Label(PlainSpan span) => new(span.Resource.Service, span.Name);

    private static ulong EndOf(PlainSpan span) => Math.Max(span.Start, span.End);

    /// <summary>Between any two neighbouring times nothing begins or ends: each such stretch is a gap, a wait, or neither.</summary>
    private ulong Waiting(ulong start, ulong end)
    {
        var total = 0ul;
        ulong[] times = [.. _spans.Select(s => s.Start).Concat(_spans.Select(EndOf)).Distinct().Order()];
        for (var i = 0; i + 1 < times.Length; i++)
        {
            var covering = _spans.Where(s => s.Start <= times[i] && EndOf(s) >= times[i + 1]).ToArray();
            var isWait = covering.Any(s => s.Attributes.Any(a => a.Key == "wait.kind" && a.Value.Type == AttributeType.String));
            if (covering.Length == 0 || isWait) total += times[i + 1] - times[i];
        }
        Assert.Equal((start, end), (times[0], times[^1]));
        return total;
    }

    private string? ErrorType()
    {
        var errors = _spans.Where(IsError).ToArray();
        var types = errors.Select(TypeOf).OfType<string>().ToArray();
        if (types.Length > 0) return types.GroupBy(t => t).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).First().Key;
        return errors is [var first, ..] && first.StatusMessage != "" ? first.StatusMessage : null;
    }

    private static string? TypeOf(PlainSpan span) => Text(span.Attributes, "error.type") ?? span.Events.Select(e => Text(e.Attributes, "exception.type")).FirstOrDefault(t => t is not null);

    private static string? Text(PlainAttribute[] attributes, string key) => attributes.FirstOrDefault(a => a.Key == key && a.Value.Type == AttributeType.String)?.Value.Text;

    private static int Earlier(PlainSpan a, PlainSpan b)
    {
        var order = a.Start.CompareTo(b.Start);
        if (order == 0) order = a.SpanId.CompareTo(b.SpanId);
        if (order == 0) order = Compare(a.Resource.Service, b.Resource.Service);
        if (order == 0) order = Compare(a.Name, b.Name);
        return order != 0 ? order : Compare(a.StatusMessage, b.StatusMessage);
    }

    public static int Compare(string a, string b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b));
}
