using SkiaSharp;
using Throughline.Pipeline.Yolo26.Detection;
using Throughline.Pipeline.Yolo26.Weights;
using Throughline.Telemetry;

namespace Throughline.Tests.Pipeline;

public sealed class DetectorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-detector-").FullName;
    private readonly SpanSource _spans = new("test-detector");

    public void Dispose()
    {
        _spans.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task RealModelFindsPeopleOnARealFrame()
    {
        using var detector = new Detector(new() { Path = PipelineFiles.Model }, _spans, TimeProvider.System);
        var frame = await File.ReadAllBytesAsync(Path.Combine(PipelineFiles.Frames, "00001.jpg"));

        var result = await detector.DetectAsync(frame, CancellationToken.None);

        Assert.NotNull(result);
        Assert.Equal(("mb3-centernet", 768, 576), (result.Model, result.Width, result.Height));
        Assert.True(result.Detections.Count(found => found.Class == "person") >= 2, "The frame shows several pedestrians.");
        Assert.All(result.Detections, found =>
        {
            Assert.InRange(found.Confidence, 0.35f, 1);
            Assert.True(0 <= found.Left && found.Left < found.Right && found.Right <= 768, $"{found}");
            Assert.True(0 <= found.Top && found.Top < found.Bottom && found.Bottom <= 576, $"{found}");
        });
    }

    [Fact]
    public async Task RowsOfAYolo26ModelAreScaledBackThroughTheLetterbox()
    {
        // 200 x 100 pixels stand in 64 x 64 as 64 x 32, 16 below the edge.
        using var detector = Detector(Yolo26Model());

        var result = await detector.DetectAsync(JpegSizeTests.Jpeg(200, 100, SKColors.White), CancellationToken.None);

        var found = Assert.Single(result!.Detections);
        Assert.Equal("bicycle", found.Class);
        AssertBox(found, 25, 12.5f, 100, 50);
    }

    [Fact]
    public async Task ColumnsOfAYolo11ModelLoseTheirDuplicates()
    {
        using var detector = Detector(Yolo11Model());

        var result = await detector.DetectAsync(JpegSizeTests.Jpeg(64, 64, SKColors.White), CancellationToken.None);

        Assert.Equal(["person", "car"], result!.Detections.Select(found => found.Class));
        AssertBox(result.Detections[0], 10, 10, 30, 30);
    }

    [Fact]
    public async Task BytesThatAreNoImageAreNoResult()
    {
        using var detector = Detector(Yolo26Model());
        Assert.Null(await detector.DetectAsync("not an image"u8.ToArray(), CancellationToken.None));
        Assert.Null(await detector.DetectAsync([], CancellationToken.None));
        Assert.Null(await detector.DetectAsync(JpegSizeTests.Jpeg(64, 64)[..20], CancellationToken.None));
    }

    [Fact]
    public async Task ItsThreeStepsAreSpansThatSayWhichModelRan()
    {
        using var recorder = new SpanRecorder("test-detector");
        using var detector = Detector(Yolo26Model());

        await detector.DetectAsync(JpegSizeTests.Jpeg(64, 64), CancellationToken.None);

        Assert.Equal(["preprocess", "inference", "postprocess"], recorder.Ended.Select(span => span.DisplayName));
        Assert.Equal("tiny", recorder.Only("inference").GetTagItem("model.name"));
        Assert.Equal("cpu", recorder.Only("inference").GetTagItem("ai.inference.device"));
    }

    [Fact]
    public void MissingModelIsSaidWithItsRemedy() =>
        Assert.Contains("pipeline/setup", Assert.Throws<FileNotFoundException>(
            () => new Detector(new() { Path = Path.Combine(_folder, "none.onnx") }, _spans, TimeProvider.System)).Message);

    [Fact]
    public void LabelsAreReadFromYolosPythonDictionary() =>
        Assert.Equal(["person", "it's"], ModelLayout.ParseLabels("""{1: "it's", 0: 'person'}"""));

    private static void AssertBox(Detected found, float left, float top, float right, float bottom)
    {
        var off = new[] { found.Left - left, found.Top - top, found.Right - right, found.Bottom - bottom }.Max(Math.Abs);
        Assert.True(off < 0.01, $"expected [{left}, {top}, {right}, {bottom}], was {found}");
    }

    private Detector Detector(byte[] model)
    {
        var path = Path.Combine(_folder, "tiny.onnx");
        File.WriteAllBytes(path, model);
        return new(new() { Path = path, MinimumConfidence = 0.3f }, _spans, TimeProvider.System);
    }

    /// <summary>One row whose confidence is the brightest value of the image, so that the image has to have arrived, and one that is none.</summary>
    private static byte[] Yolo26Model()
    {
        var graph = new OnnxGraph();
        graph.Input("images", 1, 3, 64, 64);
        var brightest = graph.Add("ReduceMax", ["images"], ("keepdims", 0L));
        var sure = graph.Constant("sure", [1, 2, 6], [0f, 0, 0, 0, 0.9f, 0, 0, 0, 0, 0, 0.1f, 0]);
        var rows = graph.Constant("rows", [1, 2, 6], [8f, 20, 32, 32, 0, 1, 0, 0, 9, 9, 0, 0]);
        graph.AddAs(["output0"], "Add", [rows, graph.Add("Mul", [sure, brightest])]);
        graph.Output("output0", 1, 2, 6);
        return graph.Build("tiny", []);
    }

    /// <summary>Five candidates of three classes: a person, nearly the same one less sure, a car, and two that are too unsure.</summary>
    private static byte[] Yolo11Model()
    {
        var graph = new OnnxGraph();
        graph.Input("images", 1, 3, 64, 64);
        var brightest = graph.Add("ReduceMax", ["images"], ("keepdims", 0L));
        var columns = graph.Constant("columns", [1, 7, 5],
        [
            20f, 21, 20, 50, 50,
            20, 20, 20, 50, 50,
            20, 20, 20, 10, 10,
            20, 20, 20, 10, 10,
            0.9f, 0.8f, 0.1f, 0.2f, 0,
            0, 0.1f, 0, 0, 0.1f,
            0.1f, 0, 0.7f, 0, 0.2f,
        ]);
        graph.AddAs(["output0"], "Mul", [columns, brightest]);
        graph.Output("output0", 1, 7, 5);
        return graph.Build("tiny", []);
    }
}
