using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Throughline.Server.Process;

/// <summary>
/// The operator's redaction rules, ready to be used. They act in their order: a rule without a pattern ends a value, patterns each replace what they find. Immutable; thread safe.
/// </summary>
internal sealed class RedactionRules
{
    private readonly Rule[] _rules;
    private readonly byte[] _hashKey;

    internal RedactionRules(IReadOnlyList<RedactionRule> rules, byte[] hashKey)
    {
        _rules = [.. rules.Select(rule => new Rule(rule, Replacement(rule.Action)))];
        _hashKey = hashKey;
    }

    internal bool IsEmpty => _rules.Length == 0;

    internal int Count => _rules.Length;

    internal string NameOf(int rule) => _rules[rule].Source.Name;

    /// <summary>The rules that look at the values of a key; an empty key stands for texts that are no attribute's value.</summary>
    internal int[] For(ReadOnlySpan<byte> key)
    {
        // Everything is found by it: a pattern that fits a service's name must not take it away.
        if (key.SequenceEqual("service.name"u8)) return [];
        var found = new List<int>();
        for (var i = 0; i < _rules.Length; i++)
        {
            if (_rules[i].Fits(key)) found.Add(i);
        }
        return [.. found];
    }

    /// <summary>What rules make of a text: appends it to <paramref name="output"/> when it is changed. <paramref name="hits"/> gets the rules that acted.</summary>
    internal RedactionOutcome Apply(int[] rules, ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output, List<int> hits)
    {
        byte[]? changed = null;
        foreach (var i in rules)
        {
            var rule = _rules[i];
            var current = changed is null ? text : changed;
            if (rule.Pattern is null)
            {
                hits.Add(i);
                if (rule.Source.Action == RedactionAction.Remove) return RedactionOutcome.Removed;
                output.Write(rule.Replace(current));
                return RedactionOutcome.Changed;
            }
            var part = new ArrayBufferWriter<byte>();
            if (!rule.Pattern.TryReplace(current, part, rule.Replace)) continue;
            hits.Add(i);
            if (rule.Source.Action == RedactionAction.Remove) return RedactionOutcome.Removed;
            changed = part.WrittenSpan.ToArray();
        }
        if (changed is null) return RedactionOutcome.Same;
        output.Write(changed);
        return RedactionOutcome.Changed;
    }

    /// <summary>Of some rules those without a pattern.</summary>
    internal int[] OfWhole(int[] rules) => Array.FindAll(rules, rule => _rules[rule].Pattern is null);

    private Func<ReadOnlySpan<byte>, byte[]> Replacement(RedactionAction action) => action == RedactionAction.Hash ? Hash : static _ => Redactor.Replacement.ToArray();

    /// <summary>Keyed, so that nobody can find a value by hashing guesses; the key is the store's own.</summary>
    private byte[] Hash(ReadOnlySpan<byte> text) => Encoding.ASCII.GetBytes($"[hash:{Convert.ToHexStringLower(HMACSHA256.HashData(_hashKey, text).AsSpan(0, 8))}]");

    private sealed class Rule(RedactionRule source, Func<ReadOnlySpan<byte>, byte[]> replace)
    {
        private readonly byte[]? _key = source.Key is null ? null : Encoding.UTF8.GetBytes(source.Key.ToLowerInvariant());

        internal RedactionRule Source => source;

        internal TextPattern? Pattern { get; } = source.Pattern is null ? null : new TextPattern(source.Pattern);

        internal Func<ReadOnlySpan<byte>, byte[]> Replace => replace;

        internal bool Fits(ReadOnlySpan<byte> key) => _key is null || (!key.IsEmpty && Glob(_key, key));

        /// <summary>Whether the key is what the rule's is, with * for any characters; ASCII in any case. Goes back to the last star only, so that its time is bounded.</summary>
        private static bool Glob(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> key)
        {
            var (p, k, star, mark) = (0, 0, -1, 0);
            while (k < key.Length)
            {
                if (p < pattern.Length && pattern[p] == (byte)'*') (star, mark, p) = (p, k, p + 1);
                else if (p < pattern.Length && pattern[p] == Lower(key[k])) (p, k) = (p + 1, k + 1);
                else if (star >= 0) (p, k, mark) = (star + 1, mark + 1, mark + 1);
                else return false;
            }
            while (p < pattern.Length && pattern[p] == (byte)'*') p++;
            return p == pattern.Length;
        }

        private static byte Lower(byte c) => c is >= (byte)'A' and <= (byte)'Z' ? (byte)(c | 0x20) : c;
    }
}

/// <summary>What redaction did to a value.</summary>
internal enum RedactionOutcome
{
    /// <summary>Nothing.</summary>
    Same,
    /// <summary>Another text stands in its place.</summary>
    Changed,
    /// <summary>It goes, with its key.</summary>
    Removed,
}
