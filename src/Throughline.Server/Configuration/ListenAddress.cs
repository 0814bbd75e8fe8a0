using System.Globalization;
using System.Net;

namespace Throughline.Server.Configuration;

/// <summary>Where one port listens: an address of this machine and a port, 0 for a free one. Immutable.</summary>
public sealed record ListenAddress(IPAddress Address, int Port)
{
    /// <summary>True when only programs of this machine can reach it.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>As a URL.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"http://{(Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{Address}]" : Address)}:{Port}");

    /// <summary>Reads <c>http://ADDRESS:PORT</c>. False when it is something else; <paramref name="problem"/> then says what would be right.</summary>
    public static bool TryParse(string url, out ListenAddress address, out string problem)
    {
        address = new ListenAddress(IPAddress.Loopback, 0);
        problem = "";
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            problem = $"'{url}' is not a URL such as http://127.0.0.1:{16686}";
        else if (uri.Scheme == "https")
            problem = $"'{url}' asks for TLS, which this server does not speak; put a reverse proxy in front and use http here";
        else if (uri.AbsolutePath != "/" || uri.Query.Length > 0 || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0)
            problem = $"'{url}' has more than an address and a port";
        else if (uri.Host == "localhost")
            address = new ListenAddress(IPAddress.Loopback, uri.Port);
        else if (IPAddress.TryParse(uri.DnsSafeHost, out var ip))
            address = new ListenAddress(ip, uri.Port);
        else
            problem = $"'{url}' names a host; a server listens on an address of its machine, such as 127.0.0.1 or 0.0.0.0";
        return problem.Length == 0;
    }
}
