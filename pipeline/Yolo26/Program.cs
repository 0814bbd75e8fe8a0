using System.ComponentModel.DataAnnotations;
using Microsoft.ML.OnnxRuntime;
using Throughline.Pipeline;
using Throughline.Pipeline.Yolo26;
using Throughline.Pipeline.Yolo26.Detection;
using Throughline.Pipeline.Yolo26.Weights;
using Throughline.Telemetry;

const string Service = "hsi-yolo26";

if (args is ["convert-weights", .. var files])
{
    if (files is not [var json, var onnx, var origin])
    {
        Console.Error.WriteLine("usage: hsi-yolo26 convert-weights CENTERNET.json OUTPUT.onnx ORIGIN");
        return 2;
    }
    CenterNetWeights.Convert(json, onnx, origin);
    Console.WriteLine($"wrote {onnx} ({new FileInfo(onnx).Length} bytes)");
    return 0;
}

var builder = ServiceHost.Create(args, "http://127.0.0.1:8095", maximumBodyBytes: 16 * 1024 * 1024);
builder.AddThroughline(Service);

var options = builder.Configuration.GetSection("Model").Get<DetectorOptions>() ?? new();
var spans = new SpanSource(Service);
Detector detector;
try
{
    Validator.ValidateObject(options, new(options), validateAllProperties: true);
    detector = new(options, spans, TimeProvider.System);
    detector.WarmUp();
}
catch (Exception problem) when (problem is ValidationException or FileNotFoundException or InvalidDataException or OnnxRuntimeException)
{
    Console.Error.WriteLine($"{Service}: {problem.Message}");
    return 3;
}
builder.Services.AddSingleton(detector);

var app = builder.Build();
DetectEndpoint.Map(app);
var code = await ServiceHost.RunAsync(app, Service);
detector.Dispose();
spans.Dispose();
return code;
