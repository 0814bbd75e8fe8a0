using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Server.Configuration;
using Throughline.Server.Forward;
using Throughline.Server.Health;
using Throughline.Server.Process;
using Throughline.Server.Storage;

namespace Throughline.Server.Hosting;

/// <summary>
/// One running server: its ports, its stores, and what connects them. Several may run in one process. Owned by who started it, who also ends it by
/// <see cref="DisposeAsync"/>.
/// </summary>
public sealed class ServerHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly StoreGate _gate;
    private readonly ForwardGate _forwardGate;
    private readonly HealthWatch _health;
    private StoreSet? _stores;
    private Forwarder? _forwarder;
    private ProcessCountsFile? _counts;
    private bool _stopped;

    private ServerHost(WebApplication application, StoreGate gate, ForwardGate forwardGate, HealthWatch health, ServerAddresses addresses)
    {
        _application = application;
        _gate = gate;
        _forwardGate = forwardGate;
        _health = health;
        Addresses = addresses;
    }

    /// <summary>Where the server listens.</summary>
    public ServerAddresses Addresses { get; }

    /// <summary>
    /// Binds the ports, then opens the stores; meanwhile senders and readers are told to wait. Returns when recovery is done and spans are taken. Throws
    /// <see cref="StartupException"/> when the server cannot start; nothing is left running then. <paramref name="signals"/> are stored beside traces: all that there are, unless a test says otherwise.
    /// </summary>
    public static async Task<ServerHost> StartAsync(ServerOptions options, IFileSystem files, TimeProvider time, TextWriter log, CancellationToken cancellationToken, IReadOnlyList<SignalOpening>? signals = null)
    {
        var (gate, forwardGate) = (new StoreGate(), new ForwardGate());
        var lateAddresses = new LateAddresses();
        var process = OpenRules(options, files, time);
        var health = new HealthWatch(options.Receive, options.Store.Directory, files, time, static () => Environment.WorkingSet);
        var application = Build(new ServerParts(options, gate, forwardGate, process, health, lateAddresses, time), log);
        ServerHost? host = null;
        try
        {
            await BindAsync(application, options, cancellationToken);
            host = new ServerHost(application, gate, forwardGate, health, lateAddresses.Set(application.Services, options));
            // A long recovery must not keep the process from ending when it is asked to.
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, application.Lifetime.ApplicationStopping);
            await host.OpenStoresAsync(options, signals ?? SignalOpenings.All, process, files, time, log, ending.Token);
            return host;
        }
        catch
        {
            if (host is null)
            {
                health.Dispose();
                await application.DisposeAsync();
            }
            else await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns when the process was asked to end (SIGINT, SIGTERM) or the token was cancelled.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => _application.WaitForShutdownAsync(cancellationToken);

    /// <summary>Stops accepting, lets requests under way finish, closes the stores.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopped) return;
        _stopped = true;
        // Ended in the reverse order, each whatever the ones before it threw.
        await using var application = _application;
        await using var stores = _stores;
        // While the directory is still this server's.
        await using var counts = _counts;
        await using var forwarder = _forwarder;
        try
        {
            await _application.StopAsync(CancellationToken.None);
        }
        finally
        {
            _gate.Close();
            _health.Dispose();
            _forwardGate.Set(null);
        }
    }

    private async Task OpenStoresAsync(ServerOptions options, IReadOnlyList<SignalOpening> signals, ProcessSettings process, IFileSystem files, TimeProvider time, TextWriter log, CancellationToken cancellationToken)
    {
        try
        {
            // From the start: a head that recovery filled may become a block at once.
            _stores = await StoreSet.OpenAsync(options with { Store = options.Store with { TailSampler = process.NewTailSampler() } }, signals, files, time, cancellationToken);
        }
        catch (StoreOpenException error)
        {
            throw new StartupException(error.Message, error);
        }
        foreach (var note in _stores.Traces.OpeningNotes) await log.WriteLineAsync($"info: {note}");
        _counts = process.KeepCounts(options.Store.Directory, options.ProcessCountsInterval, warning => log.WriteLine($"warning: {warning}"));
        var traces = _stores.Traces;
        process.Changed += _ => traces.TailSampler = process.NewTailSampler();
        // The port is open while the store is recovered: the rules may have been changed before they were listened to.
        traces.TailSampler = process.NewTailSampler();
        try
        {
            _forwarder = Forwarder.Open(options.Forward, options.Store.Directory, files, time);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new StartupException($"forwarding cannot begin: {error.Message}", error);
        }
        _forwardGate.Set(_forwarder);
        _gate.Open(_stores.Traces, _stores.Signals);
    }

    private static ProcessSettings OpenRules(ServerOptions options, IFileSystem files, TimeProvider time)
    {
        try
        {
            return ProcessSettings.Open(files, options.Store.Directory, options.Redact, time);
        }
        catch (InvalidDataException error)
        {
            throw new StartupException(error.Message, error);
        }
    }

    private static WebApplication Build(ServerParts parts, TextWriter log)
    {
        var options = parts.Options;
        // An empty builder reads no settings files and no environment: the command line says everything.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "throughline" });
        builder.Logging.AddProvider(new TerseLoggerProvider(log));
        // A start that fails is told by one line of ours, and what a client did wrong is told to the client.
        builder.Logging.AddFilter("Microsoft", LogLevel.Error);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting", LogLevel.None);
        builder.Logging.AddFilter("Grpc", LogLevel.Error);
        // What a Grafana behind us does is told to the browser that asked.
        builder.Logging.AddFilter("Yarp", LogLevel.Critical);
        builder.Services.AddRoutingCore();
        if (options.GrafanaProxy is not null) builder.Services.AddHttpForwarder();
        builder.Services.AddGrpc(grpc => Pipeline.ConfigureGrpc(grpc, options.Receive));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(new ReceiveBlocks());
        builder.WebHost.UseKestrelCore();
        // Straight to the thread pool: a queue of the transport's own is one more change of threads for each read.
        builder.Services.Configure<SocketTransportOptions>(static sockets => sockets.IOQueueCount = 0);
        builder.WebHost.ConfigureKestrel(kestrel => ConfigureKestrel(kestrel, options));

        var application = builder.Build();
        Pipeline.Assemble(application, parts);
        return application;
    }

    private static void ConfigureKestrel(KestrelServerOptions kestrel, ServerOptions options)
    {
        var limits = options.Receive;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = limits.MaxConnections;
        kestrel.Limits.RequestHeadersTimeout = limits.HeaderTimeout;
        kestrel.Limits.MaxRequestHeadersTotalSize = limits.MaxHeaderBytes;
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = limits.MaxHeaderBytes;
        kestrel.Limits.Http2.MaxStreamsPerConnection = limits.MaxStreamsPerConnection;
        // Whole export requests of a few MB should not wait for window updates.
        kestrel.Limits.Http2.InitialStreamWindowSize = 2 << 20;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 8 << 20;
        // The receivers have limits of their own, with answers in their own form.
        kestrel.Limits.MaxRequestBodySize = null;
        foreach (var (_, address, role) in options.Ports) Listen(kestrel, address, role, role == ListenerRole.OtlpGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1);
    }

    private static void Listen(KestrelServerOptions kestrel, ListenAddress address, ListenerRole role, HttpProtocols protocols)
    {
        var feature = new ListenerFeature(role);
        kestrel.Listen(address.Address, address.Port, listener =>
        {
            listener.Protocols = protocols;
            listener.Use(next => connection =>
            {
                connection.Features.Set(feature);
                return next(connection);
            });
        });
    }

    private static async Task BindAsync(WebApplication application, ServerOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (Exception error) when (error is IOException or SocketException or UnauthorizedAccessException)
        {
            throw new StartupException(BindFailure(error, options), error);
        }
    }

    private static string BindFailure(Exception error, ServerOptions options)
    {
        ServerPort[] ports = [.. options.Ports];
        var port = ports.FirstOrDefault(p => error.Message.Contains(p.Address.ToString(), StringComparison.Ordinal));
        var reason = error is AddressInUseException || error.InnerException is AddressInUseException
            ? "the port is in use; stop the program that has it"
            : (error.InnerException ?? error).Message.TrimEnd('.');
        return port is null
            ? $"cannot listen on one of {string.Join(", ", ports.Select(static p => $"{p.Option} {p.Address}"))}: {reason}; choose another address"
            : $"cannot listen on {port.Address}: {reason}, or choose another address with {port.Option} (port 0 picks a free one)";
    }
}
