namespace Throughline.Pipeline.Yolo26.Detection;

/// <summary>The model ran, but what it put out can't be boxes: numbers that are none, or another shape than its file promised. Nothing is made of it.</summary>
internal sealed class ModelOutputException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Its <c>error.type</c>.</summary>
    public const string ErrorType = "invalid_model_output";
}
