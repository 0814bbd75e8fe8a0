namespace Throughline.Engine.Profiles;

/// <summary>Windows of profiles that lie together, with tables of their own: a request, the head, a block. Does not change while it is read; thread safe.</summary>
internal interface IProfileSource
{
    /// <summary>The tables that the samples' stacks are of.</summary>
    StackTables Tables { get; }

    /// <summary>The series, by number.</summary>
    IReadOnlyList<ProfileSeries> Series { get; }

    /// <summary>The spans that samples were taken in, by number.</summary>
    ReadOnlyMemory<SampleLink> Links { get; }

    /// <summary>The windows, by number.</summary>
    ReadOnlyMemory<WindowFacts> Windows { get; }

    /// <summary>The samples of a window.</summary>
    WindowSamples SamplesOf(int window);

    /// <summary>The numbers of the windows that have a sample of one of the links, which are marked.</summary>
    IEnumerable<int> WindowsOf(bool[] links);
}
