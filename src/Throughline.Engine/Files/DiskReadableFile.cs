using Microsoft.Win32.SafeHandles;

namespace Throughline.Engine.Files;

/// <summary>A file of <see cref="DiskFileSystem"/> that is read. Thread safe.</summary>
internal sealed class DiskReadableFile(string path, SafeFileHandle handle) : IReadableFile
{
    public long Length { get; } = RandomAccess.GetLength(handle);

    public void ReadExactly(long offset, Span<byte> buffer)
    {
        var wanted = buffer.Length;
        var at = offset;
        while (!buffer.IsEmpty)
        {
            var count = RandomAccess.Read(handle, buffer, at);
            if (count == 0)
                throw new EndOfStreamException($"{path}: expected {wanted} bytes at offset {offset}, found {wanted - buffer.Length}");
            buffer = buffer[count..];
            at += count;
        }
    }

    public void Dispose() => handle.Dispose();
}
