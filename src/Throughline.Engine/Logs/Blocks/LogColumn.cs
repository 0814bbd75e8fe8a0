namespace Throughline.Engine.Logs.Blocks;

/// <summary>The numbers of the columns of a block of log records (docs/format/logs.md, "Columns").</summary>
internal static class LogColumn
{
    public const int At = 0;
    public const int Observed = 1;
    public const int Sequence = 2;
    public const int Class = 3;
    public const int Span = 4;
    public const int SpanTrace = 5;
    public const int SpanIds = 6;
    public const int TraceIds = 7;
    public const int TraceFilter = 8;
    public const int Tables = 9;
    public const int Templates = 10;
    public const int Words = 11;
    public const int Texts = 12;
    public const int BodyNumbers = 13;
    public const int RareValues = 14;
    public const int RareStrings = 15;
    public const int RareBlobs = 16;

    /// <summary>Of the whole block: what is known of its row groups.</summary>
    public const int RowGroups = 32;

    /// <summary>The values of the first attribute column; its dictionary, if it has one, is the next number, and so on.</summary>
    public const int FirstAttribute = 64;
}
