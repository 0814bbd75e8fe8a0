using System.Globalization;
using System.Text;
using Throughline.Engine.Blocks;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Tests.Files;

namespace Throughline.Tests.Blocks;

public sealed class ManifestTests
{
    private const string Path = "/store/" + Manifest.FileName;

    private static readonly Manifest s_manifest = new()
    {
        FirstSegment = 12,
        CutSegment = 15,
        NextBlock = 40,
        HiddenBeforeUnixNano = ulong.MaxValue - 1,
        Blocks = [new(3, 1_000, 20, 4, 5, ulong.MaxValue, 7, 8, 2), new(39, 1, 2, 1, 3, 4, 9, 10, 1)],
        Carried = [new(new TraceId(1, 2), 12), new(new TraceId(0, ulong.MaxValue), 14)],
        Pinned = [new TraceId(0xabcdef, 3)],
    };

    [Fact]
    public void WhatIsWrittenIsRead() => AssertSame(s_manifest, Manifest.Read(Written(), "/store"));

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
                AssertSame(s_manifest, Manifest.Read(files, "/store"));
                harmless++;
            }
            catch (Exception e) when (e is CorruptDataException or InvalidDataException)
            {
                Assert.Contains(Path, e.Message);
                Assert.DoesNotContain('\n', e.Message);
            }
        }
        Assert.Equal(0, harmless);
    }

    [Fact]
    public void EveryCutOffFileIsRefused()
    {
        var whole = Written().ReadAll(Path);
        for (var length = 0; length < whole.Length; length++)
        {
            var files = new MemoryFileSystem();
            files.WriteAll(Path, whole[..length]);
            Assert.Throws<CorruptDataException>(() => Manifest.Read(files, "/store"));
        }
    }

    [Fact]
    public void NewerVersionIsRefusedAsSuch()
    {
        var files = Written();
        var text = Encoding.UTF8.GetString(files.ReadAll(Path)).Replace("\"Version\":1", "\"Version\":2", StringComparison.Ordinal);
        files.WriteAll(Path, Encoding.UTF8.GetBytes(text));
        Assert.Contains("newer release", Assert.Throws<InvalidDataException>(() => Manifest.Read(files, "/store")).Message);
    }

    /// <summary>The bytes that the release before wrote.</summary>
    [Fact]
    public void VersionZeroIsRead()
    {
        const string stored = """{"Version":0,"Checksum":"CHECKSUM","FirstSegment":12,"NextBlock":40,"Blocks":[3,7,39]}""";
        var files = new MemoryFileSystem();
        files.WriteAll(Path, Encoding.UTF8.GetBytes(stored.Replace("CHECKSUM", Version0Checksum, StringComparison.Ordinal)));
        var manifest = Manifest.Read(files, "/store");
        Assert.Equal((12, 12, 40), (manifest.FirstSegment, manifest.CutSegment, manifest.NextBlock));
        Assert.Equal([3, 7, 39], manifest.Blocks.Select(b => b.Number));
        Assert.All(manifest.Blocks, b => Assert.False(b.IsKnown));
        files.WriteAll(Path, Encoding.UTF8.GetBytes(stored.Replace("CHECKSUM", "0123456789abcdef", StringComparison.Ordinal)));
        Assert.Contains(Version0Checksum, Assert.Throws<CorruptDataException>(() => Manifest.Read(files, "/store")).Message);
    }

    private static string Version0Checksum => System.IO.Hashing.XxHash3.HashToUInt64("12;40;3,7,39"u8).ToString("x16", CultureInfo.InvariantCulture);

    private static void AssertSame(Manifest expected, Manifest found)
    {
        Assert.Equal((expected.FirstSegment, expected.CutSegment, expected.NextBlock, expected.HiddenBeforeUnixNano), (found.FirstSegment, found.CutSegment, found.NextBlock, found.HiddenBeforeUnixNano));
        Assert.Equal(expected.Blocks, found.Blocks);
        Assert.Equal(expected.Carried, found.Carried);
        Assert.Equal(expected.Pinned, found.Pinned);
    }

    private static MemoryFileSystem Written()
    {
        var files = new MemoryFileSystem();
        files.CreateDirectory("/store");
        s_manifest.Write(files, "/store");
        return files;
    }
}
