using System.Collections.Concurrent;
using Throughline.Pipeline.Backend.Images;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// The latest images on which something was found, as files named by their content's hash, so that an event can be shown with what was
/// seen. The oldest goes when there are too many. Thread-safe; the one writer of its directory.
/// </summary>
internal sealed class ImageFiles(EventOptions options, ILogger<ImageFiles> logger)
{
    private readonly string _directory = options.ImageDirectory is { Length: > 0 } given
        ? given
        : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(options.Database)) ?? "", "images");

    private readonly ConcurrentQueue<string> _kept = [];

    /// <summary>Makes the directory and takes over what an earlier run left in it.</summary>
    /// <exception cref="IOException">The directory can't be made.</exception>
    public void Prepare()
    {
        if (options.ImageCount == 0) return;
        foreach (var file in Directory.CreateDirectory(_directory).EnumerateFiles("*.jpg").OrderBy(file => file.LastWriteTimeUtc))
            _kept.Enqueue(file.FullName);
        DeleteOldest();
    }

    /// <summary>Keeps an image. Where it can't be written, the log says so and the event goes on without it.</summary>
    public async Task KeepAsync(ReceivedImage image)
    {
        if (options.ImageCount == 0) return;
        var path = PathOf(image.Sha256);
        try
        {
            if (File.Exists(path)) return;
            var partial = $"{path}.{image.Id}.partial";
            await File.WriteAllBytesAsync(partial, image.Bytes);
            File.Move(partial, path, overwrite: true);
            _kept.Enqueue(path);
            DeleteOldest();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("Image {Image} of {Camera} is not kept: {Problem}", image.Id, image.Camera.Id, problem.Message);
        }
    }

    /// <summary>The image with this hash, to be read and disposed by the caller; null when it is not kept, or not any more.</summary>
    public Stream? Open(string sha256)
    {
        try
        {
            return new FileStream(PathOf(sha256), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private string PathOf(string sha256) => Path.Combine(_directory, sha256 + ".jpg");

    private void DeleteOldest()
    {
        while (_kept.Count > options.ImageCount && _kept.TryDequeue(out var oldest)) File.Delete(oldest);
    }
}
