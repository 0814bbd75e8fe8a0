using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Yolo26.Detection;

/// <summary>Finds objects in images with an ONNX model on the CPU. Owns the session; thread-safe, with a bounded number of inferences at once.</summary>
internal sealed class Detector : IDisposable
{
    // Waiting for less than this is not worth a span of its own.
    private static readonly TimeSpan s_worthTelling = TimeSpan.FromMilliseconds(1);

    private readonly DetectorOptions _options;
    private readonly SpanSource _spans;
    private readonly TimeProvider _time;
    private readonly InferenceSession _session;
    private readonly SemaphoreSlim _slots;

    public Detector(DetectorOptions options, SpanSource spans, TimeProvider time)
    {
        (_options, _spans, _time) = (options, spans, time);
        if (!File.Exists(options.Path))
            throw new FileNotFoundException($"There is no model at {options.Path}. Run pipeline/setup, or give another path with --Model:Path.");
        using var settings = new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = options.Threads, InterOpNumThreads = 1 };
        // Threads that spin between two images would show as work of this service, and starve the others on a small machine.
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _session = new InferenceSession(options.Path, settings);
        Layout = ModelLayout.Read(_session, options.Path);
        _slots = new(options.Parallel);
    }

    public ModelLayout Layout { get; }

    /// <summary>What is in the image; null when it is no image that can be decoded.</summary>
    public async Task<DetectionResult?> DetectAsync(byte[] encoded, CancellationToken cancellation)
    {
        var image = Preprocess(encoded);
        if (image is null) return null;
        var asked = _time.GetUtcNow();
        await _slots.WaitAsync(cancellation);
        List<Box> boxes;
        try
        {
            var granted = _time.GetUtcNow();
            if (granted - asked >= s_worthTelling && Activity.Current is { } request)
                _spans.RecordWait(request.Context, "queue_wait", WaitKind.Queue, asked, granted);
            boxes = Infer(image);
        }
        finally
        {
            _slots.Release();
        }
        return new(Layout.Name, Layout.Version, image.SourceWidth, image.SourceHeight, Postprocess(boxes, image));
    }

    /// <summary>Runs the model once on an empty image: the first run prepares what later ones use, and would be no fair first trace.</summary>
    public void WarmUp() => Infer(new(new float[Layout.Width * Layout.Height * 3], Layout.Width, Layout.Height, 1, 1, 0, 0));

    public void Dispose()
    {
        _session.Dispose();
        _slots.Dispose();
    }

    private ModelImage? Preprocess(byte[] encoded)
    {
        using var span = _spans.Start("preprocess");
        var image = ModelImage.Prepare(encoded, Layout);
        if (image is null) span.Fail("validation_error", "The bytes are not an image that can be decoded.");
        span?.SetTag("image.size", encoded.Length).SetTag("image.width", image?.SourceWidth).SetTag("image.height", image?.SourceHeight)
            .SetTag("model.input.width", Layout.Width).SetTag("model.input.height", Layout.Height);
        return image;
    }

    private List<Box> Infer(ModelImage image)
    {
        using var span = _spans.Start("inference");
        Describe(span);
        long[] shape = Layout.ChannelsLast ? [1, Layout.Height, Layout.Width, 3] : [1, 3, Layout.Height, Layout.Width];
        using var input = OrtValue.CreateTensorValueFromMemory(image.Values, shape);
        using var run = new RunOptions();
        using var outputs = _session.Run(run, [Layout.Input], [input], [Layout.Output]);
        var found = outputs[0].GetTensorTypeAndShape().Shape;
        var values = outputs[0].GetTensorDataAsSpan<float>();
        return Layout.Rows
            ? Boxes.FromRows(values, _options.MinimumConfidence)
            : Boxes.FromColumns(values, (int)found[1], (int)found[2], _options.MinimumConfidence);
    }

    private List<Detected> Postprocess(List<Box> boxes, ModelImage image)
    {
        using var span = _spans.Start("postprocess");
        var kept = Boxes.WithoutDuplicates(boxes, _options.MaximumOverlap);
        span?.SetTag("detection.candidates", boxes.Count).SetTag("detection.count", kept.Count);
        return [.. kept.Select(box => new Detected(
            Layout.Label(box.Class), box.Confidence,
            Back(box.Left, image.PadX, image.ScaleX, image.SourceWidth), Back(box.Top, image.PadY, image.ScaleY, image.SourceHeight),
            Back(box.Right, image.PadX, image.ScaleX, image.SourceWidth), Back(box.Bottom, image.PadY, image.ScaleY, image.SourceHeight)))];

        static float Back(float value, float pad, float scale, int size) => Math.Clamp((value - pad) / scale, 0, size);
    }

    /// <summary>Says which model really ran: the service's name is no proof of it.</summary>
    public void Describe(Activity? span) => span?.SetTag("model.name", Layout.Name).SetTag("model.version", Layout.Version)
        .SetTag("ai.inference.device", "cpu");
}
