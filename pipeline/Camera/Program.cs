using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Throughline.Pipeline.Camera;

var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Logging.ClearProviders().AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "));
builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
var options = builder.Configuration.GetSection("Camera").Get<CameraOptions>() ?? new();
try
{
    Validator.ValidateObject(options, new(options), validateAllProperties: true);
    if (options.Ids().Count == 0) throw new ValidationException("Camera:Names names no camera.");
}
catch (ValidationException problem)
{
    Console.Error.WriteLine($"hsi-camera: {problem.Message}");
    return 3;
}

string[] frames = Directory.Exists(options.Frames)
    ? [.. Directory.EnumerateFiles(options.Frames, "*.jpg").Order(StringComparer.Ordinal)]
    : [];
if (frames.Length == 0)
{
    Console.Error.WriteLine($"hsi-camera: there are no *.jpg files in {options.Frames}. Run pipeline/setup, or give another folder with --Camera:Frames.");
    return 3;
}
// The key is given to every service of the pipeline: other names are other services' faults.
var cutOff = builder.Configuration["Fault"] == "invalid-image";
if (cutOff) Console.WriteLine($"hsi-camera fault invalid-image: one image in {options.InvalidEvery} is cut off");
builder.Services.AddSingleton(options).AddSingleton(new FrameRoll(frames, cutOff, options, TimeProvider.System)).AddHostedService<CameraService>();
await builder.Build().RunAsync();
return Environment.ExitCode;
