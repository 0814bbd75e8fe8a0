using System.Globalization;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Native;

/// <summary>A value of an attribute, and the traces of each cohort that have it.</summary>
internal readonly record struct CohortValue(string Text, int A, int B);

/// <summary>An attribute that two cohorts differ in.</summary>
/// <param name="Score">How much: 0 not at all, 1 wholly. Of numbers the largest distance of the two distributions (Kolmogorov and Smirnov's), else the largest difference of the shares of one value.</param>
/// <param name="With">The traces that have it, A first.</param>
/// <param name="Medians">Of numbers with many values the medians, A first, null where no trace has one; null for all else.</param>
/// <param name="Values">The values whose shares differ most; empty for numbers with many values.</param>
internal sealed record CohortDifference(string Key, double Score, int[] With, double?[]? Medians, IReadOnlyList<CohortValue> Values);

/// <summary>What the spans and resources of two cohorts' traces say of themselves, and where they differ by more than chance would have it. Grows with each trace; not thread safe.</summary>
internal sealed class CohortAttributes
{
    /// <summary>Keys and values of a key that are told apart; further ones are left out.</summary>
    internal const int MaxKeys = 1_000;
    internal const int MaxValues = 500;

    /// <summary>Numbers with more different values are compared as distributions.</summary>
    private const int FewNumbers = 8;

    private const int ValuesShown = 4;

    /// <summary>
    /// Two samples of n and m differ by chance alone by less than this, times the root of (n + m) / nm, in 99 of 100 cases: Kolmogorov and Smirnov's distance, and the share of one value, which is at most a half off.
    /// </summary>
    private const double ChanceOfDistance = 1.63, ChanceOfShare = 1.29;

    private readonly Dictionary<string, Key> _keys = new(StringComparer.Ordinal);
    private readonly int[] _traces = new int[2];

    /// <summary>Keys that were left out, since there are so many.</summary>
    internal bool HasMoreKeys { get; private set; }

    /// <summary>Keys that were looked at.</summary>
    internal int Count => _keys.Count;

    /// <summary>Adds a trace to the cohort 0 (A) or 1 (B).</summary>
    internal void Add(TraceView trace, int cohort)
    {
        _traces[cohort]++;
        var spans = trace.Spans;
        var seen = new Dictionary<string, (HashSet<string> Texts, double? Largest, bool IsNumber)>(StringComparer.Ordinal);
        Take("", spans, spans.Attributes, 0, spans.AttributeOffset[spans.RowCount], seen);
        foreach (var resource in Enumerable.Range(0, spans.RowCount).Select(row => spans.Resource[row]).Distinct())
            Take("resource.", spans, spans.Resources.Attributes, spans.Resources.AttributeOffset[resource], spans.Resources.AttributeOffset[resource + 1], seen);
        foreach (var (name, (texts, largest, isNumber)) in seen)
        {
            if (!_keys.TryGetValue(name, out var key))
            {
                HasMoreKeys |= _keys.Count >= MaxKeys;
                if (_keys.Count >= MaxKeys) continue;
                _keys.Add(name, key = new Key());
            }
            key.Add(texts, isNumber ? largest : null, cohort);
        }
    }

    /// <summary>Those that differ by more than chance would have it, those that differ most first.</summary>
    internal List<CohortDifference> Differing() =>
        [.. _keys.Select(k => k.Value.Difference(k.Key, _traces)).OfType<CohortDifference>().OrderByDescending(static d => d.Score).ThenBy(static d => d.Key, StringComparer.Ordinal)];

