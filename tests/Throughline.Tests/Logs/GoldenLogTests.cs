using CsCheck;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Logs;
using Throughline.Engine.Logs.Blocks;
using Throughline.Engine.Logs.Execution;
using Throughline.Engine.Logs.Storage;
using Throughline.Engine.Query.Execution;
using Throughline.Tests.Architecture;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Logs;

/// <summary>Blocks of log records of every format version stay readable, and damage to any byte of one is noticed.</summary>
public sealed class GoldenLogTests
{
    private static string Folder => Path.Combine(SourceTree.Tests, "cases", "logs");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ABlockOfEachVersionGivesItsRecordsBack(int version)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder, $"v{version}.block"));
        Assert.Equal((byte)version, bytes[8]);
        Assert.Equal(File.ReadAllLines(Path.Combine(Folder, $"v{version}.txt")), Read(bytes));
    }

    [Fact]
    public void EveryFlippedByteIsNoticed()
    {
        var bytes = Write(Logs());
        for (var i = 0; i < bytes.Length; i += 7)
        {
            var damaged = bytes.ToArray();
            damaged[i] ^= 0x10;
            var e = Assert.ThrowsAny<Exception>(() => Read(damaged));
            Assert.True(e is CorruptDataException or InvalidDataException, $"byte {i}: {e}");
        }
    }

    /// <summary>Makes the golden file with the present code; for a new format version only.</summary>
    [Fact(Explicit = true)]
    public void MakeTheGoldenFile()
    {
        Directory.CreateDirectory(Folder);
        var bytes = Write(Logs());
        File.WriteAllBytes(Path.Combine(Folder, $"v{LogFooter.FormatVersion}.block"), bytes);
        File.WriteAllLines(Path.Combine(Folder, $"v{LogFooter.FormatVersion}.txt"), Read(bytes));
    }

    private static PlainLog[] Logs()
    {
        var gen = LogGen.Log.Array[120, 120];
        return [.. gen.Generate(new PCG(1, 20260101), null, out _), .. Enumerable.Range(0, 40).Select(i => new PlainLog { Time = SpanGen.Base + (ulong)i, Attributes = [new("request", PlainValue.Of(i % 9 == 0 ? "none" + i : $"0HN{i:D4}:{i * 7:X8}"))] })];
    }

    private static byte[] Write(PlainLog[] logs)
    {
        var (format, head, batch) = (new LogFormat(), new LogHead(), new LogBatch());
        using var decoder = new OtlpLogDecoder();
        Assert.Equal(DecodeStatus.Decoded, decoder.Decode(PlainOtlp.Request(logs), batch).Status);
        format.Add(head, batch, SpanGen.Base);
        var files = new MemoryFileSystem();
        files.CreateDirectory("/logs");
        using (var file = files.CreateFile("/logs/block"))
        {
            format.Write(head, file, default);
            file.Sync();
        }
        using var read = files.OpenRead("/logs/block");
        var bytes = new byte[read.Length];
        read.ReadExactly(0, bytes);
        return bytes;
    }

    /// <summary>Verifies a block and reads all of it, one line a record.</summary>
    private static string[] Read(byte[] bytes)
    {
        var files = new MemoryFileSystem();
        files.CreateDirectory("/logs");
        files.WriteAll("/logs/block", bytes);
        var format = new LogFormat();
        using var block = format.Open(files.OpenRead("/logs/block"), "block", new PageCache(1 << 20));
        format.Verify(block, default);
        var walk = new LogWalk(block.Parts, new QueryBounds(TimeProvider.System, TimeSpan.FromMinutes(5), long.MaxValue, default));
        var page = new LogSearch(new LogPlan { Limit = 10_000, Descending = false }, walk).Run();
        if (walk.Unreadable.Count > 0) throw walk.Unreadable[0];
        return [.. page.Entries.Select(e => StoredLog.ContentOf(e).ReplaceLineEndings(" ").Replace('\u0085', ' '))];
    }
}
