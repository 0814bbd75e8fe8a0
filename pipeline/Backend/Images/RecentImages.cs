namespace Throughline.Pipeline.Backend.Images;

/// <summary>What became of an image that came in.</summary>
internal enum Admission
{
    /// <summary>It is new, and the pipeline took it on.</summary>
    Taken,

    /// <summary>The pipeline had it already.</summary>
    Duplicate,

    /// <summary>It is new, and the pipeline has no room for it.</summary>
    Overloaded,

    /// <summary>Its id belongs to another image.</summary>
    IdTaken,
}

/// <summary>
/// The images of the last while, by camera with id and by camera with content: a camera that hears no answer sends its image again, and the
/// second one must not be looked at twice. Holds no pixels. Thread-safe: of two equal images at once, one is taken.
/// </summary>
internal sealed class RecentImages(UploadOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Camera, string Key), ReceivedImage> _known = [];
    private readonly Queue<ReceivedImage> _order = [];

    /// <summary>Gives a new image to <paramref name="take"/> and remembers it if that took it. Answers the first one of a duplicate.</summary>
    public (Admission Admission, ReceivedImage? First) Admit(ReceivedImage image, Func<ReceivedImage, bool> take)
    {
        lock (_gate)
        {
            ForgetOld();
            if (_known.TryGetValue(ById(image), out var sameId))
                return sameId.Sha256 == image.Sha256 ? (Admission.Duplicate, sameId) : (Admission.IdTaken, null);
            if (_known.TryGetValue(ByContent(image), out var sameContent)) return (Admission.Duplicate, sameContent);
            if (!take(image)) return (Admission.Overloaded, null);
            if (options.DuplicateWindowSeconds > 0) Remember(image with { Bytes = [] });
            return (Admission.Taken, null);
        }
    }

    /// <summary>
    /// An image that was taken and could not be looked at after all is a new one when it is sent again. Where it is remembered no more,
    /// nothing happens.
    /// </summary>
    public void Forget(ReceivedImage image)
    {
        lock (_gate)
            if (_known.TryGetValue(ById(image), out var known) && known.Trace == image.Trace)
                Remove(known);
    }

    private void Remember(ReceivedImage image)
    {
        if (_order.Count == options.DuplicateLimit) ForgetOldest();
        _known.Add(ById(image), image);
        _known.Add(ByContent(image), image);
        _order.Enqueue(image);
    }

    private void ForgetOld()
    {
        var oldest = time.GetUtcNow() - TimeSpan.FromSeconds(options.DuplicateWindowSeconds);
        while (_order.TryPeek(out var image) && image.ReceivedAt <= oldest) ForgetOldest();
    }

    private void ForgetOldest()
    {
        Remove(_order.Dequeue());
    }

    /// <summary>Unless it was forgotten before, and another has its place.</summary>
    private void Remove(ReceivedImage image)
    {
        foreach (var key in new[] { ById(image), ByContent(image) })
            if (ReferenceEquals(_known.GetValueOrDefault(key), image))
                _known.Remove(key);
    }

    // An id has at most 64 characters of a few kinds, so none can be taken for a hash behind its colon.
    private static (string Camera, string Key) ById(ReceivedImage image) => (image.Camera.Id, image.Id);

    private static (string Camera, string Key) ByContent(ReceivedImage image) => (image.Camera.Id, ":" + image.Sha256);
}