    private static void Take(string prefix, SpanBatch spans, AttributeColumns attributes, int from, int to, Dictionary<string, (HashSet<string> Texts, double? Largest, bool IsNumber)> seen)
    {
        for (var i = from; i < to; i++)
        {
            double? number = null;
            string text;
            switch ((AttributeType)attributes.Type[i])
            {
                case AttributeType.String:
                    text = Encoding.UTF8.GetString(spans.Strings[(int)attributes.Value[i]]);
                    break;
                case AttributeType.Bool:
                    text = attributes.Value[i] == 0 ? "false" : "true";
                    break;
                case AttributeType.Int:
                    number = attributes.Value[i];
                    text = attributes.Value[i].ToString(CultureInfo.InvariantCulture);
                    break;
                case AttributeType.Double:
                    var value = BitConverter.Int64BitsToDouble(attributes.Value[i]);
                    if (!double.IsFinite(value)) continue;
                    number = value;
                    text = value.ToString("R", CultureInfo.InvariantCulture);
                    break;
                default:
                    // Arrays, maps and bytes are no values that a search could ask for.
                    continue;
            }
            var key = prefix + Encoding.UTF8.GetString(spans.Strings[attributes.Key[i]]);
            if (!seen.TryGetValue(key, out var known)) known = ([], null, true);
            known.Texts.Add(text);
            seen[key] = (known.Texts, number > known.Largest || known.Largest is null ? number ?? known.Largest : known.Largest, known.IsNumber && number is not null);
        }
    }

    /// <summary>One key, over all traces.</summary>
    private sealed class Key
    {
        private readonly int[] _with = new int[2];
        private readonly Dictionary<string, int[]> _values = new(StringComparer.Ordinal);
        private readonly List<double>[] _numbers = [[], []];
        private bool _isNumber = true;

        internal void Add(HashSet<string> texts, double? largest, int cohort)
        {
            _with[cohort]++;
            if (largest is { } number) _numbers[cohort].Add(number);
            else _isNumber = false;
            foreach (var text in texts)
            {
                if (!_values.TryGetValue(text, out var counts))
                {
                    if (_values.Count >= MaxValues) continue;
                    _values.Add(text, counts = new int[2]);
                }
                counts[cohort]++;
            }
        }

        internal CohortDifference? Difference(string key, int[] traces)
        {
            if (traces[0] == 0 || traces[1] == 0) return null;
            var presence = Math.Abs(Share(_with[1], traces[1]) - Share(_with[0], traces[0]));
            var (score, isReal) = (presence, presence > Chance(ChanceOfShare, traces[0], traces[1]));
            if (_isNumber && _values.Count > FewNumbers)
            {
                var distance = Distance(_numbers[0], _numbers[1]);
                isReal |= _with[0] > 0 && _with[1] > 0 && distance > Chance(ChanceOfDistance, _with[0], _with[1]);
                return isReal ? new CohortDifference(key, Math.Max(score, distance), [.. _with], [Median(_numbers[0]), Median(_numbers[1])], []) : null;
            }
            double Apart(int[] counts) => Math.Abs(Share(counts[1], traces[1]) - Share(counts[0], traces[0]));
            var values = _values.OrderByDescending(v => Apart(v.Value)).ThenBy(static v => v.Key, StringComparer.Ordinal).ToList();
            if (values.Count > 0) score = Math.Max(score, Apart(values[0].Value));
            isReal |= score > Chance(ChanceOfShare, traces[0], traces[1]);
            return isReal ? new CohortDifference(key, score, [.. _with], null, [.. values.Take(ValuesShown).Select(static v => new CohortValue(v.Key, v.Value[0], v.Value[1]))]) : null;
        }

        private static double Share(int count, int of) => (double)count / of;

        private static double Chance(double factor, int a, int b) => factor * Math.Sqrt(((double)a + b) / ((double)a * b));

        private static double? Median(List<double> numbers) => numbers.Count == 0 ? null : numbers.Order().ElementAt((numbers.Count - 1) / 2);

        /// <summary>The largest distance of two distributions.</summary>
        private static double Distance(List<double> a, List<double> b)
        {
            if (a.Count == 0 || b.Count == 0) return 0;
            double[] x = [.. a.Order()], y = [.. b.Order()];
            var (i, j, most) = (0, 0, 0.0);
            while (i < x.Length && j < y.Length)
            {
                var at = Math.Min(x[i], y[j]);
                while (i < x.Length && x[i] <= at) i++;
                while (j < y.Length && y[j] <= at) j++;
                most = Math.Max(most, Math.Abs(((double)i / x.Length) - ((double)j / y.Length)));
            }
            return most;
        }
    }
}
