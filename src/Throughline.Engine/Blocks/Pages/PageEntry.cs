using System.Runtime.InteropServices;

namespace Throughline.Engine.Blocks.Pages;

/// <summary>How the body of a page becomes values (docs/format/block.md, "Encodings of numbers"). The numbers are the format's.</summary>
internal enum PageEncoding : byte
{
    /// <summary>All values are the base; no body.</summary>
    Constant = 0,
    /// <summary>Distances from the base in byte planes.</summary>
    Planes = 1,
    /// <summary>Distances from the base in bits, never compressed.</summary>
    Packed = 2,
    /// <summary>Distances from value to value.</summary>
    Steps = 3,
    /// <summary>Places among at most 256 distinct values.</summary>
    Places = 4,
    /// <summary>Doubles as integers divided by a power of ten.</summary>
    Decimal = 5,
    /// <summary>The few values that are not the base.</summary>
    Sparse = 6,
    /// <summary>Values as they are.</summary>
    Raw = 7,
    /// <summary>Entries of a dictionary.</summary>
    Dictionary = 8,
    /// <summary>Bytes as they are.</summary>
    Bytes = 9,
    /// <summary>Ids of which many come for the first time, in order.</summary>
    Fresh = 10,
}

/// <summary>What a page's body is compressed with.</summary>
internal enum PageCompression : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Zstandard.</summary>
    Zstd = 1,
}

/// <summary>All that the directory says of one page; the body has no header of its own.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct PageEntry
{
    /// <summary>Where the body begins in the file.</summary>
    public long Offset;
    /// <summary>The smallest value. Of a dictionary page the id of its first entry.</summary>
    public long Base;
    /// <summary>The largest value.</summary>
    public long Top;
    /// <summary>Bytes of the body in the file.</summary>
    public int StoredLength;
    /// <summary>Bytes of the body before compression.</summary>
    public int RawLength;
    /// <summary>Values, bytes or dictionary entries.</summary>
    public int Count;
    /// <summary>Low half of the XXH3-64 of the stored body.</summary>
    public uint Checksum;
    /// <summary>The column that it belongs to (<see cref="BlockColumn"/>).</summary>
    public int Column;
    /// <summary>The row group, or <see cref="WholeBlock"/>.</summary>
    public int RowGroup;
    /// <summary>How the body becomes values.</summary>
    public PageEncoding Encoding;
    /// <summary>How the body is compressed.</summary>
    public PageCompression Compression;
    /// <summary>A parameter of the encoding.</summary>
    public byte Width;

    /// <summary>In place of a row group: a page of the whole block.</summary>
    public const int WholeBlock = -1;
}

/// <summary>The numbers of a block's columns (docs/format/block.md, "Columns").</summary>
internal static class BlockColumn
{
    public const int Operation = 0;
    public const int Start = 1;
    public const int End = 2;
    public const int Status = 3;
    public const int Marks = 4;
    public const int Resource = 5;
    public const int SpanId = 6;
    public const int Parent = 7;
    public const int ParentElsewhere = 8;
    public const int StatusMessage = 9;
    public const int TraceState = 10;
    public const int Flags = 11;
    public const int DroppedAttributes = 12;
    public const int DroppedEvents = 13;
    public const int DroppedLinks = 14;
    public const int Shape = 15;
    public const int EventCount = 16;
    public const int EventTime = 17;
    public const int EventName = 18;
    public const int EventDroppedAttributes = 19;
    public const int EventShape = 20;
    public const int LinkCount = 21;
    public const int LinkTraceId = 22;
    public const int LinkSpanId = 23;
    public const int LinkTraceState = 24;
    public const int LinkFlags = 25;
    public const int LinkDroppedAttributes = 26;
    public const int LinkShape = 27;
    public const int TraceRows = 32;
    public const int TraceStart = 33;
    public const int TraceEnd = 34;
    public const int TraceWaiting = 35;
    public const int TraceErrors = 36;
    public const int TraceOrphans = 37;
    public const int TraceRoot = 38;
    public const int TraceErrorType = 39;
    public const int TraceIds = 40;
    public const int TraceFilter = 41;
    public const int SplitTraceIds = 42;
    public const int Digests = 43;
    public const int Tables = 44;
    public const int Summaries = 45;
    public const int StayedBehind = 46;

    /// <summary>The first column of attributes; those above follow in the order of the table of columns.</summary>
    public const int FirstAttribute = 64;
}
