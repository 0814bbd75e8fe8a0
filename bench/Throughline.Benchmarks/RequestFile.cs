using System.Buffers.Binary;

namespace Throughline.Benchmarks;

/// <summary>
/// A file of requests as the workload tool writes it: records of a little-endian u32 length and an ExportTraceServiceRequest. Read in portions, so that a
/// large file neither fills the memory nor is read from disk while something is measured. One reader.
/// </summary>
internal sealed class RequestFile(string path) : IDisposable
{
    private readonly FileStream _file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);

    /// <summary>The requests of the next portion, empty at the end of the file.</summary>
    public List<byte[]> Next(long portionBytes = 64L << 20)
    {
        var requests = new List<byte[]>();
        Span<byte> length = stackalloc byte[4];
        for (var total = 0L; total < portionBytes && _file.ReadAtLeast(length, 4, false) == 4; total += requests[^1].Length)
        {
            var request = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
            _file.ReadExactly(request);
            requests.Add(request);
        }
        return requests;
    }

    public void Dispose() => _file.Dispose();
}
