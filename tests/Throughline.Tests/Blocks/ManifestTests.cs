using Throughline.Engine.Blocks;
using Throughline.Engine.Files;
using Throughline.Tests.Files;

namespace Throughline.Tests.Blocks;

public sealed class ManifestTests
{
    private const string Path = "/store/" + Manifest.FileName;

    [Fact]
    public void WhatIsWrittenIsRead()
    {
        var files = Written();
        var manifest = Manifest.Read(files, "/store");
        Assert.Equal((12, 40), (manifest.FirstSegment, manifest.NextBlock));
        Assert.Equal([3, 7, 39], manifest.Blocks);
    }

    [Fact]
    public void DirectoryWithoutManifestIsAnEmptyStore() => Assert.Same(Manifest.Empty, Manifest.Read(new MemoryFileSystem(), "/store"));

    [Fact]
    public void EveryFlippedBitIsRefusedOrChangesNothing()
    {
        var whole = Written().ReadAll(Path);
        var harmless = 0;
        for (var bit = 0L; bit < whole.Length * 8; bit++)
        {
            var files = new MemoryFileSystem();
            files.WriteAll(Path, whole);
            files.FlipBit(Path, bit);
            try
            {
                var manifest = Manifest.Read(files, "/store");
                Assert.Equal((12, 40), (manifest.FirstSegment, manifest.NextBlock));
                Assert.Equal([3, 7, 39], manifest.Blocks);
                harmless++;
            }
            catch (Exception e) when (e is CorruptDataException or InvalidDataException)
            {
                Assert.Contains(Path, e.Message);
            }
        }
        // The version's name and number may change unseen within version 0.
        Assert.InRange(harmless, 0, 64);
    }

    [Fact]
    public void NewerVersionIsRefusedAsSuch()
    {
        var files = Written();
        var text = System.Text.Encoding.UTF8.GetString(files.ReadAll(Path)).Replace("\"Version\":0", "\"Version\":1", StringComparison.Ordinal);
        files.WriteAll(Path, System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Contains("newer release", Assert.Throws<InvalidDataException>(() => Manifest.Read(files, "/store")).Message);
    }

    private static MemoryFileSystem Written()
    {
        var files = new MemoryFileSystem();
        files.CreateDirectory("/store");
        new Manifest(12, 40, [3, 7, 39]).Write(files, "/store");
        return files;
    }
}
