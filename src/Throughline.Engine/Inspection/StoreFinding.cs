using Throughline.Engine.Files;

namespace Throughline.Engine.Inspection;

/// <summary>Something that a check found. Immutable.</summary>
/// <param name="IsDamage">True for damage; false for what a crash leaves, which costs nothing and is cleared away by the next opening.</param>
/// <param name="File">The file, from the store's directory on.</param>
/// <param name="Offset">Where in it.</param>
/// <param name="Expected">What has to be there.</param>
/// <param name="Found">What is there.</param>
/// <param name="Meaning">What that means for the data.</param>
public sealed record StoreFinding(bool IsDamage, string File, long Offset, string Expected, string Found, string Meaning)
{
    /// <summary>One line for the operator.</summary>
    public override string ToString() => $"{(IsDamage ? "damage" : "note")}: {File} at byte {Offset}: expected {Expected}, found {Found}: {Meaning}";
}

/// <summary>What <see cref="StoreCheck"/> found. Immutable.</summary>
/// <param name="Findings">Damage and notes, in the order in which they were met.</param>
/// <param name="Blocks">Blocks that the manifest names.</param>
/// <param name="BlockSpans">Spans that were read from blocks.</param>
/// <param name="LogRecords">Records that were read from the log.</param>
/// <param name="LogSpans">Spans in them.</param>
/// <param name="Bytes">Bytes of all files that were looked at.</param>
public sealed record StoreCheckReport(IReadOnlyList<StoreFinding> Findings, int Blocks, long BlockSpans, long LogRecords, long LogSpans, long Bytes)
{
    /// <summary>What was read of the signals beside the traces.</summary>
    public IReadOnlyList<SignalSizes> Signals { get; init; } = [];

    /// <summary>True when nothing is damaged.</summary>
    public bool IsSound => !Findings.Any(f => f.IsDamage);
}

/// <summary>Collects findings, damage of each place of a file once. Not thread safe.</summary>
internal sealed class FindingList
{
    private readonly List<StoreFinding> _findings = [];
    private readonly HashSet<(string, long, bool)> _places = [];

    /// <summary>What was found so far.</summary>
    public IReadOnlyList<StoreFinding> All => _findings;

    /// <summary>Adds damage.</summary>
    public void Damage(string file, long offset, string expected, string found, string meaning) => Add(new StoreFinding(true, file, offset, expected, found, meaning));

    /// <summary>Adds damage that a reader met.</summary>
    public void Damage(string file, Exception damage, string meaning)
    {
        if (damage is CorruptDataException corrupt) Damage(file, corrupt.Offset, corrupt.Expected, corrupt.Found, meaning);
        else Damage(file, 0, "a file that can be read", damage.Message, meaning);
    }

    /// <summary>Adds what is worth knowing and no damage.</summary>
    public void Note(string file, long offset, string expected, string found, string meaning) => Add(new StoreFinding(false, file, offset, expected, found, meaning));

    private void Add(StoreFinding finding)
    {
        if (_places.Add((finding.File, finding.Offset, finding.IsDamage))) _findings.Add(finding);
    }
}
