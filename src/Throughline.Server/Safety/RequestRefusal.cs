namespace Throughline.Server.Safety;

/// <summary>Why a request was turned away before it reached its handler: an HTTP status and a sentence for its sender. Immutable.</summary>
public sealed record RequestRefusal(int Status, string Message);
