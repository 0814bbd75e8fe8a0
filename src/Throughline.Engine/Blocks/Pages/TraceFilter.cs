using System.IO.Hashing;
using System.Runtime.InteropServices;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Pages;

/// <summary>
/// Says of a trace id that it is surely not in a block, or may be (docs/format/block.md, "Trace filter"): a split block Bloom filter, as Parquet's. With 12 bits an id about one
/// foreign id in 250 passes. Immutable, thread safe.
/// </summary>
internal sealed class TraceFilter
{
    private const int BitsAnId = 12;
    private const int WordsABlock = 8;

    private static readonly uint[] Salt = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31];

    private readonly uint[] _words;

    private TraceFilter(uint[] words) => _words = words;

    /// <summary>The filter's bytes.</summary>
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(_words.AsSpan());

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => _words.LongLength * 4;

    /// <summary>A filter that lets these ids pass.</summary>
    public static TraceFilter Of(ReadOnlySpan<TraceId> ids)
    {
        var blocks = Math.Max(1, (int)(((long)ids.Length * BitsAnId + 255) / 256));
        var filter = new TraceFilter(new uint[blocks * WordsABlock]);
        foreach (var id in ids)
        {
            var (first, low) = filter.Place(id);
            for (var i = 0; i < WordsABlock; i++) filter._words[first + i] |= 1u << (int)((low * Salt[i]) >> 27);
        }
        return filter;
    }

    /// <summary>A filter as it was stored; an empty one lets everything pass, as a block without a filter may hold anything.</summary>
    public static TraceFilter Load(ReadOnlySpan<byte> bytes) => new(MemoryMarshal.Cast<byte, uint>(bytes[..(bytes.Length / 32 * 32)]).ToArray());

    /// <summary>False when the id is surely not there.</summary>
    public bool MayContain(TraceId id)
    {
        if (_words.Length == 0) return true;
        var (first, low) = Place(id);
        for (var i = 0; i < WordsABlock; i++)
        {
            if ((_words[first + i] & (1u << (int)((low * Salt[i]) >> 27))) == 0) return false;
        }
        return true;
    }

    private (int First, uint Low) Place(TraceId id)
    {
        var hash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(new ReadOnlySpan<TraceId>(in id)));
        var block = (int)(((hash >> 32) * (ulong)(_words.Length / WordsABlock)) >> 32);
        return (block * WordsABlock, (uint)hash);
    }
}
