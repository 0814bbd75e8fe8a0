using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Yolo26.Detection;

/// <summary>Finds objects in images with an ONNX model on the CPU. Owns the session, the line before it and the metrics; thread-safe.</summary>
internal sealed class Detector : IDisposable
{
    /// <summary>Where the model runs. The runtime that this service is built with has no other device.</summary>
    public const string Device = "cpu";

    private readonly DetectorOptions _options;
    private readonly SpanSource _spans;
    private readonly TimeProvider _time;
    private readonly InferenceSession _session;

    /// <param name="name">The service's name, which its meter goes by.</param>
    public Detector(DetectorOptions options, SpanSource spans, TimeProvider time, string name = "hsi-yolo26")
    {
        (_options, _spans, _time) = (options, spans, time);
        if (!File.Exists(options.Path))
            throw new FileNotFoundException($"There is no model at {options.Path}. Run pipeline/setup, or give another path with --Model:Path.");
        using var settings = new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = options.Threads, InterOpNumThreads = 1 };
        // Threads that spin between two images would show as work of this service, and starve the others on a small machine.
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        _session = new InferenceSession(options.Path, settings);
        try
        {
            Layout = ModelLayout.Read(_session, options.Path);
        }
        catch
        {
            _session.Dispose();
            throw;
        }
        Queue = new(options.Parallel, options.Queue, spans, time);
        Metrics = new(name, () => Queue.Depth);
    }

    public ModelLayout Layout { get; }

    /// <summary>Who calls <see cref="DetectAsync"/> has a place in it.</summary>
    public WorkQueue Queue { get; }

    public DetectorMetrics Metrics { get; }

    /// <summary>
    /// What is in the image; null when it is no image that can be decoded whole. It is decoded in its turn: an image of some kilobytes may take hundreds
    /// of megabytes then, and waiting ones must not.
    /// </summary>
    /// <exception cref="ImageTooLargeException">It has more pixels than may be; the spans say so.</exception>
    /// <exception cref="ModelOutputException">The model put out what can't be boxes; the spans say so.</exception>
    public async Task<DetectionResult?> DetectAsync(byte[] encoded, CancellationToken cancellation)
    {
        ModelImage? image;
        List<Box> boxes;
        using (await Queue.TurnAsync(cancellation))
        {
            image = Preprocess(encoded);
            if (image is null) return null;
            boxes = Infer(image);
        }
        return new(Layout.Name, Layout.Version, image.SourceWidth, image.SourceHeight, Postprocess(boxes, image));
    }

    /// <summary>Runs the model once on an empty image: the first run prepares what later ones use, and would be no fair first trace.</summary>
    public void WarmUp() => Run(Blank());

    /// <summary>Takes one turn and keeps it with inferences of an empty image until the time is over; answers how many they were.</summary>
    public async Task<int> OccupyAsync(TimeSpan duration, CancellationToken cancellation)
    {
        var blank = Blank();
        using var turn = await Queue.TurnAsync(cancellation);
        using var span = _spans.Start("competing_inferences");
        Describe(span);
        var begun = _time.GetTimestamp();
        var runs = 0;
        for (; _time.GetElapsedTime(begun) < duration && !cancellation.IsCancellationRequested; runs++) Run(blank);
        span?.SetTag("inference.count", runs);
        return runs;
    }

    /// <summary>Says which model really ran: the service's name is no proof of it.</summary>
    public void Describe(Activity? span) => span?.SetTag("model.name", Layout.Name).SetTag("model.version", Layout.Version)
        .SetTag("ai.inference.device", Device);

    public void Dispose()
    {
        Metrics.Dispose();
        _session.Dispose();
        Queue.Dispose();
    }

    private ModelImage? Preprocess(byte[] encoded)
    {
        using var span = _spans.Start("preprocess");
        span?.SetTag("image.size", encoded.Length);
        ModelImage? image;
        try
        {
            image = ModelImage.Prepare(encoded, Layout, _options.MaximumPixels);
        }
        catch (ImageTooLargeException problem)
        {
            span.Fail("validation_error", problem.Message);
            throw;
        }
        if (image is null) span.Fail("validation_error", "The bytes are not an image that can be decoded whole.");
        span?.SetTag("image.width", image?.SourceWidth).SetTag("image.height", image?.SourceHeight)
            .SetTag("model.input.width", Layout.Width).SetTag("model.input.height", Layout.Height);
        return image;
    }

    private List<Box> Infer(ModelImage image)
    {
        using var span = _spans.Start("inference");
        Describe(span);
        var begun = _time.GetTimestamp();
        try
        {
            return Run(image);
        }
        catch (ModelOutputException problem)
        {
            span.Fail(problem, ModelOutputException.ErrorType);
            throw;
        }
        finally
        {
            Metrics.Inferred(_time.GetElapsedTime(begun), Layout);
        }
    }

    /// <exception cref="ModelOutputException">What came out can't be boxes.</exception>
    private List<Box> Run(ModelImage image)
    {
        long[] shape = Layout.ChannelsLast ? [1, Layout.Height, Layout.Width, 3] : [1, 3, Layout.Height, Layout.Width];
        using var input = OrtValue.CreateTensorValueFromMemory(image.Values, shape);
        using var run = new RunOptions();
        try
        {
            using var outputs = _session.Run(run, [Layout.Input], [input], [Layout.Output]);
            return Boxes.Read(outputs[0].GetTensorDataAsSpan<float>(), outputs[0].GetTensorTypeAndShape().Shape, Layout.Rows, _options.MinimumConfidence);
        }
        catch (OnnxRuntimeException problem)
        {
            throw new ModelOutputException($"The model {Layout.Name} could not be run on the image: {problem.Message}", problem);
        }
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

    private ModelImage Blank() => new(new float[Layout.Width * Layout.Height * 3], Layout.Width, Layout.Height, 1, 1, 0, 0);
}
