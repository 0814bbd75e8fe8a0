using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Throughline.Server.Configuration;

namespace Throughline.Server.Hosting;

/// <summary>The real addresses, which are known only once the ports are bound, for handlers that were made before. Set once by the host; thread safe.</summary>
internal sealed class LateAddresses
{
    private volatile ServerAddresses? _addresses;

    /// <summary>The addresses. No request comes before the ports are bound, so there is no request without them for longer than a moment.</summary>
    internal ServerAddresses? Current => _addresses;

    internal ServerAddresses Set(IServiceProvider services, ServerOptions options)
    {
        var bound = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.ToArray()
            ?? throw new InvalidOperationException("The server has no addresses after it was started.");
        // Kestrel lists its endpoints in the order in which they were asked for.
        var real = options.Ports.Select((port, i) => (port.Role, Address: Real(port.Address, bound[i]))).ToDictionary(static p => p.Role, static p => p.Address);
        var addresses = new ServerAddresses(real[ListenerRole.Http], real[ListenerRole.OtlpGrpc], real[ListenerRole.OtlpHttp])
        {
            Pyroscope = real.GetValueOrDefault(ListenerRole.Profiles),
            RemoteSampling = real.GetValueOrDefault(ListenerRole.Sampling),
        };
        _addresses = addresses;
        return addresses;
    }

    private static ListenAddress Real(ListenAddress asked, string bound) =>
        asked with { Port = int.Parse(bound.AsSpan(bound.LastIndexOf(':') + 1), NumberStyles.None, CultureInfo.InvariantCulture) };
}
