namespace Throughline.Pipeline.Backend.Images;

/// <summary>
/// The room that all uploads share while they are read: so many of them, and so many bytes. What is above is refused with 503. Thread-safe;
/// one for the life of the process.
/// </summary>
internal sealed class UploadRoom(UploadOptions options)
{
    private readonly Lock _gate = new();
    private int _uploads;
    private long _bytes;

    /// <summary>A place for one upload, without any bytes yet. The caller disposes it when the upload has been read and passed on.</summary>
    /// <exception cref="UploadRefusedException">As many uploads are being read as may.</exception>
    public Place Enter()
    {
        lock (_gate)
        {
            if (_uploads >= options.MaximumConcurrent)
                throw UploadRefusedException.Overloaded(
                    $"{options.MaximumConcurrent} uploads are being read, the limit (Upload:MaximumConcurrent). Send this one again in a second.");
            _uploads++;
        }
        return new(this);
    }

    /// <summary>What one upload holds; its caller is one at a time.</summary>
    public sealed class Place(UploadRoom room) : IDisposable
    {
        private long _held;

        /// <summary>From now on the upload holds so many bytes. One that is alone may have as many as it needs.</summary>
        /// <exception cref="UploadRefusedException">The uploads that are being read hold too much already; this one holds nothing then.</exception>
        public void Hold(long bytes)
        {
            lock (room._gate)
            {
                var all = room._bytes - _held + bytes;
                if (all > room.Limit && room._uploads > 1)
                {
                    // What it read so far is let go; the rest of its body may take as long as its sender likes.
                    (room._bytes, _held) = (room._bytes - _held, 0);
                    throw UploadRefusedException.Overloaded(
                        $"The uploads that are being read have {room.Limit} bytes, the limit (Upload:MaximumConcurrentBytes). Send this one again in a second.");
                }
                (room._bytes, _held) = (all, bytes);
            }
        }

        public void Dispose()
        {
            lock (room._gate)
            {
                room._bytes -= _held;
                room._uploads--;
            }
        }
    }

    private long Limit => options.MaximumConcurrentBytes;
}
