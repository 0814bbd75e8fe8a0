using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Http.Features;
using Throughline.Server.Api.Jaeger;
using Throughline.Server.Api.Native;
using Throughline.Server.Api.Prometheus;
using Throughline.Server.Configuration;
using Throughline.Server.Events;
using Throughline.Server.Grafana;
using Throughline.Server.Page;
using Throughline.Server.Problems;
using Throughline.Server.Receive;
using Throughline.Server.Safety;
using Throughline.Server.Sampling;
using Throughline.Server.SelfTelemetry;
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

    internal static void Assemble(WebApplication application, ServerParts parts)
    {
        var (options, counters) = (parts.Options, parts.Counters);
        var log = application.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Throughline");
        application.Use(next => context => LastResort.InvokeAsync(context, next, log));

        var hosts = new HostRule(options.AllowedHosts, options.Ports.Select(static port => port.Address.Address));
        var otlpOrigins = new OriginRule(options.OtlpCorsOrigins);
        var token = new TokenRule(options.Token);
        var policy = ContentSecurityPolicy.For(options.GrafanaUrl, options.GrafanaProxy is not null);
        application.Use(next => new SafetyMiddleware(next, hosts, otlpOrigins, token, policy, (context, role, refusal) =>
        {
            if (role is not (ListenerRole.Http or ListenerRole.Sampling) || PageOtlp.Takes(context.Request.Path)) counters.CountRefused(ReceiveAdmission.SignalOf(context.Request.Path), RefusalReason.Forbidden, refusal.Message);
            return LastResort.WriteAsync(context, role, refusal);
        }, options.GrafanaProxy is null ? null : GrafanaProxy.Takes).InvokeAsync);

        AssembleReceivers(application, parts);
        AssembleHttp(application, parts);
    }

    private static void AssembleReceivers(WebApplication application, ServerParts parts)
    {
        var (gate, process, counters, limits) = (parts.Gate, parts.Process, parts.Counters, parts.Options.Receive);
        // One line for each signal that is stored.
        ISignalIntake[] intakes =
        [
            new SpanIntake(gate, limits.MaxNesting, process, parts.Forward, parts.Red),
            new LogIntake(gate, limits.MaxNesting, process, parts.Forward),
            new MetricIntake(gate, limits.MaxNesting, process, parts.Forward),
        ];
        IngestService[] signals = [.. intakes.Select(intake => new IngestService(intake, counters, parts.Health, limits.MaxNesting))];
        var admission = new ReceiveAdmission(parts.Health, counters);
        application.Use(next => context => admission.InvokeAsync(context, next, RoleOf(context)));
        var budget = new ReceiveBudget(limits);
        var bodies = new BodyReader(limits);
        var httpBodies = new HttpBodies(budget, bodies, limits, counters, parts.Time);
        var http = new OtlpHttpReceiver(signals, httpBodies, counters);
        var profiles = new ProfileReceiver(new ProfileIngest(gate, counters, parts.Health, parts.Options.Redact, limits.Profiles), httpBodies, limits, counters);
        var guard = new GrpcGuard(budget, limits, counters, parts.Time);
        var grpc = new OtlpGrpcReceiver(signals, bodies, guard, limits, counters);

        application.MapWhen(static context => RoleOf(context) == ListenerRole.OtlpHttp, branch =>
            branch.Run(context => ProfileReceiver.Takes(context.Request.Path) ? profiles.HandleAsync(context) : http.HandleAsync(context)));
        application.MapWhen(static context => RoleOf(context) == ListenerRole.Profiles, branch => branch.Run(context => ProfileReceiver.Takes(context.Request.Path)
            ? profiles.HandleAsync(context)
            : new Problem(404, $"There is nothing at {context.Request.Path}; this port takes profiles, at {string.Join(", ", ProfileReceiver.Paths)}.").WriteAsync(context)));
        var sampling = new RemoteSampling(parts.Process);
        application.MapWhen(static context => RoleOf(context) == ListenerRole.Sampling, branch => branch.Run(sampling.HandleAsync));
        if (parts.Options.PageTraceRate > 0)
        {
            var page = new OtlpHttpReceiver([.. signals.Where(static s => s.Signal == OtlpSignal.Traces)], httpBodies, counters, PageOtlp.Mount);
            application.MapWhen(static context => RoleOf(context) == ListenerRole.Http && PageOtlp.Takes(context.Request.Path), branch => branch.Run(page.HandleAsync));
        }
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

    private static void AssembleHttp(WebApplication application, ServerParts parts)
    {
        var (options, addresses) = (parts.Options, parts.Addresses);
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
        var requests = new RequestCounters(parts.Time);
        application.Use(next => context => requests.InvokeAsync(context, next));
        new MetricsEndpoint(parts.Gate, parts.Counters, parts.Red, requests, parts.Forward, parts.Health).Map(application);
        new HealthEndpoints(parts.Gate, parts.Health, parts.Forward).Map(application);
        var config = new ConfigEndpoint(GrafanaLink.For(options.GrafanaUrl, options.GrafanaProxy, GrafanaProxy.Mount), options.JaegerUrl,
            options.EventsUrl is null ? null : EventsGateway.Mount, options.PageTraceRate > 0 ? new PageTracing(PageOtlp.Path, options.PageTraceRate) : null, options.Lanes,
            () => addresses.Current is { } known ? (known.OtlpHttp.ToString(), known.OtlpGrpc.ToString()) : (options.OtlpHttp.ToString(), options.OtlpGrpc.ToString()));
        NativeApi.Map(application, parts.Gate, config, new StatusParts(parts.Counters, options.Receive, parts.Forward, parts.Health, parts.Gate), options.Settings, parts.Process);
        JaegerApi.Map(application, parts.Gate, parts.Time, options.Receive.MaxBodyBytes);
        var sampling = new RemoteSampling(parts.Process);
        foreach (var path in RemoteSampling.Paths) application.Map(path, sampling.AnswerAsync);
        application.Map("/v1/{**path}", context => OtlpHttpReceiver.WriteRefusalAsync(context, 404,
            $"OTLP is received at {addresses.Current?.OtlpHttp ?? options.OtlpHttp}, not on this port."));
        application.Map($"{PageOtlp.Mount}/{{**path}}", PageOtlp.RefuseAsync);
        foreach (var path in ProfileReceiver.Paths)
            application.Map(path, context => new Problem(404, $"Profiles are received at {addresses.Current?.OtlpHttp ?? options.OtlpHttp}{path}, not on this port.").WriteAsync(context));
        application.Map("/tempo/{**path}", static context => new Problem(404, "Tempo's API is not served by this version.").WriteAsync(context));
        application.Map($"{EventsGateway.Mount}/{{**path}}", EventsGateway.RefuseAsync);
        application.Map("/grafana/{**path}", static context => new Problem(404, "No Grafana is passed on by this server; --grafana-proxy URL does that, and --grafana-url URL makes the page embed one at its own address.").WriteAsync(context));
        application.MapPage();
    }

    private static ListenerRole RoleOf(HttpContext context) => context.Features.GetRequiredFeature<ListenerFeature>().Role;
}
