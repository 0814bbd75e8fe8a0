using System.Buffers.Text;

namespace Throughline.Engine.Profiles.Decode;

/// <summary>What a text of stacks measures. Immutable.</summary>
/// <param name="Scale">What one of its counts is of the unit.</param>
public sealed record FoldedMeasure(string Type, string Unit, double Scale);

/// <summary>
/// Reads stacks as text: a line each, frames from the outermost to the innermost with a semicolon between them, then a space and a count (folded), or without a count, a line for each sample (lines).
/// Stateless; thread safe.
/// </summary>
public static class FoldedDecoder
{
    /// <summary>Adds a window. When it is refused, nothing of the batch may be used.</summary>
    public static ProfileDecodeResult Decode(ReadOnlySpan<byte> body, bool hasCounts, FoldedMeasure measure, ProfileOrigin origin, ProfileLimits limits, ProfileBatch into)
    {
        var (stacks, values) = (new List<int>(), new List<long>());
        var line = 0;
        foreach (var range in body.Split((byte)'\n'))
        {
            line++;
            var text = body[range].Trim(" \t\r"u8);
            if (text.IsEmpty) continue;
            var count = 1L;
            if (hasCounts && !TryTakeCount(ref text, out count)) return ProfileDecodeResult.Refused($"Line {line} of the stacks does not end with a space and a count; folded stacks are lines such as 'main;work;step 17'.");
            var node = StackTables.Top;
            var depth = 0;
            foreach (var part in text.Split((byte)';'))
            {
                var name = text[part];
                if (++depth > limits.MaxStackDepth) return ProfileDecodeResult.Refused($"Line {line} of the stacks has more than {limits.MaxStackDepth} frames, which is the limit.");
                if (++into.Unfolded > limits.MaxFrames) return ProfileDecodeResult.Refused($"Line {line} brings the frames of the stacks above {limits.MaxFrames}, which is the limit (--profile-max-frames).");
                if (name.Length > limits.MaxNameBytes) return ProfileDecodeResult.Refused($"Line {line} of the stacks has a frame of {name.Length} bytes; at most {limits.MaxNameBytes} are taken.");
                var builder = into.Builder;
                node = builder.Node(node, builder.Location(builder.Function(builder.Text(name.IsEmpty ? "[no name]"u8 : name), builder.Text("")), 0));
            }
            var value = count * measure.Scale >= long.MaxValue ? long.MaxValue : (long)Math.Round(count * measure.Scale);
            if (value == 0) continue;
            stacks.Add(node);
            values.Add(value);
        }
        if (stacks.Count == 0) return new(true, "The profile has no samples.");
        var (start, end) = origin.Times(0, 0);
        if (end < start) return ProfileDecodeResult.Refused($"The profile ends at {end}, before it begins at {start} (Unix nanoseconds).");
        var links = new int[stacks.Count];
        Array.Fill(links, -1);
        var series = into.SeriesNumber(new ProfileSeries(origin.Service, measure.Type, measure.Unit, origin.Labels));
        into.Add(new WindowFacts(series, start, end, origin.NowUnixNano, 0), WindowSort.Sorted([.. stacks], links, [.. values]));
        return new(true, "");
    }

    private static bool TryTakeCount(ref ReadOnlySpan<byte> text, out long count)
    {
        count = 0;
        var space = text.LastIndexOf((byte)' ');
        if (space <= 0 || !Utf8Parser.TryParse(text[(space + 1)..], out count, out var read) || read != text.Length - space - 1 || count < 0) return false;
        text = text[..space].TrimEnd((byte)' ');
        return !text.IsEmpty;
    }
}
