using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Trace;

namespace Throughline.Telemetry;

/// <summary><c>OTEL_TRACES_SAMPLER</c> and its argument, by the OpenTelemetry specification, "General SDK Configuration".</summary>
internal static class SamplerSettings
{
    private const string Key = "OTEL_TRACES_SAMPLER";
    private const string ArgumentKey = Key + "_ARG";

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
            $"{Key} is '{other}'; known are always_on, always_off, traceidratio and the same with parentbased_ before them."),
    };

    private static double Ratio(IConfiguration configuration)
    {
        if (configuration[ArgumentKey] is not { Length: > 0 } text) return 1;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1
            ? ratio
            : throw new InvalidOperationException($"{ArgumentKey} is '{text}'; it has to be a number from 0 to 1.");
    }
}
