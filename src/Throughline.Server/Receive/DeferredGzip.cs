using System.IO.Compression;
using Grpc.Net.Compression;

namespace Throughline.Server.Receive;

/// <summary>
/// Lets gzip messages through as they are: gRPC's own provider inflates without a limit into memory that is not pooled, so the receiver inflates them,
/// as it does over HTTP. Stateless.
/// </summary>
internal sealed class DeferredGzip : ICompressionProvider
{
    /// <inheritdoc/>
    public string EncodingName => "gzip";

    /// <inheritdoc/>
    public Stream CreateDecompressionStream(Stream stream) => stream;

    /// <inheritdoc/>
    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) =>
        throw new NotSupportedException("Replies are a few bytes and go out uncompressed.");
}
