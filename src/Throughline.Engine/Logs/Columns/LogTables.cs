using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Columns;

/// <summary>Where a record's time (<see cref="LogEntry.AtUnixNano"/>) comes from.</summary>
internal enum LogTimeSource : byte
{
    /// <summary>Its own time.</summary>
    Own,
    /// <summary>It has none: when it was observed.</summary>
    Observed,
    /// <summary>It has neither: when it was received.</summary>
    Received,
}

/// <summary>
/// What many records have in common, so that a record needs one number for all of it and conditions on it are asked once a class. The numbers are those of the tables that the class belongs to.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal record struct LogClass(int Resource, int Scope, int SeverityNumber, int SeverityText, int BodyType, int EventName, int Flags, int DroppedAttributes, int Marks, int Shape)
{
    /// <summary>Numbers of a class.</summary>
    public const int Fields = 10;

    /// <summary>Where the time comes from: the upper byte of the marks.</summary>
    public readonly LogTimeSource TimeSource => (LogTimeSource)(Marks >> 8 & 3);

    /// <summary>Whether the record does not say when it was observed.</summary>
    public readonly bool IsUnobserved => (Marks & Unobserved) != 0;

    /// <summary>The bit of the marks for that.</summary>
    public const int Unobserved = 1 << 10;

    /// <summary>The record's marks.</summary>
    public readonly SpanMarks SpanMarks => (SpanMarks)(byte)Marks;
}

/// <summary>A trace and a span of it, either of which may be none (0).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal record struct LogSpan(TraceId TraceId, ulong SpanId);

/// <summary>Values of a type without pointers, each once, numbered in order of arrival. Snapshot rules are those of <see cref="ByteDictionary"/>.</summary>
internal sealed class DistinctTable<TEntry>
    where TEntry : unmanaged
{
    private ByteDictionary _entries = new();

    /// <summary>Number of values.</summary>
    public int Count => _entries.Count;

    /// <summary>All values.</summary>
    public ReadOnlySpan<TEntry> Span => MemoryMarshal.Cast<byte, TEntry>(_entries.Entries);

    /// <summary>The value of a number.</summary>
    public TEntry this[int index] => MemoryMarshal.Read<TEntry>(_entries[index]);

    /// <summary>The number of a value, added when it is new.</summary>
    public int GetOrAdd(in TEntry value) => _entries.GetOrAdd(MemoryMarshal.AsBytes(new ReadOnlySpan<TEntry>(in value)));

    /// <summary>Memory in use, in bytes.</summary>
    public long UsedBytes => _entries.UsedBytes;

    /// <summary>A reader's view of the values there are now.</summary>
    public DistinctTable<TEntry> Snapshot() => new() { _entries = _entries.Snapshot() };
}

/// <summary>What the classes of a part refer to. Snapshot rules are those of <see cref="ByteDictionary"/>.</summary>
internal sealed class LogTables
{
    /// <summary>Texts of the tables; in a head those of the records too.</summary>
    public ByteDictionary Strings = new();

    /// <summary>Bytes and encoded lists of the tables; in a head those of the records too.</summary>
    public ByteDictionary Blobs = new();

    /// <summary>Resources.</summary>
    public ResourceTable Resources = new();

    /// <summary>Instrumentation scopes.</summary>
    public ScopeTable Scopes = new();

    /// <summary>Lists of keys and types of attributes.</summary>
    public ShapeTable Shapes = new();

    /// <summary>Classes.</summary>
    public DistinctTable<LogClass> Classes = new();

    /// <summary>A reader's view of what there is now.</summary>
    public LogTables Snapshot() => new()
    {
        Strings = Strings.Snapshot(),
        Blobs = Blobs.Snapshot(),
        Resources = Resources.Snapshot(),
        Scopes = Scopes.Snapshot(),
        Shapes = Shapes.Snapshot(),
        Classes = Classes.Snapshot(),
    };

    /// <summary>Memory in use, in bytes.</summary>
    public long UsedBytes => Strings.UsedBytes + Blobs.UsedBytes + Resources.Attributes.UsedBytes + Scopes.Attributes.UsedBytes + Shapes.UsedBytes + Classes.UsedBytes;

    /// <summary>Whether values of a type are ids of strings or blobs.</summary>
    public static bool IsBytes(AttributeType type) => type is AttributeType.String or AttributeType.Bytes or AttributeType.Array or AttributeType.KvList;
}
