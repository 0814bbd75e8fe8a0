namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>The language model's answer came, but not whole. Nothing is read from the part that did.</summary>
internal sealed class LlmAnswerException(string errorType, string message) : Exception(message)
{
    /// <summary>What a search would look for: <c>answer_cut</c>, <c>incomplete_answer</c> or <c>answer_refused</c>.</summary>
    public string ErrorType => errorType;
}
