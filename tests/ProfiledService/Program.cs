using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Throughline.ProfiledService;
using Throughline.Telemetry;

// What the tests of profiles look at: a service whose methods work under spans that it names.
const string Service = "profiled-service";

var builder = Host.CreateApplicationBuilder(args);
builder.AddThroughline(Service);
using var host = builder.Build();
await host.StartAsync();
using var spans = new SpanSource(Service);
var stopping = host.Services.GetService(typeof(IHostApplicationLifetime)) is IHostApplicationLifetime lifetime
    ? lifetime.ApplicationStopping
    : throw new InvalidOperationException("The host has no lifetime.");

// These two go from thread to thread, each under its own span.
var first = Task.Run(() => WorkAsync("first", Work.First, Work.UnderChild));
var second = Task.Run(() => WorkAsync("second", Work.Second, null));
var without = Task.Run(() => Repeat(Work.WithoutSpan, tellEvery: 50));
var unsampled = Task.Run(UnsampledAsync);
var waiting = new Thread(Wait) { IsBackground = true };
waiting.Start();

Console.WriteLine("profiled-service is ready");
await host.WaitForShutdownAsync();
waiting.Join();
await Task.WhenAll(first, second, without, unsampled);

async Task WorkAsync(string name, Action work, Action? child)
{
    using var span = Tell(spans.Start(name));
    while (!stopping.IsCancellationRequested)
    {
        work();
        if (child is not null)
        {
            using var below = spans.Start("child");
            child();
        }
        await Task.Yield();
    }
}

async Task UnsampledAsync()
{
    var context = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.None);
    using var span = spans.StartUnder(context, "unsampled");
    await Repeat(Work.Unsampled);
}

async Task Repeat(Action work, int tellEvery = 0)
{
    for (var round = 1; !stopping.IsCancellationRequested; round++)
    {
        work();
        if (tellEvery > 0 && round % tellEvery == 0) Console.WriteLine($"profiled-service has worked {round} rounds");
        await Task.Yield();
    }
}

void Wait()
{
    using var span = Tell(spans.Start("waiting"));
    Work.Waiting(stopping.WaitHandle);
}

Activity Tell(Activity? span)
{
    if (span is null) throw new InvalidOperationException("Nobody records this service's spans.");
    Console.WriteLine($"span {span.DisplayName} trace={span.TraceId} span={span.SpanId}");
    return span;
}
