namespace Throughline.Telemetry.Profiling.Pprof;

/// <summary>The texts of a profile, each once; the first is the empty one, as the format wants it. Used by one thread.</summary>
internal sealed class StringTable
{
    private readonly Dictionary<string, int> _index = new() { [""] = 0 };
    private readonly List<string> _texts = [""];

    public IReadOnlyList<string> Texts => _texts;

    public int this[string text]
    {
        get
        {
            if (_index.TryGetValue(text, out var at)) return at;
            _index.Add(text, at = _texts.Count);
            _texts.Add(text);
            return at;
        }
    }
}
