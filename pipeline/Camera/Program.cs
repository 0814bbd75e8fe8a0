using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Throughline.Pipeline;
using Throughline.Pipeline.Camera;

const string Program = "hsi-camera";

var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Logging.ClearProviders().AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "));
builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
CameraOptions options;
bool cutOff;
try
{
    options = builder.Configuration.Read("Camera", new CameraOptions());
    cutOff = Fault.Read(builder.Configuration).Contains(Fault.InvalidImage);
}
catch (Exception problem) when (Settings.AreWrong(problem))
{
    return Settings.Refuse(Program, problem);
}

string[] frames = Directory.Exists(options.Frames)
    ? [.. Directory.EnumerateFiles(options.Frames, "*.jpg").Order(StringComparer.Ordinal)]
    : [];
if (frames.Length == 0)
{
    Console.Error.WriteLine($"{Program}: there are no *.jpg files in {options.Frames}. Run pipeline/setup, or give another folder with --Camera:Frames.");
    return Settings.Refused;
}
if (cutOff) Console.WriteLine($"{Program} fault invalid-image: one image in {options.InvalidEvery} is cut off");
builder.Services.AddSingleton(options).AddSingleton(new FrameRoll(frames, cutOff, options, TimeProvider.System)).AddHostedService<CameraService>();
await builder.Build().RunAsync();
return Environment.ExitCode;
