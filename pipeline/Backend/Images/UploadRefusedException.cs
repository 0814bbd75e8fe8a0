namespace Throughline.Pipeline.Backend.Images;

/// <summary>
/// An upload that is not taken. <see cref="ErrorType"/> is its <c>error.type</c> on the spans and <c>errorType</c> in the answer; the
/// message says what to do.
/// </summary>
internal sealed class UploadRefusedException(int status, string errorType, string title, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>The HTTP status of the answer.</summary>
    public int Status => status;

    public string ErrorType => errorType;

    public string Title => title;

    /// <summary>A request that is not as agreed: 400.</summary>
    public static UploadRefusedException Invalid(string message) =>
        new(StatusCodes.Status400BadRequest, "validation_error", "Invalid image", message);

    /// <summary>There is no room for it now: 503, and it may come again.</summary>
    public static UploadRefusedException Overloaded(string message) =>
        new(StatusCodes.Status503ServiceUnavailable, "overloaded", "Overloaded", message);
}
