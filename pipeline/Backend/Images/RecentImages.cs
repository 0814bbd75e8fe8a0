using System.Diagnostics;

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
/// second one must not be looked at twice; it is told how far the first has come. Holds no pixels. Thread-safe: of two equal images at once, one is taken.
/// </summary>
internal sealed class RecentImages(UploadOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Camera, string Key), Entry> _known = [];
    private readonly Queue<Entry> _order = [];

    /// <summary>Gives a new image to <paramref name="take"/> and remembers it if that took it. Answers the first one of a duplicate, as far as it has come.</summary>
    public (Admission Admission, KnownImage? First) Admit(ReceivedImage image, Func<ReceivedImage, bool> take)
    {
        lock (_gate)
        {
            ForgetOld();
            if (_known.TryGetValue(ById(image.Camera, image.Id), out var sameId))
                return sameId.Image.Sha256 == image.Sha256 ? (Admission.Duplicate, sameId.Told()) : (Admission.IdTaken, null);
            if (_known.TryGetValue(ByContent(image), out var sameContent)) return (Admission.Duplicate, sameContent.Told());
            if (!take(image)) return (Admission.Overloaded, null);
            if (options.DuplicateWindowSeconds > 0) Remember(new(image with { Bytes = [] }));
            return (Admission.Taken, null);
        }
    }

    /// <summary>From now on a duplicate of this image is told that it has come so far. Where it is remembered no more, nothing happens.</summary>
    public void Note(Camera camera, string imageId, ActivityContext trace, string state, long? eventId = null)
    {
        lock (_gate)
            if (Find(camera, imageId, trace) is { } known)
                (known.State, known.EventId) = (state, eventId);
    }

    /// <summary>
    /// An image that was taken and could not be looked at after all is a new one when it is sent again. Where it is remembered no more,
    /// nothing happens.
    /// </summary>
    public void Forget(ReceivedImage image)
    {
        lock (_gate)
            if (Find(image.Camera, image.Id, image.Trace) is { } known)
                Remove(known);
    }

    /// <summary>The entry of this very sending: another one of the same image may have its place by now.</summary>
    private Entry? Find(Camera camera, string imageId, ActivityContext trace) =>
        _known.TryGetValue(ById(camera, imageId), out var known) && known.Image.Trace == trace ? known : null;

    private void Remember(Entry entry)
    {
        if (_order.Count == options.DuplicateLimit) ForgetOldest();
        foreach (var key in Keys(entry.Image)) _known.Add(key, entry);
        _order.Enqueue(entry);
    }

    private void ForgetOld()
    {
        var oldest = time.GetUtcNow() - TimeSpan.FromSeconds(options.DuplicateWindowSeconds);
        while (_order.TryPeek(out var entry) && entry.Image.ReceivedAt <= oldest) ForgetOldest();
    }

    private void ForgetOldest() => Remove(_order.Dequeue());

    /// <summary>Unless it was forgotten before, and another has its place.</summary>
    private void Remove(Entry entry)
    {
        foreach (var key in Keys(entry.Image))
            if (ReferenceEquals(_known.GetValueOrDefault(key), entry))
                _known.Remove(key);
    }

    private static (string Camera, string Key)[] Keys(ReceivedImage image) => [ById(image.Camera, image.Id), ByContent(image)];

    // An id has at most 64 characters of a few kinds, so none can be taken for a hash behind its colon.
    private static (string Camera, string Key) ById(Camera camera, string imageId) => (camera.Id, imageId);

    private static (string Camera, string Key) ByContent(ReceivedImage image) => (image.Camera.Id, ":" + image.Sha256);

    /// <summary>An image that is remembered. Changed under the gate only.</summary>
    private sealed class Entry(ReceivedImage image)
    {
        public ReceivedImage Image => image;

        public string State { get; set; } = ImageStates.Queued;

        public long? EventId { get; set; }

        public KnownImage Told() => new(image, State, EventId);
    }
}
