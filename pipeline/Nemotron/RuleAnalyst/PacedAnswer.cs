using System.Runtime.CompilerServices;
using Microsoft.ML.Tokenizers;

namespace Throughline.Pipeline.Nemotron.RuleAnalyst;

/// <summary>An answer cut into tokens of OpenAI's o200k_base encoding, given out at a steady pace. Immutable.</summary>
internal sealed class PacedAnswer
{
    private readonly double _tokensPerSecond;
    private readonly TimeProvider _time;

    public PacedAnswer(Tokenizer tokenizer, string text, int? maximumTokens, double tokensPerSecond, TimeProvider time)
    {
        (_tokensPerSecond, _time) = (tokensPerSecond, time);
        var tokens = tokenizer.EncodeToTokens(text, out var normalized);
        var source = normalized ?? text;
        var pieces = tokens.Select(token => source[token.Offset]).ToArray();
        Cut = maximumTokens < pieces.Length;
        Pieces = Cut ? pieces[..maximumTokens!.Value] : pieces;
    }

    /// <summary>The text of each token; put together they are the answer.</summary>
    public IReadOnlyList<string> Pieces { get; }

    /// <summary>Whether the caller's limit ended the answer early.</summary>
    public bool Cut { get; }

    /// <summary>Why it ended, in the API's words.</summary>
    public string FinishReason => Cut ? "length" : "stop";

    /// <summary>Gives out the pieces, each when its time has come; a late one is not waited for twice.</summary>
    public async IAsyncEnumerable<string> StreamAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var begun = _time.GetTimestamp();
        for (var i = 0; i < Pieces.Count; i++)
        {
            var due = TimeSpan.FromSeconds((i + 1) / _tokensPerSecond);
            // The runtime's timers go by a coarser clock and by whole milliseconds: they may come a little early.
            while (due - _time.GetElapsedTime(begun) is { Ticks: > 0 } left)
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), _time, cancellation);
            yield return Pieces[i];
        }
    }
}
