using OpenTelemetry;

namespace Throughline.Pipeline.Backend.Images;

/// <summary>A camera as the configuration knows it. Immutable.</summary>
internal sealed record Camera(string Id, string Name, string Priority = Priorities.Normal)
{
    /// <summary>
    /// From here on, spans and calls of this flow of control carry the camera and its priority as baggage, and nothing that a sender
    /// may have put there. For the first lines of an async method: it ends with the method.
    /// </summary>
    public void EnterBaggage() => Baggage.Current = Baggage.Create(new() { ["camera.id"] = Id, ["priority"] = Priority });
}

/// <summary>How much a camera's images matter when some have to wait: the values of the baggage entry <c>priority</c>.</summary>
internal static class Priorities
{
    public const string High = "high", Normal = "normal", Low = "low";

    /// <summary>The place in the queue: lower is sooner; -1 for what is no priority.</summary>
    public static int Rank(string priority) => Array.IndexOf([High, Normal, Low], priority);
}
