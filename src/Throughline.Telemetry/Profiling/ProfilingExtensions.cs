using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Throughline.Telemetry.Profiling;

/// <summary>Switches profiling on where the configuration asks for it.</summary>
internal static class ProfilingExtensions
{
    /// <summary>Adds the profiles of <paramref name="serviceName"/> when <see cref="ProfileOptions"/> name a directory; otherwise nothing.</summary>
    public static void AddProfiles(this IHostApplicationBuilder builder, string serviceName)
    {
        if (ProfileOptions.From(builder.Configuration) is not { Directory: { } directory } options) return;
        directory = Path.GetFullPath(directory);
        builder.Services.AddHostedService(services =>
        {
            var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
            var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Throughline.Telemetry.Profiles");
            return new ProfileService(options, new(directory, serviceName, options, time), directory, logger, time);
        });
    }
}
