using Microsoft.ML.OnnxRuntime;
using Throughline.Pipeline.Yolo26.Detection;

namespace Throughline.Pipeline.Yolo26;

/// <summary><c>GET /model</c>: which model runs, on what, in which form it wants its images, and the service's limits.</summary>
internal static class ModelEndpoint
{
    public static void Map(WebApplication app, Detector detector, DetectorOptions options, BatchEndpoint batches)
    {
        var (layout, runtime) = (detector.Layout, OrtEnv.Instance().GetVersionString());
        app.MapGet("/model", () => Results.Ok(new
        {
            name = layout.Name,
            version = layout.Version,
            device = Detector.Device,
            runtime = $"onnxruntime {runtime}",
            input = new
            {
                name = layout.Input, layout.Width, layout.Height, channels = layout.ChannelsLast ? "last" : "first", resize = layout.ChannelsLast ? "stretch" : "letterbox",
            },
            output = new { name = layout.Output, form = layout.Rows ? "rows" : "columns" },
            classes = layout.Labels,
            options.MinimumConfidence,
            options.MaximumOverlap,
            limits = new { options.Threads, options.Parallel, options.Queue, batch = batches.Limit, bodyBytes = DetectEndpoint.MaximumBodyBytes, pixels = options.MaximumPixels },
            waiting = detector.Queue.Depth,
        }));
    }
}
