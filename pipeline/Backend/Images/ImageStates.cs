namespace Throughline.Pipeline.Backend.Images;

/// <summary>How far an image has come that was taken on: the values of <c>state</c> in the answer to an upload, and of <c>image.duplicate_state</c>.</summary>
internal static class ImageStates
{
    /// <summary>It waits for the detector; nobody has looked at it yet.</summary>
    public const string Queued = "queued";

    /// <summary>The detector is being asked. That may fail, and then the image is one that was never seen.</summary>
    public const string Detecting = "detecting";

    /// <summary>It was looked at, and there was nothing on it. No event comes of it.</summary>
    public const string NothingFound = "nothing_found";

    /// <summary>Something was found, and it waits with others for its batch to close.</summary>
    public const string InBatch = "in_batch";

    /// <summary>Its batch is being judged.</summary>
    public const string Analysing = "analysing";

    /// <summary>It is in a saved event, which says itself whether it was judged or is a fallback.</summary>
    public const string EventSaved = "event_saved";

    /// <summary>The event of its batch could not be saved.</summary>
    public const string EventNotSaved = "event_not_saved";
}

/// <summary>An image that is remembered, without its pixels, and how far it has come; the event's id once there is one. Immutable.</summary>
internal sealed record KnownImage(ReceivedImage Image, string State, long? EventId);
