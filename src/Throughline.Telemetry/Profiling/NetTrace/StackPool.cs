using System.Diagnostics.CodeAnalysis;

namespace Throughline.Telemetry.Profiling.NetTrace;

/// <summary>Every stack once: the runtime sends one anew a few times a second, and whoever counts stacks can go by the array. Used by one thread.</summary>
internal sealed class StackPool
{
    /// <summary>Stacks that are kept; beyond it they are forgotten, and equal ones are other arrays from then on.</summary>
    private const int MostStacks = 200_000;

    private readonly HashSet<ulong[]> _stacks;
    private readonly HashSet<ulong[]>.AlternateLookup<ReadOnlySpan<ulong>> _lookup;

    public StackPool()
    {
        _stacks = new(new SameAddresses());
        _lookup = _stacks.GetAlternateLookup<ReadOnlySpan<ulong>>();
    }

    /// <summary>The array with these addresses.</summary>
    public ulong[] Get(ReadOnlySpan<ulong> addresses)
    {
        if (addresses.IsEmpty) return [];
        if (_lookup.TryGetValue(addresses, out var known)) return known;
        if (_stacks.Count >= MostStacks) _stacks.Clear();
        var stack = addresses.ToArray();
        _stacks.Add(stack);
        return stack;
    }

    /// <summary>Compares and hashes by the addresses.</summary>
    internal sealed class SameAddresses : IEqualityComparer<ulong[]>, IAlternateEqualityComparer<ReadOnlySpan<ulong>, ulong[]>
    {
        public bool Equals(ulong[]? left, ulong[]? right) => left.AsSpan().SequenceEqual(right);

        public bool Equals(ReadOnlySpan<ulong> alternate, ulong[] other) => alternate.SequenceEqual(other);

        public int GetHashCode([DisallowNull] ulong[] stack) => GetHashCode(stack.AsSpan());

        /// <summary>A multiplication each address: what differs is mostly in their low halves.</summary>
        public int GetHashCode(ReadOnlySpan<ulong> addresses)
        {
            var hash = (ulong)addresses.Length;
            foreach (var address in addresses) hash = (hash ^ address) * 0x9E3779B97F4A7C15 ^ hash >> 29;
            return (int)(hash >> 32);
        }

        public ulong[] Create(ReadOnlySpan<ulong> alternate) => alternate.ToArray();
    }
}
