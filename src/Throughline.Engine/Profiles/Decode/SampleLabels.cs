namespace Throughline.Engine.Profiles.Decode;

/// <summary>
/// The labels of a profile's samples, beside those that name spans: each different set of them is a number, and becomes a series of its own. Sets beyond a limit have no number. For one profile; not thread safe.
/// </summary>
internal sealed class SampleLabels
{
    /// <summary>The number of the set without labels.</summary>
    public const int None = 0;

    private readonly ProfileLimits _limits;
    private readonly Dictionary<(int Set, long Key, long Text), int> _next = [];
    private readonly List<(int Before, long Key, long Text)> _sets = [(None, 0, 0)];
    private readonly HashSet<int> _used = [];

    public SampleLabels(ProfileLimits limits) => _limits = limits;

    /// <summary>The number of a set of labels, which are put into the order of their keys; of a key that comes twice the first label counts. Null when there are too many different sets.</summary>
    public int? Number(List<(long Key, long Text)> labels)
    {
        if (labels.Count == 0) return None;
        // Few, and mostly in order already.
        for (var i = 1; i < labels.Count; i++)
        {
            for (var at = i; at > 0 && labels[at].Key < labels[at - 1].Key; at--) (labels[at], labels[at - 1]) = (labels[at - 1], labels[at]);
        }
        var set = None;
        for (var i = 0; i < labels.Count; i++)
        {
            var (key, text) = labels[i];
            if (i > 0 && key == labels[i - 1].Key) continue;
            if (_next.TryGetValue((set, key, text), out var known))
            {
                set = known;
                continue;
            }
            if (_used.Count >= _limits.MaxLabelSets) return null;
            _sets.Add((set, key, text));
            _next.Add((set, key, text), set = _sets.Count - 1);
        }
        if (!_used.Contains(set) && _used.Count >= _limits.MaxLabelSets) return null;
        _used.Add(set);
        return set;
    }

    /// <summary>The labels of a set, as numbers of texts.</summary>
    public IEnumerable<(long Key, long Text)> Of(int set)
    {
        for (; set != None; set = _sets[set].Before) yield return (_sets[set].Key, _sets[set].Text);
    }
}
