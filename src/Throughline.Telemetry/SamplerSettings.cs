using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;

namespace Throughline.Telemetry;

/// <summary><c>OTEL_TRACES_SAMPLER</c> and its argument, by the OpenTelemetry specification, "General SDK Configuration".</summary>
internal static class SamplerSettings
{
    private const string Key = "OTEL_TRACES_SAMPLER";
    private const string ArgumentKey = Key + "_ARG";

    private const string Remote = "jaeger_remote", ParentBasedRemote = "parentbased_jaeger_remote";

    /// <summary>Has the tracer provider sample as the configuration says.</summary>
    public static void Add(TracerProviderBuilder tracing, string serviceName, IConfiguration configuration)
    {
        var name = configuration[Key]?.Trim();
        if (name is not (Remote or ParentBasedRemote))
        {
            tracing.SetSampler(Read(configuration));
            return;
        }
        var options = RemoteSamplerOptions.Parse(configuration[ArgumentKey], ArgumentKey);
        // The host ends the asking; the provider would not, of a sampler within another.
        tracing.ConfigureServices(services => services.AddSingleton(provider => new RemoteSampler(
            options, serviceName, provider.GetRequiredService<ILoggerFactory>().CreateLogger("Throughline.Telemetry.Sampling"), provider.GetService<TimeProvider>() ?? TimeProvider.System)));
        tracing.SetSampler(provider => name == Remote ? provider.GetRequiredService<RemoteSampler>() : new ParentBasedSampler(provider.GetRequiredService<RemoteSampler>()));
    }

    /// <summary>Unset, everything is sampled that doesn't come with another decision.</summary>
    public static Sampler Read(IConfiguration configuration) => configuration[Key]?.Trim() switch
    {
        null or "" or "parentbased_always_on" => new ParentBasedSampler(new AlwaysOnSampler()),
        "parentbased_always_off" => new ParentBasedSampler(new AlwaysOffSampler()),
        "parentbased_traceidratio" => new ParentBasedSampler(new ConsistentSampler(Ratio(configuration))),
        "always_on" => new AlwaysOnSampler(),
        "always_off" => new AlwaysOffSampler(),
        "traceidratio" => new ConsistentSampler(Ratio(configuration)),
        var other => throw new InvalidOperationException(
            $"{Key} is '{other}'; known are always_on, always_off, traceidratio, jaeger_remote and the same with parentbased_ before them."),
    };

    private static double Ratio(IConfiguration configuration)
    {
        if (configuration[ArgumentKey] is not { Length: > 0 } text) return 1;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1
            ? ratio
            : throw new InvalidOperationException($"{ArgumentKey} is '{text}'; it has to be a number from 0 to 1.");
    }
}
