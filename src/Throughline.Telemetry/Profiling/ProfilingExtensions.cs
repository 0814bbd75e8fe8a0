using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Throughline.Telemetry.Profiling;

/// <summary>Switches profiling on where the configuration asks for it.</summary>
internal static class ProfilingExtensions
{
    /// <summary>Adds the profiles of <paramref name="serviceName"/> when <see cref="ProfileOptions"/> say where they go; otherwise nothing.</summary>
    public static void AddProfiles(this IHostApplicationBuilder builder, string serviceName)
    {
        if (ProfileOptions.From(builder.Configuration) is not { } options) return;
        var directory = string.IsNullOrWhiteSpace(options.Directory) ? null : Path.GetFullPath(options.Directory);
        builder.Services.AddHostedService(services =>
        {
            var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
            var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Throughline.Telemetry.Profiles");
            var files = directory is null ? null : new ProfileFiles(directory, serviceName, options, time);
            var sender = string.IsNullOrWhiteSpace(options.Endpoint) ? null : new ProfileSender(options, serviceName, logger, time);
            return new ProfileService(options, files, sender, directory, logger, time);
        });
    }
}
