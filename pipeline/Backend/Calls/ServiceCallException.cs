namespace Throughline.Pipeline.Backend.Calls;

/// <summary>A call of another service that failed for good. <see cref="ErrorType"/> is its <c>error.type</c>: what a search would look for.</summary>
internal sealed class ServiceCallException(string errorType, string message, bool worthAnotherTry, Exception? inner = null) : Exception(message, inner)
{
    public string ErrorType => errorType;

    /// <summary>How long the service asks to be left alone before the next try; null where it says nothing.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the same call might succeed a moment later.</summary>
    public bool WorthAnotherTry => worthAnotherTry;
}
