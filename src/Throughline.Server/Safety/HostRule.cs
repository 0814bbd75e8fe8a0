using System.Net;

namespace Throughline.Server.Safety;

/// <summary>
/// Which Host headers are answered: names and addresses of this machine, and the names that the operator listed. A web page that a browser was
/// led to under a foreign name (DNS rebinding) is turned away by it. Immutable.
/// </summary>
public sealed class HostRule
{
    private readonly HashSet<string> _listed;

    /// <summary>Makes the rule; <paramref name="bound"/> are the addresses that the server listens on, which an address in a Host header may name.</summary>
    public HostRule(IEnumerable<string> listed, IEnumerable<IPAddress> bound)
    {
        _listed = new HashSet<string>(listed.Select(static h => h.Trim('[', ']')), StringComparer.OrdinalIgnoreCase);
        foreach (var address in bound)
        {
            if (!IPAddress.Any.Equals(address) && !IPAddress.IPv6Any.Equals(address)) _listed.Add(address.ToString());
        }
    }

    /// <summary>Whether a request for this host is answered.</summary>
    public bool Allows(HostString host)
    {
        if (!host.HasValue) return false;
        var name = host.Host.AsSpan().Trim("[]");
        if (name.Equals("localhost", StringComparison.OrdinalIgnoreCase)) return true;
        return (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address)) || _listed.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name);
    }
}
