using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Throughline.Pipeline.Backend.Events;
using Throughline.Pipeline.Backend.Images;

namespace Throughline.Tests.Pipeline;

/// <summary>Which images are kept, and which go.</summary>
public sealed class ImageFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-images-").FullName;
    private readonly FakeTimeProvider _time = new(new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task ImageThatIsSeenAgainIsTheNewest()
    {
        var files = Files(2);
        foreach (var sha256 in new[] { "aa", "bb", "aa", "cc" }) await KeepAsync(files, sha256);

        Assert.Equal(["aa", "cc"], Kept());
        Assert.Null(files.Open("bb"));
    }

    [Fact]
    public async Task NextRunGoesOnInTheSameOrder()
    {
        var files = Files(3);
        foreach (var sha256 in new[] { "aa", "bb", "cc", "aa" }) await KeepAsync(files, sha256);

        await KeepAsync(Files(2), "dd");

        Assert.Equal(["aa", "dd"], Kept());
    }

    [Fact]
    public async Task PictureThatComesTwiceAtOnceIsOneImage()
    {
        var files = Files(2);
        await KeepAsync(files, "aa");
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => files.KeepAsync(Image("bb")))));

        Assert.Equal(["aa", "bb"], Kept());
        await KeepAsync(files, "cc");
        Assert.Equal(["bb", "cc"], Kept());
    }

    [Fact]
    public void WhatAnEarlierRunDidNotFinishWritingGoes()
    {
        var partial = Path.Combine(_folder, "aa.jpg.one.partial");
        File.WriteAllText(partial, "half of it");

        Files(2);

        Assert.False(File.Exists(partial));
    }

    private ImageFiles Files(int count)
    {
        var files = new ImageFiles(new() { ImageDirectory = _folder, ImageCount = count }, _time, NullLogger<ImageFiles>.Instance);
        files.Prepare();
        return files;
    }

    private async Task KeepAsync(ImageFiles files, string sha256)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        await files.KeepAsync(Image(sha256));
    }

    private ReceivedImage Image(string sha256) => new("one", new("door", "door"), [1, 2, 3], new(JpegState.Whole, 1, 1), sha256, _time.GetUtcNow(), default);

    private IEnumerable<string?> Kept() => Directory.EnumerateFiles(_folder).Select(Path.GetFileNameWithoutExtension).Order();
}
