using System.Buffers.Binary;
using System.Text;
using Throughline.Engine;
using Throughline.Tests.Files;

namespace Throughline.Tests.Store;

/// <summary>What cannot be a store of this release is refused in one clear line, and nothing in it is changed; what is missing or cut is told, and the rest served.</summary>
public sealed class StoreOpeningTests
{
    private const string Root = StoreUnderTest.Root;

    [Theory]
    [InlineData("CURRENT")]
    [InlineData("PG_VERSION")]
    [InlineData("notes.txt")]
    public async Task DirectoryOfAnotherProgramIsRefused(string name)
    {
        var files = new MemoryFileSystem();
        files.WriteAll($"{StoreUnderTest.Directory}/{name}", [1, 2, 3]);
        var refused = await RefusedAsync(files);
        Assert.Contains($"{StoreUnderTest.Directory} holds {name}", refused);
        Assert.Equal([$"{StoreUnderTest.Directory}/{name}"], files.Paths);
    }

    [Fact]
    public async Task HiddenFilesAndTheLockOfAnEarlierTryAreNoStrangers()
    {
        var files = new MemoryFileSystem();
        files.WriteAll($"{StoreUnderTest.Directory}/.gitkeep", []);
        files.WriteAll($"{StoreUnderTest.Directory}/LOCK", []);
        await using var store = await TraceStore.OpenAsync(Options, files, new ManualTime(), default);
        Assert.Empty(store.GetStatistics().Problems);
    }

    [Fact]
    public async Task ManifestOfANewerReleaseIsRefused()
    {
        var files = await FilledAsync();
        files.WriteAll($"{Root}/manifest.json", Encoding.UTF8.GetBytes("""{"Version":9,"Something":[]}"""));
        var before = files.Paths;
        Assert.Contains("format version 9, written by a newer release; this one knows 1", await RefusedAsync(files));
        Assert.Equal(before, files.Paths);
    }

    [Fact]
    public async Task ManifestOfAnotherProgramIsRefused()
    {
        foreach (var text in new[] { "", "[]", "{\"name\":\"app\",\"icons\":[]}", "\u007fELF" })
        {
            var files = await FilledAsync();
            files.WriteAll($"{Root}/manifest.json", Encoding.UTF8.GetBytes(text));
            var refused = await RefusedAsync(files);
            Assert.Contains($"{Root}/manifest.json at byte", refused);
            Assert.Contains("expected a manifest", refused);
        }
    }

    [Fact]
    public async Task BlockOfANewerReleaseIsToldWithItsPlaceAndTheRestIsServed()
    {
        var files = await FilledAsync();
        var path = $"{Root}/blocks/0000000001.block";
        var bytes = files.ReadAll(path);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 20), 2);
        files.WriteAll(path, bytes);
        await ServedAsync(files, 2, $"0000000001.block at byte {bytes.Length - 20}: expected format version 1 or older, found version 2, written by a newer release");
        Assert.Equal(bytes, files.ReadAll(path));
    }

    [Fact]
    public async Task MissingCutSwappedAndForeignBlocksAreToldAndTheRestIsServed()
    {
        var whole = await FilledAsync();
        var (first, second) = ($"{Root}/blocks/0000000001.block", $"{Root}/blocks/0000000002.block");
        var files = whole.Crash();
        files.Delete(first);
        await ServedAsync(files, 2, "0000000001.block");

        files = whole.Crash();
        files.WriteAll(first, whole.ReadAll(first)[..^1]);
        await ServedAsync(files, 2, "0000000001.block at byte");

        files = whole.Crash();
        files.WriteAll(first, []);
        await ServedAsync(files, 2, "0000000001.block at byte 0: expected a whole block, found 0 bytes");

        files = whole.Crash();
        files.WriteAll(first, new byte[5_000]);
        await ServedAsync(files, 2, "0000000001.block at byte 4992: expected the mark");

        files = whole.Crash();
        files.WriteAll(first, whole.ReadAll(second));
        await ServedAsync(files, 2, "0000000001.block at byte");
    }

    [Fact]
    public async Task MissingAndCutLogSegmentsAreTold()
    {
        var whole = await FilledAsync();
        var segment = $"{Root}/log/0000000003.wal";
        foreach (var length in new[] { -1, 0, 100, 128, 200 })
        {
            var files = whole.Crash();
            if (length < 0) files.Delete(segment);
            else files.WriteAll(segment, whole.ReadAll(segment)[..length]);
            await ServedAsync(files, 2, "0000000003.wal");
        }
    }

    [Fact]
    public async Task LogOfANewerReleaseIsRefused()
    {
        var files = await FilledAsync();
        var path = $"{Root}/log/0000000003.wal";
        var bytes = files.ReadAll(path);
        for (var copy = 0; copy < 2; copy++)
        {
            var header = bytes.AsSpan(64 * copy, 64);
            BinaryPrimitives.WriteUInt32LittleEndian(header[8..], 7);
            BinaryPrimitives.WriteUInt64LittleEndian(header[56..], System.IO.Hashing.XxHash3.HashToUInt64(header[..56]));
        }
        files.WriteAll(path, bytes);
        Assert.Contains("0000000003.wal: the log has format version 7", await RefusedAsync(files));
    }

    private static TraceStoreOptions Options => new() { Directory = StoreUnderTest.Directory };

    /// <summary>Two blocks of a trace each, and a third trace in the log; closed.</summary>
    private static async Task<MemoryFileSystem> FilledAsync()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        for (var trace = 1; trace <= 3; trace++)
        {
            await store.AppendAsync(new PlainSpan { TraceId = new(0, (ulong)trace), SpanId = 1, Start = SpanGen.Base, End = SpanGen.Base + 1, Name = new string('n', 10 * trace) });
            if (trace < 3) await store.FlushAsync();
        }
        await store.Store.DisposeAsync();
        return store.Files.Crash();
    }

    private static async Task<string> RefusedAsync(MemoryFileSystem files)
    {
        var refused = await Assert.ThrowsAsync<StoreOpenException>(() => TraceStore.OpenAsync(Options, files, new ManualTime(), default));
        Assert.DoesNotContain('\n', refused.Message);
        return refused.Message;
    }

    private static async Task ServedAsync(MemoryFileSystem files, int traces, string problem)
    {
        await using var store = await TraceStore.OpenAsync(Options, files, new ManualTime(), default);
        var served = 0;
        for (var trace = 1; trace <= 3; trace++) served += await store.GetTraceAsync(new(0, (ulong)trace), default) is null ? 0 : 1;
        var problems = store.GetStatistics().Problems;
        Assert.True(problems.Any(p => p.Contains(problem, StringComparison.Ordinal)), $"expected '{problem}' among '{string.Join("; ", problems)}'");
        Assert.Equal(traces, served);
    }
}
