namespace Throughline.Engine.Profiles.Query;

/// <summary>The windows of one source that a selection means, and which of their samples. Used by one thread.</summary>
internal sealed class SelectedWindows
{
    private readonly ProfileSelection _selection;
    private readonly bool[] _series;
    private readonly bool[]? _links;

    public SelectedWindows(IProfileSource source, ProfileSelection selection)
    {
        (Source, _selection) = (source, selection);
        _series = [.. source.Series.Select(selection.Takes)];
        if (selection.Spans is not { } spans || !_series.Contains(true)) return;
        var links = source.Links.Span;
        _links = new bool[links.Length];
        for (var i = 0; i < links.Length; i++) _links[i] = spans.Takes(links[i]);
    }

    /// <summary>Where the windows lie.</summary>
    public IProfileSource Source { get; }

    /// <summary>The numbers of the windows.</summary>
    public IEnumerable<int> Windows()
    {
        if (!_series.Contains(true)) yield break;
        if (_links is not null)
        {
            if (!_links.Contains(true)) yield break;
            foreach (var window in Source.WindowsOf(_links))
            {
                if (Takes(window)) yield return window;
            }
            yield break;
        }
        var count = Source.Windows.Length;
        for (var window = 0; window < count; window++)
        {
            if (Takes(window)) yield return window;
        }
    }

    /// <summary>Whether samples of the link are meant.</summary>
    public bool TakesLink(int link) => _links is null || (link >= 0 && _links[link]);

    private bool Takes(int window)
    {
        ref readonly var facts = ref Source.Windows.Span[window];
        return _series[facts.Series] && _selection.Takes(facts);
    }
}
