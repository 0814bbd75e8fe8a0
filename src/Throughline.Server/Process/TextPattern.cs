using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Throughline.Server.Process;

/// <summary>
/// A regular expression over UTF-8 texts that takes time in proportion to the text whatever the expression is: it never backtracks, and one that would need a huge automaton is refused.
/// Immutable; thread safe.
/// </summary>
internal sealed class TextPattern
{
    private const int MaxLength = 500;

    /// <summary>Nodes of an automaton: what a pattern of 500 characters without large repetitions has, many times over.</summary>
    private const int MaxNodes = 5_000;

    /// <summary>A text that takes longer counts as found, whole: what cannot be judged is not stored.</summary>
    private static readonly TimeSpan MatchTime = TimeSpan.FromMilliseconds(250);

    private readonly Regex _regex;

    // The runtime's own guard against automata that are too large; off unless it is set.
    static TextPattern() => AppContext.SetData("REGEX_NONBACKTRACKING_MAX_AUTOMATA_SIZE", MaxNodes);

    internal TextPattern(string pattern) => _regex = Compile(pattern);

    /// <summary>What is wrong with a pattern; null when it can be used.</summary>
    internal static string? Problem(string pattern)
    {
        if (pattern.Length > MaxLength) return $"A pattern has at most {MaxLength} characters; this one has {pattern.Length}.";
        try
        {
            return Compile(pattern).IsMatch("") ? "This pattern also fits the empty text, and so fits between all characters: ask for at least one character, with + in place of *." : null;
        }
        catch (RegexParseException e)
        {
            return $"This is not a regular expression: at character {e.Offset}: {e.Message}";
        }
        catch (NotSupportedException)
        {
            return "This pattern would take too long: look-ahead, look-behind, back-references, atomic groups and large repetitions such as {1000} are not taken. Write it without them.";
        }
        catch (RegexMatchTimeoutException)
        {
            return "This pattern takes too long. Write it shorter, or with smaller repetitions.";
        }
    }

    private static Regex Compile(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchTime);

    /// <summary>
    /// Writes the text with every part that fits replaced by what <paramref name="replacement"/> makes of it; false, and nothing written, when none fits. A text that takes too long is replaced whole.
    /// </summary>
    internal bool TryReplace(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output, Func<ReadOnlySpan<byte>, byte[]> replacement)
    {
        var characters = ArrayPool<char>.Shared.Rent(text.Length + 1);
        var count = Encoding.UTF8.GetChars(text, characters);
        try
        {
            var source = characters.AsSpan(0, count);
            // Asked for first: most texts have nothing to be replaced.
            if (!_regex.IsMatch(source)) return false;
            var parts = new List<(int Index, int Length)>();
            foreach (var match in _regex.EnumerateMatches(source)) parts.Add((match.Index, match.Length));
            var done = 0;
            foreach (var (index, length) in parts)
            {
                Encoding.UTF8.GetBytes(source[done..index], output);
                output.Write(replacement(Encoding.UTF8.GetBytes(characters, index, length)));
                done = index + length;
            }
            Encoding.UTF8.GetBytes(source[done..], output);
            return true;
        }
        catch (RegexMatchTimeoutException)
        {
            output.Write(replacement(text));
            return true;
        }
        finally
        {
            characters.AsSpan(0, count).Clear();
            ArrayPool<char>.Shared.Return(characters);
        }
    }
}
