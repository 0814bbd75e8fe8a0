using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Backend.Images;

/// <summary>The configuration's section <c>Upload</c>: what is taken, and how a second sending is known. Read once, at the start.</summary>
internal sealed class UploadOptions
{
    /// <summary>Bytes above <see cref="MaximumBytes"/> that are read and thrown away, so that the sender gets the answer and not a reset.</summary>
    public const long Drained = 64 * 1024 * 1024;

    /// <summary>The largest image. A larger one is answered with 413.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int MaximumBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Uploads that may be read at once. More are answered with 503.</summary>
    [Range(1, 100_000)]
    public int MaximumConcurrent { get; set; } = 64;

    /// <summary>Bytes that the uploads which are being read may hold together. One that is alone may have as many as it needs.</summary>
    [Range(1024, 1024L * 1024 * 1024 * 1024)]
    public long MaximumConcurrentBytes { get; set; } = 128 * 1024 * 1024;

    /// <summary>How long an image is remembered, so that its second sending is known; 0 takes every image for a new one.</summary>
    [Range(0.0, 86_400)]
    public double DuplicateWindowSeconds { get; set; } = 300;

    /// <summary>How many images are remembered at most; above it the oldest are forgotten early.</summary>
    [Range(1, 1_000_000)]
    public int DuplicateLimit { get; set; } = 10_000;
}
