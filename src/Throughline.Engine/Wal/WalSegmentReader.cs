using Throughline.Engine.Files;

namespace Throughline.Engine.Wal;

/// <summary>
/// Reads the records of one segment in order. Where a frame is bad it looks for the next good one, and decides whether what lies between
/// was acknowledged: it was when the segment after says how far this one goes (<paramref name="sealedLength"/>), or when a later frame's
/// group began behind it, since a group is written only after the sync of the one before. Not thread safe.
/// </summary>
internal sealed class WalSegmentReader(IReadableFile file, string path, WalSegmentHeader header, long? sealedLength, int maxPayloadBytes)
{
    /// <summary>What is expected wherever bytes of a segment cannot be read.</summary>
    public const string GoodRecords = "records with the right mark, length and checksum";

    // Large enough that reading is sequential, small enough not to matter.
    private const int WindowSize = 256 << 10;

    private readonly WalFrame _frame = new();
    private readonly long _end = Math.Min(file.Length, sealedLength ?? file.Length);
    private byte[] _window = new byte[WindowSize];
    private long _windowOffset;
    private int _windowCount;
    private bool _lengthChecked;

    /// <summary>Where the next frame begins.</summary>
    public long Position { get; private set; } = WalSegmentHeader.CopiesSize;

    /// <summary>Bytes at the end that were never acknowledged, known once <see cref="TryRead"/> has answered false.</summary>
    public long TornBytes { get; private set; }

    /// <summary>The next record; its payload is valid until the next call.</summary>
    public bool TryRead(out WalRecord record, List<WalProblem> problems)
    {
        record = default;
        if (Position < _end)
        {
            if (!TryFrame(Position, out var frame) && !SkipBadBytes(problems, out frame))
                return false;
            var span = frame.Span;
            record = new WalRecord(WalFrame.Sequence(span), WalFrame.Header(span), frame[WalFrame.HeaderSize..], header.Number, Position);
            Position += frame.Length;
            return true;
        }
        if (!_lengthChecked && sealedLength > file.Length)
            problems.Add(new WalProblem(path, file.Length, sealedLength.Value - file.Length, $"{sealedLength} bytes", $"{file.Length} bytes"));
        _lengthChecked = true;
        return false;
    }

    private bool SkipBadBytes(List<WalProblem> problems, out ReadOnlyMemory<byte> frame)
    {
        var bad = Position;
        if (FindFrame(bad + 1) is { } next && (sealedLength is not null || WasAcknowledged(bad, next)) && TryFrame(next, out frame))
        {
            problems.Add(new WalProblem(path, bad, next - bad, GoodRecords, "other bytes"));
            Position = next;
            return true;
        }
        frame = default;
        if (sealedLength is not null)
        {
            problems.Add(new WalProblem(path, bad, sealedLength.Value - bad, GoodRecords, "other bytes"));
            Position = _end;
            _lengthChecked = true;
        }
        else
        {
            TornBytes = _end - bad;
        }
        return false;
    }

    private bool WasAcknowledged(long bad, long next)
    {
        for (long? at = next; at is { } offset && TryFrame(offset, out var frame); at = FindFrame(offset + frame.Length))
        {
            if (offset - WalFrame.GroupBack(frame.Span) > bad)
                return true;
        }
        return false;
    }

    private long? FindFrame(long from)
    {
        for (var offset = from; offset + WalFrame.HeaderSize <= _end; offset++)
        {
            if (TryFrame(offset, out _))
                return offset;
        }
        return null;
    }

    private bool TryFrame(long offset, out ReadOnlyMemory<byte> frame)
    {
        frame = default;
        if (_end - offset < WalFrame.HeaderSize)
            return false;
        var size = _frame.SizeOf(View(offset, WalFrame.HeaderSize).Span, header.Salt, offset, maxPayloadBytes);
        if (size == 0 || size > _end - offset)
            return false;
        var view = View(offset, (int)size);
        if (!_frame.IsIntact(view.Span, header.Salt, offset))
            return false;
        frame = view;
        return true;
    }

    private ReadOnlyMemory<byte> View(long offset, int count)
    {
        if (offset < _windowOffset || offset + count > _windowOffset + _windowCount)
            Fill(offset, count);
        return _window.AsMemory((int)(offset - _windowOffset), count);
    }

    private void Fill(long offset, int count)
    {
        if (_window.Length < count)
            _window = new byte[count];
        var fill = (int)Math.Min(_window.Length, _end - offset);
        _windowCount = 0;
        file.ReadExactly(offset, _window.AsSpan(0, fill));
        _windowOffset = offset;
        _windowCount = fill;
    }
}
