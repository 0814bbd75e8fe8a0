namespace Throughline.Engine.Model.Wire;

/// <summary>Unwinds a reader from wherever it found what is not a request. Caught in the Decode namespace, which answers with a value.</summary>
internal sealed class MalformedInputException(int offset, string reason) : Exception(reason)
{
    /// <summary>Offset in the whole input.</summary>
    public int Offset { get; } = offset;
}
