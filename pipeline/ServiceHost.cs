namespace Throughline.Pipeline;

/// <summary>
/// What the pipeline's HTTP services have in common, compiled into each: an address on this machine only, a console with one line a
/// message, and a line that says where the service listens once it does.
/// </summary>
internal static class ServiceHost
{
    public static WebApplicationBuilder Create(string[] args, string defaultAddress, long maximumBodyBytes)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(builder.Configuration["urls"] ?? defaultAddress);
        builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = maximumBodyBytes);
        builder.Logging.ClearProviders().AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "));
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.AddSingleton(TimeProvider.System).AddProblemDetails();
        return builder;
    }

    /// <summary>Runs until the process is told to stop; 3 when the address (<c>--urls</c>) is none, 4 when it can't be had.</summary>
    public static async Task<int> RunAsync(WebApplication app, string service)
    {
        app.MapGet("/health/live", () => Results.Ok(new { status = "ok", service }));
        app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"{service} listening: http={app.Urls.First()}"));
        try
        {
            await app.RunAsync();
            return 0;
        }
        catch (FormatException problem)
        {
            await Console.Error.WriteLineAsync($"{service}: {problem.Message}");
            return 3;
        }
        catch (IOException problem)
        {
            await Console.Error.WriteLineAsync($"{service}: {problem.Message}");
            return 4;
        }
    }
}
