using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using SkiaSharp;
using Throughline.Pipeline.Backend.Images;
using Throughline.Pipeline.Camera;

namespace Throughline.Tests.Pipeline;

/// <summary>The real camera process against a backend that answers as told.</summary>
public sealed partial class CameraTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<(string Camera, string Id, byte[] Bytes)> _received = [];
    private readonly WebApplication _app;
    private Func<int, int> _answer = _ => StatusCodes.Status202Accepted;

    public CameraTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.MapPost("/api/cameras/{camera}/images", async (string camera, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            var attempt = _received.Count(earlier => earlier.Id == request.Headers["X-Image-Id"]);
            _received.Enqueue((camera, request.Headers["X-Image-Id"].ToString(), body.ToArray()));
            var status = _answer(attempt);
            // No answer at all: the camera has to lose patience.
            if (status == 0) await Task.Delay(Timeout.Infinite, request.HttpContext.RequestAborted).ContinueWith(_ => { });
            return Results.StatusCode(status == 0 ? 500 : status);
        });
    }

    public async ValueTask InitializeAsync() => await _app.StartAsync();

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    public async Task ImageThatIsNotAnsweredWellIsSentAgainWithTheSameId(int firstAnswer)
    {
        _answer = attempt => attempt == 0 ? firstAnswer : 202;
        var output = await RunAsync("--Camera:Names", "door", "--Camera:BurstSizes", "2", "--Camera:Bursts", "1", "--Camera:IntervalSeconds", "0",
            "--Camera:RetryPauseSeconds", "0", "--Camera:TimeoutSeconds", "100");

        Assert.Equal([2, 2], _received.GroupBy(image => image.Id).Select(sent => sent.Count()));
        Assert.All(_received.GroupBy(image => image.Id), sent => Assert.Equal(sent.First().Bytes, sent.Last().Bytes));
        Assert.Contains("accepted=2 known=0 overloaded=0 refused=0 unanswered=0 skipped=0 sent-again=2", output);
    }

    [Fact]
    public async Task ImageThatIsNotAnsweredInTimeIsSentAgainWithTheSameId()
    {
        _answer = attempt => attempt == 0 ? 0 : 202;
        var output = await RunAsync("--Camera:Names", "door", "--Camera:BurstSizes", "1", "--Camera:Bursts", "1", "--Camera:RetryPauseSeconds", "0",
            "--Camera:TimeoutSeconds", "3", "--Camera:Attempts", "10");

        // On a busy machine a good answer may come too late as well, and the image once more.
        Assert.True(_received.Count >= 2, output);
        Assert.Single(_received.Select(image => image.Id).Distinct());
        Assert.All(_received, image => Assert.Equal(_received.First().Bytes, image.Bytes));
        Assert.Matches("accepted=1 known=0 overloaded=0 refused=0 unanswered=0 skipped=0 sent-again=[1-9]", output);
    }

    [Fact]
    public async Task RefusedImageIsNotSentAgain()
    {
        _answer = _ => 400;
        var output = await RunAsync("--Camera:Names", "door", "--Camera:BurstSizes", "2", "--Camera:Bursts", "1", "--Camera:IntervalSeconds", "0");

        Assert.Equal((2, 2), (_received.Count, _received.Select(image => image.Id).Distinct().Count()));
        Assert.Contains("refused=2", output);
    }

    [Fact]
    public async Task CountedCamerasSendDifferentImagesThoughTheFootageComesRoundAgain()
    {
        using var folder = new Frames(2);
        await RunAsync("--Camera:Frames", folder.Path, "--Camera:Count", "12", "--Camera:Rate", "500", "--Camera:BurstSizes", "3", "--Camera:Bursts", "2");

        Assert.Equal(Enumerable.Range(1, 12).Select(number => $"camera-{number:00}"), _received.Select(image => image.Camera).Distinct().Order());
        Assert.Equal(72, _received.Count);
        Assert.Equal(72, _received.Select(image => Convert.ToHexString(image.Bytes)).Distinct().Count());
        // And they are images still, of what the footage shows.
        Assert.All(_received, image =>
        {
            Assert.Equal(new(JpegState.Whole, 16, 16), JpegFile.Read(image.Bytes));
            using var pixels = SKBitmap.Decode(image.Bytes);
            Assert.Equal((16, 16), (pixels.Width, pixels.Height));
        });
    }

    [Fact]
    public async Task WithTheFaultOneImageInFourIsCutOff()
    {
        await RunAsync("--Camera:Names", "door", "--Camera:BurstSizes", "8", "--Camera:Bursts", "1", "--Camera:IntervalSeconds", "0", "--Fault", "invalid-image");

        Assert.Equal([3, 7], _received.Select((image, index) => (JpegFile.Read(image.Bytes).State, index))
            .Where(image => image.State == JpegState.Truncated).Select(image => image.index));
    }

    [Theory]
    [InlineData("--Camera:Pattern", "hectic", "steady, bursty or night")]
    [InlineData("--Camera:Count", "-1", "Count")]
    [InlineData("--Camera:Names", " , ", "Camera:Names has to be ids")]
    [InlineData("--Camera:Names", "door,front door", "Camera:Names has to be ids")]
    [InlineData("--Camera:BurstSizes", "0", "numbers from 1")]
    [InlineData("--Camera:Attempts", "eleven", "'eleven' at 'Camera:Attempts'")]
    [InlineData("--Camera:Rate", "NaN", "Camera: The field Rate must be between 0 and 10000.")]
    [InlineData("--Camera:IntervalSeconds", "-0.4", "Camera: The field IntervalSeconds must be between 0 and 3600.")]
    [InlineData("--Camera:Backend", "nonsense", "Camera: The field Backend is 'nonsense'; it has to be an address like http://")]
    [InlineData("--Fault", "invalid-imgae", "There is no fault 'invalid-imgae'; there are detector-overload,")]
    public async Task OptionThatCannotBeEndsTheCameraWithAMessage(string option, string value, string words)
    {
        await using var camera = PipelineProcess.Start(PipelineFiles.Program("pipeline/Camera", "hsi-camera"), new Dictionary<string, string>(), "--Camera:Frames", PipelineFiles.Frames, option, value);

        Assert.Equal(3, await camera.EndAsync());
        Assert.StartsWith("hsi-camera: ", Assert.Single(camera.Output.Split('\n')));
        Assert.Contains(words, camera.Output);
    }

    [Fact]
    public async Task CameraThatFailsIsToldAndEndsAllOfThem()
    {
        using var folder = new Frames(1);
        // Listed with the frames, but there is nothing to read. The second camera begins with it.
        File.CreateSymbolicLink(Path.Combine(folder.Path, "1.jpg"), Path.Combine(folder.Path, "gone"));
        await using var camera = PipelineProcess.Start(PipelineFiles.Program("pipeline/Camera", "hsi-camera"), new Dictionary<string, string>(),
            "--Camera:Backend", _app.Urls.First(), "--Camera:Frames", folder.Path, "--Camera:Names", "door,drive", "--Camera:BurstSizes", "1");

        Assert.Equal(1, await camera.EndAsync());
        Assert.Contains("drive failed, and all cameras end: ", camera.Output);
        Assert.Contains("hsi-camera sent: ", camera.Output);
    }

    [Fact]
    public async Task FrameThatCouldNotBeReadIsReadAgain()
    {
        using var folder = new Frames(1);
        var (frame, late) = (Path.Combine(folder.Path, "0.jpg"), Path.Combine(folder.Path, "late.jpg"));
        var frames = new FrameRoll([late], cutOff: false, new(), TimeProvider.System);
        await Assert.ThrowsAsync<FileNotFoundException>(() => frames.TakeAsync("door", 0, CancellationToken.None));
        File.Copy(frame, late);

        Assert.Equal(JpegState.Whole, JpegFile.Read((await frames.TakeAsync("door", 0, CancellationToken.None)).Jpeg).State);
    }

    private async Task<string> RunAsync(params string[] options)
    {
        await using var camera = PipelineProcess.Start(PipelineFiles.Program("pipeline/Camera", "hsi-camera"), new Dictionary<string, string>(),
            ["--Camera:Backend", _app.Urls.First(), "--Camera:PauseSeconds", "0", .. options.Contains("--Camera:Frames") ? options : ["--Camera:Frames", PipelineFiles.Frames, .. options]]);
        await camera.LineAsync(SentLine());
        Assert.Equal(0, await camera.EndAsync());
        return camera.Output;
    }

    [GeneratedRegex("^hsi-camera sent: ")]
    private static partial Regex SentLine();

    /// <summary>A folder of small frames.</summary>
    private sealed class Frames : IDisposable
    {
        public Frames(int count)
        {
            for (var i = 0; i < count; i++) File.WriteAllBytes(System.IO.Path.Combine(Path, $"{i}.jpg"), JpegSizeTests.Jpeg(16, 16));
        }

        public string Path { get; } = Directory.CreateTempSubdirectory("throughline-frames-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
