namespace Throughline.Server.Api.Jaeger;

/// <summary>What is wrong with a request, as Jaeger says it: a status of HTTP and a message. Immutable.</summary>
internal sealed record JaegerError(int Status, string Message)
{
    /// <summary>A parameter that cannot be understood.</summary>
    internal static JaegerError Bad(string message) => new(StatusCodes.Status400BadRequest, message);
}

/// <summary>A request that cannot be answered; caught where the request came in.</summary>
internal sealed class JaegerRequestException(JaegerError error) : Exception(error.Message)
{
    /// <summary>What is answered.</summary>
    internal JaegerError Error => error;
}
