using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Http.Features;
using Throughline.Server.Api.Native;
using Throughline.Server.Configuration;
using Throughline.Server.Events;
using Throughline.Server.Grafana;
using Throughline.Server.Page;
using Throughline.Server.Problems;
using Throughline.Server.Receive;
using Throughline.Server.Safety;
using Throughline.Server.SelfTelemetry;
using Throughline.Server.Storage;
using Yarp.ReverseProxy.Forwarder;

namespace Throughline.Server.Hosting;

/// <summary>The way of a request through the server: guard, then the port's own handlers. Used once per server, at its start.</summary>
internal static class Pipeline
{
    internal static void ConfigureGrpc(GrpcServiceOptions grpc, ReceiveLimits limits)
    {
        grpc.MaxReceiveMessageSize = limits.MaxBodyBytes;
        grpc.CompressionProviders = [new DeferredGzip()];
        grpc.EnableDetailedErrors = false;
    }

    internal static void Assemble(WebApplication application, ServerOptions options, StoreGate gate, LateAddresses addresses, TimeProvider time)
    {
        var log = application.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Throughline");
        application.Use(next => context => LastResort.InvokeAsync(context, next, log));

        var counters = new IngestCounters(time);
        var hosts = new HostRule(options.AllowedHosts, [options.Http.Address, options.OtlpGrpc.Address, options.OtlpHttp.Address]);
        var otlpOrigins = new OriginRule(options.OtlpCorsOrigins);
        var token = new TokenRule(options.Token);
        var policy = ContentSecurityPolicy.For(options.GrafanaUrl, options.GrafanaProxy is not null);
        application.Use(next => new SafetyMiddleware(next, hosts, otlpOrigins, token, policy, (context, role, refusal) =>
        {
            if (role != ListenerRole.Http) counters.CountRefused(RefusalReason.Forbidden, refusal.Message);
            return LastResort.WriteAsync(context, role, refusal);
        }, options.GrafanaProxy is null ? null : GrafanaProxy.Takes).InvokeAsync);

        AssembleReceivers(application, options, gate, counters, time);
        AssembleHttp(application, options, gate, counters, addresses, time);
    }

    private static void AssembleReceivers(WebApplication application, ServerOptions options, StoreGate gate, IngestCounters counters, TimeProvider time)
    {
        var limits = options.Receive;
        var ingest = new IngestService(gate, counters, options.Redact, options.Receive.MaxNesting);
        var budget = new ReceiveBudget(limits);
        var bodies = new BodyReader(limits);
        var http = new OtlpHttpReceiver(ingest, budget, bodies, limits, counters, time);
        var guard = new GrpcGuard(budget, limits, counters, time);
        var grpc = new OtlpGrpcReceiver(ingest, bodies, guard, limits, counters);

        application.MapWhen(static context => RoleOf(context) == ListenerRole.OtlpHttp, branch => branch.Run(http.HandleAsync));
        application.MapWhen(static context => RoleOf(context) == ListenerRole.OtlpGrpc, branch =>
        {
            branch.Use(next => context => guard.InvokeAsync(context, next));
            branch.UseRouting();
            branch.UseEndpoints(endpoints =>
            {
                foreach (var service in grpc.Services) endpoints.MapGrpcService(service);
            });
        });
    }

    private static void AssembleHttp(WebApplication application, ServerOptions options, StoreGate gate, IngestCounters counters, LateAddresses addresses, TimeProvider time)
    {
        if (options.GrafanaProxy is { } upstream)
        {
            var proxy = new GrafanaProxy(upstream, options.GrafanaTimeout, application.Services.GetRequiredService<IHttpForwarder>());
            application.Lifetime.ApplicationStopped.Register(proxy.Dispose);
            application.MapWhen(static context => GrafanaProxy.Takes(context.Request.Path), branch => branch.Run(proxy.HandleAsync));
        }
        if (options.EventsUrl is { } events)
        {
            var gateway = new EventsGateway(events, options.EventsTimeout);
            application.Lifetime.ApplicationStopped.Register(gateway.Dispose);
            application.MapWhen(static context => EventsGateway.Takes(context.Request.Path), branch => branch.Run(gateway.HandleAsync));
        }
        application.UseRouting();
        HealthEndpoints.Map(application, gate);
        var config = new ConfigEndpoint(GrafanaLink.For(options.GrafanaUrl, options.GrafanaProxy, GrafanaProxy.Mount), options.JaegerUrl,
            options.EventsUrl is null ? null : EventsGateway.Mount,
            () => addresses.Current is { } known ? (known.OtlpHttp.ToString(), known.OtlpGrpc.ToString()) : (options.OtlpHttp.ToString(), options.OtlpGrpc.ToString()));
        NativeApi.Map(application, gate, config, counters, options.Settings);
        application.Map("/v1/{**path}", context => OtlpHttpReceiver.WriteRefusalAsync(context, 404,
            $"OTLP is received at {addresses.Current?.OtlpHttp ?? options.OtlpHttp}, not on this port."));
        application.Map("/tempo/{**path}", static context => new Problem(404, "Tempo's API is not served by this version.").WriteAsync(context));
        application.Map($"{EventsGateway.Mount}/{{**path}}", EventsGateway.RefuseAsync);
        application.Map("/grafana/{**path}", static context => new Problem(404, "No Grafana is passed on by this server; --grafana-proxy URL does that, and --grafana-url URL makes the page embed one at its own address.").WriteAsync(context));
        application.MapPage();
    }

    private static ListenerRole RoleOf(HttpContext context) => context.Features.GetRequiredFeature<ListenerFeature>().Role;
}
