using System.Text;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Query.Execution;

/// <summary>Whether an entry is one text.</summary>
internal sealed class TextEquals(byte[] utf8) : EntryTest
{
    /// <inheritdoc/>
    public override string Within { get; } = Encoding.UTF8.GetString(utf8);

    /// <inheritdoc/>
    public override bool Holds(ReadOnlySpan<byte> entry) => entry.SequenceEqual(utf8);

    /// <inheritdoc/>
    public override void Mark(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> ends, Span<ulong> bits, int firstBit)
    {
        var start = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            if (ends[i] - start == utf8.Length && bytes.Slice(start, utf8.Length).SequenceEqual(utf8)) RowBits.Set(bits, firstBit + i);
            start = ends[i];
        }
    }
}

/// <summary>Whether an entry contains a text, in whatever case.</summary>
internal sealed class TextContains(string text) : EntryTest
{
    private readonly TextSearch _search = new(text);

    /// <inheritdoc/>
    public override string Within => text;

    /// <inheritdoc/>
    public override bool Holds(ReadOnlySpan<byte> entry) => _search.IsIn(entry);

    /// <inheritdoc/>
    public override bool MayHoldIn(ReadOnlySpan<byte> joined) => !_search.CanSearchMany(joined) || _search.Find(joined) >= 0;

    /// <inheritdoc/>
    public override void Mark(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> ends, Span<ulong> bits, int firstBit)
    {
        if (!_search.CanSearchMany(bytes))
        {
            base.Mark(bytes, ends, bits, firstBit);
            return;
        }
        // All entries are searched as one text; what lies across the end of an entry is no find.
        var (from, entry) = (0, 0);
        while (_search.Find(bytes[from..]) is var at and >= 0)
        {
            at += from;
            while (ends[entry] <= at) entry++;
            from = at + 1;
            if (at + text.Length > ends[entry]) continue;
            RowBits.Set(bits, firstBit + entry);
            from = ends[entry];
        }
    }
}

/// <summary>Whether something else holds for an entry. The test is called by several threads.</summary>
internal sealed class EntryHolds(EntryHolds.Test test) : EntryTest
{
    /// <summary>The question.</summary>
    public delegate bool Test(ReadOnlySpan<byte> entry);

    /// <inheritdoc/>
    public override bool Holds(ReadOnlySpan<byte> entry) => test(entry);
}

/// <summary>A test that asks its query's bounds before each page of entries: a dictionary may have thousands of them.</summary>
internal sealed class BoundedTest(EntryTest test, QueryBounds bounds, bool isScan) : EntryTest
{
    /// <inheritdoc/>
    public override bool IsScan => isScan;

    /// <inheritdoc/>
    public override string? Within => test.Within;

    /// <inheritdoc/>
    public override bool Holds(ReadOnlySpan<byte> entry) => test.Holds(entry);

    /// <inheritdoc/>
    public override bool MayHoldIn(ReadOnlySpan<byte> joined)
    {
        bounds.Check();
        return test.MayHoldIn(joined);
    }

    /// <inheritdoc/>
    public override void Mark(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> ends, Span<ulong> bits, int firstBit)
    {
        bounds.Check();
        test.Mark(bytes, ends, bits, firstBit);
    }
}

/// <summary>The answers to one test in the dictionaries of one segment. Used by all threads of a query; thread safe.</summary>
/// <param name="test">The test.</param>
/// <param name="bounds">The query's.</param>
/// <param name="isScan">Whether all dictionaries are asked.</param>
internal sealed class AnswerBook(EntryTest test, QueryBounds bounds, bool isScan = false)
{
    private readonly BoundedTest _test = new(test, bounds, isScan);
    private readonly Lock _gate = new();
    private readonly Dictionary<EntryDictionary, EntryAnswers> _answers = [];

    /// <summary>Adds to <paramref name="owners"/> those with a value of the column for which the test holds.</summary>
    public void Mark(ValueColumn column, Span<ulong> owners)
    {
        if (!CanHold(column)) return;
        bounds.Check();
        var values = column.Values;
        var places = RowBits.All(values.Count);
        Of(column).Keep(values, places);
        if (!RowBits.IsEmpty(places)) column.Mark(places, owners);
    }

    /// <summary>False when the test is known to hold for no value of the column.</summary>
    public bool CanHold(ValueColumn column)
    {
        if (!column.TryGetBounds(out var smallest, out var largest)) return true;
        bounds.CancellationToken.ThrowIfCancellationRequested();
        return Of(column).Prepare(smallest, largest);
    }

    private EntryAnswers Of(ValueColumn column)
    {
        var dictionary = column.Dictionary ?? throw new ArgumentException($"A column of type {column.Type} has no dictionary.", nameof(column));
        lock (_gate)
        {
            if (_answers.TryGetValue(dictionary, out var answers)) return answers;
            answers = dictionary.Ask(_test);
            bounds.Charge(answers.MemoryBytes);
            _answers.Add(dictionary, answers);
            return answers;
        }
    }

    /// <summary>Whether the test holds for a text that lies in memory.</summary>
    public bool Holds(ReadOnlySpan<byte> text) => test.Holds(text);

    /// <summary>UTF-8 of a text.</summary>
    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
