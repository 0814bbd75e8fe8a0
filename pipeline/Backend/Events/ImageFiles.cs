using Throughline.Pipeline.Backend.Images;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// The latest images on which something was found, as files named by their content's hash, so that an event can be shown with what was
/// seen. The one that was seen the longest ago goes when there are too many. Thread-safe; the one writer of its directory.
/// </summary>
internal sealed class ImageFiles(EventOptions options, TimeProvider time, ILogger<ImageFiles> logger)
{
    private const string Partial = ".partial";

    private readonly string _directory = options.ImageDirectory is { Length: > 0 } given
        ? given
        : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(options.Database)) ?? "", "images");

    private readonly Lock _gate = new();
    private readonly LinkedList<string> _order = [];
    private readonly Dictionary<string, LinkedListNode<string>> _kept = [];

    /// <summary>Makes the directory and takes over what an earlier run left in it.</summary>
    /// <exception cref="IOException">The directory can't be made.</exception>
    public void Prepare()
    {
        if (options.ImageCount == 0) return;
        var directory = Directory.CreateDirectory(_directory);
        // What was being written when an earlier run ended is no image.
        foreach (var partial in directory.EnumerateFiles("*" + Partial)) partial.Delete();
        lock (_gate)
        {
            foreach (var file in directory.EnumerateFiles("*.jpg").OrderBy(file => file.LastWriteTimeUtc)) MakeNewest(file.FullName);
            DeleteOldest();
        }
    }

    /// <summary>
    /// Keeps an image, as the newest: the same picture may be an older event's too. Where it can't be written, the log says so and the event goes
    /// on without it.
    /// </summary>
    public async Task KeepAsync(ReceivedImage image)
    {
        if (options.ImageCount == 0) return;
        var path = PathOf(image.Sha256);
        try
        {
            if (TryRenew(path)) return;
            // Of its own, since another camera may have sent the same picture at the same time.
            var partial = $"{path}.{Guid.NewGuid():n}{Partial}";
            try
            {
                await File.WriteAllBytesAsync(partial, image.Bytes);
                File.SetLastWriteTimeUtc(partial, time.GetUtcNow().UtcDateTime);
                lock (_gate)
                {
                    File.Move(partial, path, overwrite: true);
                    MakeNewest(path);
                }
            }
            catch
            {
                // On a full disk each image would leave some of itself.
                File.Delete(partial);
                throw;
            }
            lock (_gate) DeleteOldest();
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

    /// <summary>Makes a file that is there the newest, for this run and, by its time, for the next.</summary>
    private bool TryRenew(string path)
    {
        lock (_gate)
        {
            if (!File.Exists(path)) return false;
            File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
            MakeNewest(path);
            return true;
        }
    }

    private void MakeNewest(string path)
    {
        if (_kept.TryGetValue(path, out var place)) _order.Remove(place);
        _kept[path] = _order.AddLast(path);
    }

    private void DeleteOldest()
    {
        while (_kept.Count > options.ImageCount && _order.First is { Value: var oldest })
        {
            File.Delete(oldest);
            _order.RemoveFirst();
            _kept.Remove(oldest);
        }
    }
}
