using System.Diagnostics;
using SkiaSharp;
using Throughline.Pipeline.Yolo26.Detection;
using Throughline.Telemetry;

namespace Throughline.Tests.Pipeline;

public sealed class DetectorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-detector-").FullName;
    private readonly string _source = "test-detector-" + Guid.NewGuid().ToString("n");
    private readonly SpanSource _spans;

    public DetectorTests() => _spans = new(_source);

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
        using var detector = Detector(TinyModels.Yolo26());

        var result = await detector.DetectAsync(JpegSizeTests.Jpeg(200, 100, SKColors.White), CancellationToken.None);

        var found = Assert.Single(result!.Detections);
        Assert.Equal("bicycle", found.Class);
        AssertBox(found, 25, 12.5f, 100, 50);
    }

    [Fact]
    public async Task ColumnsOfAYolo11ModelLoseTheirDuplicates()
    {
        using var detector = Detector(TinyModels.Yolo11(open: false, ("names", TinyModels.Names)));

        var result = await detector.DetectAsync(JpegSizeTests.Jpeg(64, 64, SKColors.White), CancellationToken.None);

        Assert.Equal(["person", "car"], result!.Detections.Select(found => found.Class));
        AssertBox(result.Detections[0], 10, 10, 30, 30);
    }

    [Fact]
    public async Task BytesThatAreNoImageAreNoResult()
    {
        using var detector = Detector(TinyModels.Yolo26());
        Assert.Null(await detector.DetectAsync("not an image"u8.ToArray(), CancellationToken.None));
        Assert.Null(await detector.DetectAsync([], CancellationToken.None));
        Assert.Null(await detector.DetectAsync(JpegSizeTests.Jpeg(64, 64)[..20], CancellationToken.None));
    }

    [Fact]
    public async Task JpegThatWasCutOffIsNotLookedAtAsFarAsItGoes()
    {
        using var detector = Detector(TinyModels.Yolo26());
        var frame = await File.ReadAllBytesAsync(Path.Combine(PipelineFiles.Frames, "00001.jpg"));

        Assert.NotNull(await detector.DetectAsync(frame, CancellationToken.None));
        foreach (var part in new[] { 0.1, 0.5, 0.9 })
            Assert.Null(await detector.DetectAsync(frame[..(int)(frame.Length * part)], CancellationToken.None));
    }

    [Fact]
    public async Task OpenSizesAreTakenFromTheExportersMetadata()
    {
        using var detector = Detector(TinyModels.Yolo11(open: true, ("imgsz", "[32, 96]"), ("names", TinyModels.Names), ("version", "8.4.1"), ("task", "detect")));

        Assert.Equal((96, 32, "8.4.1"), (detector.Layout.Width, detector.Layout.Height, detector.Layout.Version));
        var result = await detector.DetectAsync(JpegSizeTests.Jpeg(96, 32, SKColors.White), CancellationToken.None);
        Assert.Equal(["person", "car"], result!.Detections.Select(found => found.Class));
    }

    [Fact]
    public async Task ClassesWithoutNamesAreNumbersRatherThanGuesses()
    {
        using var detector = Detector(TinyModels.Yolo11(open: false));

        var result = await detector.DetectAsync(JpegSizeTests.Jpeg(64, 64, SKColors.White), CancellationToken.None);

        Assert.Equal(["class_0", "class_2"], result!.Detections.Select(found => found.Class));
    }

    [Fact]
    public void ModelOfAnotherTaskIsRefusedByName() =>
        Assert.Contains("'segment'", Assert.Throws<InvalidDataException>(() => Detector(TinyModels.Yolo26(("task", "segment")))).Message);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public async Task OutputThatIsNoNumberIsAnErrorOnTheSpanAndNoDetection(float value)
    {
        using var recorder = new SpanRecorder(_source);
        using var detector = Detector(TinyModels.BreaksUnlessWhite(value));

        var problem = await Assert.ThrowsAsync<ModelOutputException>(() => detector.DetectAsync(JpegSizeTests.Jpeg(64, 64, SKColors.Black), CancellationToken.None));

        Assert.Contains("1 of the 6 numbers", problem.Message);
        var span = recorder.Only("inference");
        Assert.Equal((ActivityStatusCode.Error, "invalid_model_output"), (span.Status, span.GetTagItem("error.type")));
        Assert.Contains(span.Events, happened => happened.Name == "exception" && happened.Tags.Any(tag => tag.Key == "exception.stacktrace"));
        Assert.DoesNotContain(recorder.Ended, ended => ended.DisplayName == "postprocess");
        Assert.NotNull(await detector.DetectAsync(JpegSizeTests.Jpeg(64, 64, SKColors.White), CancellationToken.None));
    }

    [Fact]
    public async Task ItsThreeStepsAreSpansThatSayWhichModelRan()
    {
        using var recorder = new SpanRecorder(_source);
        using var detector = Detector(TinyModels.Yolo26());

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
    public void LabelsAreReadFromYolosPythonDictionaryAndFromJson()
    {
        Assert.Equal(["person", "it's"], ModelLayout.ParseLabels("""{1: "it's", 0: 'person'}"""));
        Assert.Equal(["person", "class_1", "car"], ModelLayout.ParseLabels("""{"0": "person", "2": "car"}"""));
        Assert.Empty(ModelLayout.ParseLabels("none"));
    }

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
}
