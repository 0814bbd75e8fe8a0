using System.Globalization;
using System.Text.RegularExpressions;

namespace Throughline.Tests.Metrics;

/// <summary>
/// Reads what /metrics answers by the rules of Prometheus' text format 0.0.4 and of OpenMetrics 1.0, strictly: what breaks a rule fails the test. Families are whole, types and names fit, buckets
/// add up, exemplars lie in their buckets.
/// </summary>
internal sealed partial class ExpositionText
{
    private readonly Dictionary<string, (string Type, string Help, string? Unit)> _families = [];
    private readonly bool _isOpenMetrics;
    private readonly HashSet<string> _closed = [];
    private string _family = "";

    internal ExpositionText(string text, bool isOpenMetrics)
    {
        _isOpenMetrics = isOpenMetrics;
        Assert.EndsWith("\n", text);
        var lines = text[..^1].Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i] == "# EOF")
            {
                Assert.True(isOpenMetrics && i == lines.Length - 1, "# EOF is the last line of OpenMetrics, and of nothing else");
                CheckHistograms();
                return;
            }
            if (lines[i].StartsWith("# ", StringComparison.Ordinal)) Declaration(lines[i]);
            else Read(lines[i]);
        }
        Assert.False(isOpenMetrics, "# EOF is missing");
        CheckHistograms();
    }

    internal List<Sample> Samples { get; } = [];

    internal IEnumerable<string> Families => _families.Keys;

    internal double Value(string name, params (string Name, string Value)[] labels) => Find(name, labels).Value;

    internal Sample Find(string name, params (string Name, string Value)[] labels) =>
        Assert.Single(Samples, s => s.Name == name && labels.All(l => s.Labels.GetValueOrDefault(l.Name) == l.Value));

    private void Declaration(string line)
    {
        var match = DeclarationPattern().Match(line);
        Assert.True(match.Success, line);
        var (word, name, rest) = (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value);
        if (name != _family)
        {
            Assert.True(_closed.Add(name), $"{name} is declared twice, or its lines are not together");
            _family = name;
            _families[name] = ("", "", null);
        }
        var known = _families[name];
        switch (word)
        {
            case "TYPE":
                Assert.Contains(rest, new[] { "counter", "gauge", "histogram" });
                Assert.Equal("", known.Type);
                _families[name] = known with { Type = rest };
                break;
            case "UNIT":
                Assert.True(_isOpenMetrics && name.EndsWith("_" + rest, StringComparison.Ordinal), line);
                _families[name] = known with { Unit = rest };
                break;
            default:
                Assert.NotEqual("", rest);
                _families[name] = known with { Help = rest };
                break;
        }
    }

    private void Read(string line)
    {
        var match = SamplePattern().Match(line);
        Assert.True(match.Success, line);
        var labels = new Dictionary<string, string>();
        foreach (Match label in LabelPattern().Matches(match.Groups[2].Value))
            Assert.True(labels.TryAdd(label.Groups[1].Value, Unescape(label.Groups[2].Value)), line);
        var sample = new Sample(match.Groups[1].Value, labels, Number(match.Groups[3].Value), match.Groups[4].Success ? ExemplarOf(match.Groups[4].Value) : null);
        var suffixes = _families[_family].Type switch
        {
            "counter" => new[] { _isOpenMetrics ? "_total" : "" },
            "gauge" => [""],
            _ => ["_bucket", "_sum", "_count"],
        };
        Assert.Contains(sample.Name, suffixes.Select(s => _family + s));
        if (_families[_family].Type == "counter") Assert.True(sample.Value >= 0 && sample.Name.EndsWith("_total", StringComparison.Ordinal), line);
        Assert.True(sample.Exemplar is null || (_isOpenMetrics && (sample.Name.EndsWith("_bucket", StringComparison.Ordinal) || sample.Name.EndsWith("_total", StringComparison.Ordinal))), line);
        Assert.DoesNotContain(Samples, s => s.Name == sample.Name && s.Labels.Count == labels.Count && labels.All(l => s.Labels.GetValueOrDefault(l.Key) == l.Value));
        Samples.Add(sample);
    }

    private void CheckHistograms()
    {
        foreach (var family in _families.Where(f => f.Value.Type == "histogram").Select(f => f.Key))
        {
            foreach (var group in Samples.Where(s => s.Name == family + "_bucket").GroupBy(s => string.Join(",", s.Labels.Where(l => l.Key != "le").OrderBy(l => l.Key).Select(l => l.Key + "=" + l.Value))))
            {
                var buckets = group.ToList();
                Assert.Equal("+Inf", buckets[^1].Labels["le"]);
                for (var i = 1; i < buckets.Count; i++)
                {
                    Assert.True(Number(buckets[i].Labels["le"]) > Number(buckets[i - 1].Labels["le"]));
                    Assert.True(buckets[i].Value >= buckets[i - 1].Value);
                    if (buckets[i].Exemplar is { } exemplar) Assert.InRange(exemplar.Value, Number(buckets[i - 1].Labels["le"]), Number(buckets[i].Labels["le"]));
                }
                var labels = buckets[0].Labels.Where(l => l.Key != "le").Select(l => (l.Key, l.Value)).ToArray();
                Assert.Equal(buckets[^1].Value, Find(family + "_count", labels).Value);
                Find(family + "_sum", labels);
            }
        }
    }

    private static (Dictionary<string, string> Labels, double Value, double Seconds) ExemplarOf(string text)
    {
        var match = ExemplarPattern().Match(text);
        Assert.True(match.Success, text);
        Assert.True(match.Groups[1].Length <= 128 + 20, "the labels of an exemplar have at most 128 characters");
        var labels = LabelPattern().Matches(match.Groups[1].Value).ToDictionary(l => l.Groups[1].Value, l => Unescape(l.Groups[2].Value));
        return (labels, Number(match.Groups[2].Value), Number(match.Groups[3].Value));
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static string Unescape(string text) => Regex.Replace(text, @"\\(.)", m => m.Groups[1].Value == "n" ? "\n" : m.Groups[1].Value);

    [GeneratedRegex(@"^# (TYPE|HELP|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$")]
    private static partial Regex DeclarationPattern();

    [GeneratedRegex("""^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*",?)*\})? (\S+)(?: # (.*))?$""")]
    private static partial Regex SamplePattern();

    [GeneratedRegex(@"([a-zA-Z_][a-zA-Z0-9_]*)=""((?:[^""\\]|\\[\\""n])*)""")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"^(\{.*\}) (\S+) (\d+\.\d+)$")]
    private static partial Regex ExemplarPattern();

    internal sealed record Sample(string Name, Dictionary<string, string> Labels, double Value, (Dictionary<string, string> Labels, double Value, double Seconds)? Exemplar);
}
