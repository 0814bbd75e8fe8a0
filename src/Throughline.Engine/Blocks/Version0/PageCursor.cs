using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>Reads the sequence of pages in a run of a block's bytes. Errors name the file and the page's offset in it.</summary>
internal sealed class PageCursor(string file, long fileOffset, byte[] bytes)
{
    private int _position;

    /// <summary>The next page's numbers.</summary>
    public long[] Numbers()
    {
        var (page, offset) = Next();
        return PageCodec.ReadNumbers(page.Span, file, offset);
    }

    /// <summary>The next page's numbers as 32-bit integers.</summary>
    public Column<int> Ints()
    {
        var numbers = Numbers();
        var ints = new int[numbers.Length];
        for (var i = 0; i < ints.Length; i++) ints[i] = (int)numbers[i];
        return new Column<int>(ints);
    }

    /// <summary>The next page's numbers as unsigned 32-bit integers.</summary>
    public Column<uint> UInts()
    {
        var numbers = Numbers();
        var ints = new uint[numbers.Length];
        for (var i = 0; i < ints.Length; i++) ints[i] = (uint)numbers[i];
        return new Column<uint>(ints);
    }

    /// <summary>The next page's numbers as bytes.</summary>
    public Column<byte> Flags()
    {
        var numbers = Numbers();
        var bytes = new byte[numbers.Length];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)numbers[i];
        return new Column<byte>(bytes);
    }

    /// <summary>The next page's lengths as running offsets, beginning with 0.</summary>
    public Column<int> Offsets()
    {
        var lengths = Numbers();
        var offsets = new int[lengths.Length + 1];
        for (var i = 0; i < lengths.Length; i++) offsets[i + 1] = offsets[i] + (int)lengths[i];
        return new Column<int>(offsets);
    }

    /// <summary>Passes over the next page, whose bytes are checked and not used.</summary>
    public void Skip() => Bytes();

    /// <summary>The next page's bytes.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        var (page, offset) = Next();
        return PageCodec.ReadBytes(page.Span, file, offset);
    }

    /// <summary>The next two pages as a dictionary.</summary>
    public ByteDictionary Dictionary()
    {
        var ends = Offsets();
        var dictionary = new ByteDictionary();
        dictionary.Load(Bytes(), ends.Span[1..]);
        return dictionary;
    }

    private (ReadOnlyMemory<byte> Page, long Offset) Next()
    {
        var left = bytes.Length - _position;
        var offset = fileOffset + _position;
        if (left < PageCodec.HeaderBytes) throw new Files.CorruptDataException(file, offset, "a page", $"{left} bytes");
        var length = PageCodec.PageBytes(bytes.AsSpan(_position));
        if (length < PageCodec.HeaderBytes || length > left) throw new Files.CorruptDataException(file, offset, $"a page of at most {left} bytes", $"a length of {length}");
        var page = bytes.AsMemory(_position, length);
        _position += length;
        return (page, offset);
    }
}
