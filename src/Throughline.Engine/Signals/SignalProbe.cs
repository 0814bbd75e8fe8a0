using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Signals;

/// <summary>What an inspection of a store that is not open asks of a signal's format. Thread safe.</summary>
internal interface ISignalProbe
{
    /// <inheritdoc cref="ISignalFormat{TBatch, THead, TView, TBlock}.Name"/>
    string Name { get; }

    /// <inheritdoc cref="ISignalFormat{TBatch, THead, TView, TBlock}.Items"/>
    string Items { get; }

    /// <inheritdoc cref="ISignalFormat{TBatch, THead, TView, TBlock}.Signal"/>
    WalSignal Signal { get; }

    /// <summary>Decodes a record of the log and counts its items; a sentence when it cannot be decoded.</summary>
    string? Decode(ReadOnlySpan<byte> payload, WalForm form, out long items);

    /// <summary>Reads all of a block's content, which stays the caller's; answers the number of its items.</summary>
    /// <exception cref="CorruptDataException">Something is wrong with it.</exception>
    long Verify(IReadableFile content, string name, CancellationToken stop);

    /// <summary>Where the bytes of a block's content go, which stays the caller's.</summary>
    /// <exception cref="CorruptDataException">That cannot be read.</exception>
    IReadOnlyList<(string Part, long Bytes)> Parts(IReadableFile content, string name);
}

/// <summary>The probe of a format.</summary>
internal sealed class SignalProbe<TBatch, THead, TView, TBlock>(ISignalFormat<TBatch, THead, TView, TBlock> format) : ISignalProbe
    where TBatch : class
    where THead : class
    where TView : class
    where TBlock : class, IDisposable
{
    /// <inheritdoc/>
    public string Name => format.Name;

    /// <inheritdoc/>
    public string Items => format.Items;

    /// <inheritdoc/>
    public WalSignal Signal => format.Signal;

    /// <inheritdoc/>
    public string? Decode(ReadOnlySpan<byte> payload, WalForm form, out long items)
    {
        var batch = format.NewBatch();
        var isDecoded = format.TryDecode(payload, form, batch, out var problem);
        items = isDecoded ? format.Count(batch) : 0;
        return isDecoded ? null : problem;
    }

    /// <inheritdoc/>
    public long Verify(IReadableFile content, string name, CancellationToken stop)
    {
        using var block = format.Open(new Borrowed(content), name, new PageCache(0));
        return format.Verify(block, stop);
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Part, long Bytes)> Parts(IReadableFile content, string name)
    {
        using var block = format.Open(new Borrowed(content), name, new PageCache(0));
        return format.Parts(block);
    }

    /// <summary>A file that the block does not close.</summary>
    private sealed class Borrowed(IReadableFile file) : IReadableFile
    {
        public long Length => file.Length;

        public void ReadExactly(long offset, Span<byte> buffer) => file.ReadExactly(offset, buffer);

        public void Dispose()
        {
        }
    }
}
