using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks.Read;

/// <summary>Pages of one block as vectors, each decoded once and kept in the store's cache. Thread safe.</summary>
internal sealed class BlockPages(BlockFile file, PageCache cache)
{
    private readonly int _block = cache.NextBlock();

    /// <summary>The block's file.</summary>
    public BlockFile File => file;

    /// <summary>The store's cache.</summary>
    public PageCache Cache => cache;

    /// <summary>The name of something of this block in the cache.</summary>
    public CacheKey Key(int rowGroup, int column, CachedForm form, int page = 0) => new(_block, rowGroup, column, page, form);

    /// <summary>Drops what is cached of the block.</summary>
    public void Forget() => cache.Forget(_block);

    /// <summary>The page of a column of a row group; false when it was left out, since all its values are 0 (or it has none).</summary>
    public bool TryFind(int rowGroup, int column, out PageEntry entry)
    {
        var found = file.Directory.Of(rowGroup, column);
        entry = found.Length == 0 ? default : found[0];
        return found.Length > 0;
    }

    /// <summary>The numbers of a column of a row group, which has so many.</summary>
    /// <exception cref="CorruptDataException">The page is not what was written.</exception>
    public NumberVector Numbers(int rowGroup, int column, int count)
    {
        if (!TryFind(rowGroup, column, out var entry)) return NumberVector.Constant(0, count);
        if (entry.Count != count) throw new CorruptDataException(file.Name, entry.Offset, $"{count} values in column {column} of row group {rowGroup}", $"{entry.Count}");
        if (entry.Encoding == PageEncoding.Constant) return NumberVector.Constant((ulong)entry.Base, count);
        var key = Key(rowGroup, column, CachedForm.Numbers);
        if (cache.Find<NumberVector>(key) is { } known) return known;
        var numbers = file.Pages.Read(entry, file.Name, static (in PageEntry e, ReadOnlySpan<byte> body, string name) => Decode(e, body, name));
        cache.Keep(key, numbers, numbers.MemoryBytes);
        return numbers;
    }

    /// <summary>Values of fixed width of a column of a row group, which has so many.</summary>
    /// <exception cref="CorruptDataException">The page is not what was written.</exception>
    public TValue[] Raw<TValue>(int rowGroup, int column, int count)
        where TValue : unmanaged
    {
        if (!TryFind(rowGroup, column, out var entry) || entry.Count != count)
        {
            if (count == 0) return [];
            throw new CorruptDataException(file.Name, entry.Offset, $"{count} values in column {column} of row group {rowGroup}", $"{entry.Count}");
        }
        var key = Key(rowGroup, column, CachedForm.Raw);
        if (cache.Find<TValue[]>(key) is { } known) return known;
        var values = file.Pages.Read(entry, file.Name, static (in PageEntry e, ReadOnlySpan<byte> body, string name) =>
        {
            var stored = MemoryMarshal.Cast<byte, TValue>(body);
            if (stored.Length != e.Count) throw new CorruptDataException(name, e.Offset, $"{e.Count} values", $"{body.Length} bytes");
            return stored.ToArray();
        });
        cache.Keep(key, values, (long)values.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<TValue>());
        return values;
    }

    /// <summary>Number of values of a column of which not every row has one.</summary>
    public int CountOf(int rowGroup, int column) => TryFind(rowGroup, column, out var entry) ? entry.Count : 0;

    private static NumberVector Decode(in PageEntry entry, ReadOnlySpan<byte> body, string name)
    {
        // The base and top of decimals are those of the integers that stand for them.
        var isDecimal = entry.Encoding == PageEncoding.Decimal;
        var reach = isDecimal ? ulong.MaxValue : (ulong)(entry.Top - entry.Base);
        if (reach <= byte.MaxValue) return NumberVector.Of(Items<byte>(entry, body, name), entry.Count, (ulong)entry.Base);
        if (reach <= ushort.MaxValue) return NumberVector.Of(Items<ushort>(entry, body, name), entry.Count, (ulong)entry.Base);
        if (reach <= uint.MaxValue) return NumberVector.Of(Items<uint>(entry, body, name), entry.Count, (ulong)entry.Base);
        var values = new ulong[entry.Count];
        var origin = isDecimal ? 0 : entry.Base;
        NumberDecoder.Decode(entry, body, origin, values.AsSpan(), name);
        return NumberVector.Of(values, entry.Count, (ulong)origin);
    }

    private static TItem[] Items<TItem>(in PageEntry entry, ReadOnlySpan<byte> body, string name)
        where TItem : unmanaged, System.Numerics.IBinaryInteger<TItem>
    {
        var items = new TItem[entry.Count];
        NumberDecoder.Decode(entry, body, entry.Base, items.AsSpan(), name);
        return items;
    }
}
