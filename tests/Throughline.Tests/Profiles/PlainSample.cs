using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Profiles;

namespace Throughline.Tests.Profiles;

/// <summary>A sample in words, without any sharing: what naive answers are made of.</summary>
/// <param name="Stack">The outermost frame first, each as "name|file".</param>
internal sealed record PlainSample(string Service, string Type, string Unit, string Labels, ulong Start, ulong End, IReadOnlyList<string> Stack, TraceId Trace, ulong Span, long Value)
{
    public override string ToString() => $"{Service} {Type}/{Unit} {Labels} [{Start}, {End}) {string.Join(';', Stack)} {Trace}/{Span:x} {Value}";

    /// <summary>All samples of a source, in an order of their own.</summary>
    public static IReadOnlyList<PlainSample> Of(IProfileSource source)
    {
        var samples = new List<PlainSample>();
        for (var window = 0; window < source.Windows.Length; window++)
        {
            var facts = source.Windows.Span[window];
            var series = source.Series[facts.Series];
            var of = source.SamplesOf(window);
            Assert.Equal(facts.Samples, of.Stacks.Length);
            for (var i = 0; i < of.Stacks.Length; i++)
            {
                var link = of.Links.Span[i] < 0 ? default : source.Links.Span[of.Links.Span[i]];
                samples.Add(new PlainSample(series.Service, series.Type, series.Unit, string.Join(',', series.Labels.Select(l => $"{l.Key}={l.Value}")), facts.StartUnixNano, facts.EndUnixNano,
                    StackOf(source.Tables, of.Stacks.Span[i]), link.TraceId, link.SpanId, of.Values.Span[i]));
            }
        }
        return samples;
    }

    /// <summary>Equal stacks of one window together, then as text in order: two lists that say the same are equal.</summary>
    public static IReadOnlyList<string> Canonical(IEnumerable<PlainSample> samples) =>
    [
        .. samples.Where(s => s.Value > 0)
            .GroupBy(s => s with { Value = 0, Stack = [] }, s => s, static (key, group) => (key, group.GroupBy(s => string.Join(';', s.Stack))))
            .SelectMany(static pair => pair.Item2.Select(stack => (pair.key with { Stack = stack.First().Stack, Value = stack.Sum(s => s.Value) }).ToString()))
            .Order(StringComparer.Ordinal),
    ];

    private static string[] StackOf(StackTables tables, int node)
    {
        var frames = new List<string>();
        for (; node != StackTables.Top; node = tables.NodeParent[node])
        {
            var function = tables.LocationFunction[tables.NodeLocation[node]];
            frames.Add($"{Encoding.UTF8.GetString(tables.Texts[tables.FunctionName[function]])}|{Encoding.UTF8.GetString(tables.Texts[tables.FunctionFile[function]])}");
        }
        frames.Reverse();
        return [.. frames];
    }
}
