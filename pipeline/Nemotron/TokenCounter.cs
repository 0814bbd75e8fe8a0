using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace Throughline.Pipeline.Nemotron;

/// <summary>
/// Counts the tokens of a call whose endpoint does not tell them, with a tokenizer that may not be the model's own: what is counted
/// here is marked as counted. Thread-safe; the tokenizer is loaded when first needed.
/// </summary>
internal sealed class TokenCounter
{
    /// <summary>OpenAI's encoding that is used.</summary>
    public const string Encoding = "o200k_base";

    private readonly Lazy<Tokenizer> _tokenizer = new(() => TiktokenTokenizer.CreateForEncoding(Encoding));

    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>The tokens of the texts alone; what a model's chat template puts around them is not known here.</summary>
    public UsageDetails Count(IEnumerable<ChatMessage> prompt, string answer)
    {
        long input = prompt.Sum(message => Tokenizer.CountTokens(message.Text)), output = Tokenizer.CountTokens(answer);
        return new() { InputTokenCount = input, OutputTokenCount = output, TotalTokenCount = input + output };
    }
}
