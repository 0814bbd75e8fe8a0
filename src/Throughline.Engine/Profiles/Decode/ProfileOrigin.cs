namespace Throughline.Engine.Profiles.Decode;

/// <summary>What a request says of its profile beside the profile itself. Immutable.</summary>
/// <param name="Labels">In the order of their keys, each once.</param>
/// <param name="FromUnixNano">When the profile began, where the request says so; else the profile does.</param>
/// <param name="UntilUnixNano">When it ended, where the request says so.</param>
/// <param name="NowUnixNano">When the request came: a profile without a time ended then.</param>
public sealed record ProfileOrigin(string Service, IReadOnlyList<KeyValuePair<string, string>> Labels, ulong? FromUnixNano, ulong? UntilUnixNano, ulong NowUnixNano)
{
    /// <summary>Stands in place of a value that is not to be stored.</summary>
    public const string Withheld = "[redacted]";

    /// <summary>Tells of the keys of samples' labels whose values are not to be stored; null: of none.</summary>
    public Func<string, bool>? Withholds { get; init; }

    /// <summary>From when to when a profile was taken that says these of itself; 0 is unknown.</summary>
    internal (ulong Start, ulong End) Times(ulong startUnixNano, ulong durationNano)
    {
        var start = FromUnixNano ?? (startUnixNano > 0 ? startUnixNano : null);
        if (UntilUnixNano is { } until) return (start ?? (until > durationNano ? until - durationNano : 0), until);
        if (start is { } known) return (known, known > ulong.MaxValue - durationNano ? ulong.MaxValue : known + durationNano);
        return (NowUnixNano > durationNano ? NowUnixNano - durationNano : 0, NowUnixNano);
    }
}

/// <summary>Limits of one profile; each has a message where it is hit. Immutable.</summary>
public sealed record ProfileLimits
{
    /// <summary>
    /// Frames of all stacks and values of all samples of one request together: what its profiles cost when they are unfolded, whatever its bytes are. The entries of a profile's own tables are held against it too.
    /// </summary>
    public int MaxFrames { get; init; } = 4 << 20;

    /// <summary>Frames of one stack.</summary>
    public int MaxStackDepth { get; init; } = 4096;

    /// <summary>Types of values of one profile.</summary>
    public int MaxSampleTypes { get; init; } = 32;

    /// <summary>Labels of one profile's series.</summary>
    public int MaxLabels { get; init; } = 32;

    /// <summary>Different sets of labels that the samples of one profile may have: each is a series of its own. Samples of others are stored without labels.</summary>
    public int MaxLabelSets { get; init; } = 200;

    /// <summary>Characters of a label's key or value of samples; a longer one is left out.</summary>
    public int MaxLabelLength { get; init; } = 1024;

    /// <summary>Bytes of a name; longer ones are cut.</summary>
    public int MaxNameBytes { get; init; } = 4096;
}

/// <summary>How decoding went; the message is for the sender and empty when all is well.</summary>
/// <param name="IsDecoded">False: the bytes are no profile, or over a limit, and nothing was added.</param>
public readonly record struct ProfileDecodeResult(bool IsDecoded, string Message)
{
    internal static ProfileDecodeResult Refused(string message) => new(false, message);
}
