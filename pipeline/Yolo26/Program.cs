using Microsoft.ML.OnnxRuntime;
using Throughline.Pipeline;
using Throughline.Pipeline.Yolo26;
using Throughline.Pipeline.Yolo26.Detection;
using Throughline.Pipeline.Yolo26.Faults;
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

var builder = ServiceHost.Create(args, "http://127.0.0.1:8095", DetectEndpoint.MaximumBodyBytes);
var spans = new SpanSource(Service);
DetectorOptions options;
Detector detector;
try
{
    builder.AddThroughline(Service);
    options = builder.Configuration.Read("Model", new DetectorOptions());
    var overload = builder.Configuration.Read("Overload", new OverloadOptions());
    var faults = Fault.Read(builder.Configuration);
    detector = new(options, spans, TimeProvider.System);
    WarmUp(detector);
    builder.Services.AddSingleton(detector);
    if (faults.Contains(Fault.DetectorOverload))
        builder.Services.AddSingleton(options).AddSingleton(overload).AddHostedService<CompetingInferences>();
}
catch (Exception problem) when (Settings.AreWrong(problem) || problem is FileNotFoundException or InvalidDataException or OnnxRuntimeException)
{
    return Settings.Refuse(Service, problem);
}

var app = builder.Build();
var batches = new BatchEndpoint(detector, options, spans);
new DetectEndpoint(detector).Map(app);
batches.Map(app);
ModelEndpoint.Map(app, detector, options, batches);
var code = await ServiceHost.RunAsync(app, Service);
detector.Dispose();
spans.Dispose();
return code;

// What a model makes of an empty image says nothing of what it makes of others, so the service starts; each answer is checked.
static void WarmUp(Detector detector)
{
    try
    {
        detector.WarmUp();
    }
    catch (ModelOutputException problem)
    {
        Console.Error.WriteLine($"{Service}: on an empty image: {problem.Message}");
    }
}
