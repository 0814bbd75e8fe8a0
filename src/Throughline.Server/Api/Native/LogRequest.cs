using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Hashing;
using Throughline.Engine.Logs;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;
using Throughline.Server.Problems;
using LogLevel = Throughline.Engine.Logs.LogLevel;

namespace Throughline.Server.Api.Native;

/// <summary>The parameters of GET /api/v1/logs and what lies below it as a plan.</summary>
internal static class LogRequest
{
    private const int StandardLimit = 100;
    private const int MaxLimit = 1000;
    private const int CursorFields = 8 + 8 + 4;
    private const int CursorBytes = CursorFields + 4;

    /// <summary>Reads the parameters of a search; null and the problem when one is wrong.</summary>
    internal static LogPlan? Read(IQueryCollection query, out Problem? problem)
    {
        var reader = new QueryReader(query);
        var plan = ReadFilter(reader) with
        {
            Descending = reader.OneOf("direction", "desc", "asc") == 0,
            Total = reader.OneOf("total", "atLeast", "exact") == 0 ? TotalWanted.AtLeast : TotalWanted.Exact,
            Limit = reader.Whole("limit", 0, MaxLimit, StandardLimit),
            ArrivedAfter = ReadSequence(reader),
            After = ReadCursor(reader, query),
        };
        problem = reader.Finish();
        return problem is null ? plan : null;
    }

    /// <summary>Reads the parameters that say which records match; what is wrong with one is noted in the reader.</summary>
    internal static LogPlan ReadFilter(QueryReader reader)
    {
        var (from, to) = reader.Range();
        var traced = reader.OneOf("traced", "any", "true", "false");
        var plan = new LogPlan
        {
            FromUnixNano = from,
            ToUnixNano = to,
            Services = reader.Many("service"),
            Levels = ReadLevels(reader),
            Trace = ReadTrace(reader),
            Span = reader.Span("span"),
            HasTrace = traced == 0 ? null : traced == 1,
        };
        if (reader.Single("q") is { } text && !LogFilterText.TryParse(text, plan, out plan, out var error)) reader.Fail("q", error.Message, error.Position);
        return plan;
    }

    /// <summary>A cursor as text: base64url of the last record's time and number, the hash of the search, and a checksum that tells a mangled one.</summary>
    internal static string? Encode(LogCursor? cursor, uint planHash)
    {
        if (cursor is not { } known) return null;
        Span<byte> bytes = stackalloc byte[CursorBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, known.AtUnixNano);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], known.Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], planHash);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[CursorFields..], XxHash32.HashToUInt32(bytes[..CursorFields]));
        return Base64Url.EncodeToString(bytes);
    }

    private static LogCursor? ReadCursor(QueryReader reader, IQueryCollection query)
    {
        if (reader.Single("cursor") is not { } text) return null;
        Span<byte> bytes = stackalloc byte[CursorBytes];
        if (text.Length > 2 * CursorBytes || !Base64Url.IsValid(text, out var length) || length != CursorBytes || !Base64Url.TryDecodeFromChars(text, bytes, out _)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[CursorFields..]) != XxHash32.HashToUInt32(bytes[..CursorFields]))
        {
            reader.Fail("cursor", "This is no cursor of this server. Take it unchanged from 'nextCursor', or leave it out to begin anew.");
            return null;
        }
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]) != SearchRequest.HashOf(query))
            reader.Fail("cursor", "The cursor belongs to another search. Keep all parameters but 'limit', or leave the cursor out to begin anew.");
        return new LogCursor(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
    }

    private static List<LogLevel> ReadLevels(QueryReader reader)
    {
        var levels = new List<LogLevel>();
        foreach (var name in reader.Many("level"))
        {
            if (LogFilterText.LevelOf(name) is { } level) levels.Add(level);
            else reader.Fail("level", $"'level' is {string.Join(", ", Enum.GetValues<LogLevel>().Select(LogFilterText.NameOf))}, not '{name}'.");
        }
        return levels;
    }

    private static TraceId? ReadTrace(QueryReader reader)
    {
        if (reader.Single("trace") is not { } text) return null;
        if (TraceId.TryParse(text, out var id) && id.IsValid) return id;
        reader.Fail("trace", $"'trace' is a trace id of up to 32 hexadecimal digits and not zero, not '{text}'.");
        return null;
    }

    private static ulong? ReadSequence(QueryReader reader)
    {
        if (reader.Single("after") is not { } text) return null;
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)) return value;
        reader.Fail("after", $"'after' is the 'lastSequence' of an earlier answer, not '{text}'.");
        return null;
    }
}
