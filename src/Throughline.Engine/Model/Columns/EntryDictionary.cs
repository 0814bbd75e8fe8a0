using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Model.Columns;

/// <summary>Byte strings numbered from 0, to be asked about. Immutable; thread safe.</summary>
internal abstract class EntryDictionary
{
    /// <summary>Number of entries.</summary>
    public abstract int Count { get; }

    /// <summary>An entry as text.</summary>
    public abstract string Text(long number);

    /// <summary>The answers to a question about the entries, which are found as they are needed.</summary>
    public abstract EntryAnswers Ask(EntryTest test);
}

/// <summary>A yes-or-no question about entries of dictionaries. Immutable; thread safe.</summary>
internal abstract class EntryTest
{
    /// <summary>Whether it is asked of so many dictionaries that their pages should not drive out of the cache what others need.</summary>
    public virtual bool IsScan => false;

    /// <summary>A text that every entry for which it holds contains, in whatever case; null when none is known.</summary>
    public virtual string? Within => null;

    /// <summary>Whether it holds for one entry.</summary>
    public abstract bool Holds(ReadOnlySpan<byte> entry);

    /// <summary>False when it is known to hold for no entry of a page, whose entries' bytes follow one another here.</summary>
    public virtual bool MayHoldIn(ReadOnlySpan<byte> joined) => true;

    /// <summary>
    /// Sets the bits of those entries for which it holds: entry i lies in <paramref name="bytes"/> before <paramref name="ends"/>[i] and behind the entry before, and has the bit
    /// <paramref name="firstBit"/> + i.
    /// </summary>
    public virtual void Mark(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> ends, Span<ulong> bits, int firstBit)
    {
        var start = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            if (Holds(bytes[start..ends[i]])) RowBits.Set(bits, firstBit + i);
            start = ends[i];
        }
    }
}

/// <summary>The answers to one question about the entries of one dictionary, each found once. Used by the threads of one query: thread safe.</summary>
internal abstract class EntryAnswers
{
    /// <summary>Sees to it that the answers for the ids from <paramref name="smallest"/> to <paramref name="largest"/> are there; false when all of them are known to be no.</summary>
    public abstract bool Prepare(long smallest, long largest);

    /// <summary>Keeps the places whose value is the id of an entry for which the answer is yes. They were prepared.</summary>
    public abstract void Keep(NumberVector values, Span<ulong> places);

    /// <summary>Whether the answer is yes for any entry of the whole dictionary.</summary>
    public abstract bool Any();

    /// <summary>Memory held, in bytes.</summary>
    public abstract long MemoryBytes { get; }
}
