using System.Text;
using System.Text.Json;

namespace Throughline.Engine.Decode;

/// <summary>
/// Says where in a JSON text an error lies. Walks the text again from its beginning, so that reading it need not keep track.
/// </summary>
internal static class OtlpJsonPath
{
    private struct Level
    {
        public string? Name;
        public int Index;
        public bool IsArray;
    }

    /// <summary>The message for the sender: path, offset and reason.</summary>
    public static string Describe(ReadOnlySpan<byte> json, OtlpMessage type, int offset, string reason) => $"{Locate(json, type, offset)} at byte {offset}: {reason}";

    /// <summary>The offset in bytes that the exception gives as line and position.</summary>
    public static int OffsetOf(ReadOnlySpan<byte> json, JsonException exception)
    {
        var offset = 0;
        for (var line = exception.LineNumber ?? 0; line > 0; line--) offset += json[offset..].IndexOf((byte)'\n') + 1;
        return (int)Math.Min(json.Length, offset + (exception.BytePositionInLine ?? 0));
    }

    /// <summary>The exception's text without the line and position that it ends with; the offset says that.</summary>
    public static string Reason(JsonException exception)
    {
        var end = exception.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? exception.Message : exception.Message[..end];
    }

    /// <summary>The path of the value that begins at or before the offset, like <c>resourceSpans[0].scopeSpans[1].spans[7].kind</c>.</summary>
    private static string Locate(ReadOnlySpan<byte> json, OtlpMessage type, int offset)
    {
        var levels = new Stack<Level>();
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1000 });
            while (reader.Read() && reader.TokenStartIndex <= offset) Step(ref reader, levels);
        }
        catch (JsonException)
        {
            // The walk ends where the reading did: the path so far is the answer.
        }
        var path = Text(levels);
        return path.Length == 0 ? type.Name : path;
    }

    private static void Step(ref Utf8JsonReader reader, Stack<Level> levels)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                levels.Pop();
                levels.Push(new Level { Name = Encoding.UTF8.GetString(reader.ValueSpan) });
                return;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                levels.Pop();
                return;
        }
        if (levels.TryPeek(out var array) && array.IsArray)
        {
            levels.Pop();
            levels.Push(array with { Index = array.Index + 1 });
        }
        if (reader.TokenType == JsonTokenType.StartObject) levels.Push(default);
        else if (reader.TokenType == JsonTokenType.StartArray) levels.Push(new Level { IsArray = true, Index = -1 });
    }

    private static string Text(Stack<Level> levels)
    {
        var path = new StringBuilder();
        foreach (var level in levels.Reverse())
        {
            if (level.IsArray && level.Index >= 0) path.Append('[').Append(level.Index).Append(']');
            else if (level.Name is not null) path.Append(path.Length == 0 ? "" : ".").Append(level.Name);
        }
        return path.ToString();
    }
}
