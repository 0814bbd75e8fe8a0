using Throughline.Server.Configuration;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Server.Configuration;

/// <summary>What <c>throughline check</c> and <c>throughline stats</c> print and how they end.</summary>
public sealed class InspectionCommandsTests
{
    private const string Block = StoreUnderTest.Root + "/blocks/0000000001.block";

    [Fact]
    public async Task CheckOfASoundStoreEndsWithZero()
    {
        var (code, output, errors) = await RunAsync(await FilledAsync(), "check", StoreUnderTest.Directory);
        Assert.Equal((0, ""), (code, errors));
        Assert.Matches("^1 blocks with 3 spans and 1 requests with 1 spans in the log were read, [0-9]+ bytes.\nAll is well.\n$", output);
    }

    [Fact]
    public async Task CheckOfADamagedStoreSaysWhereAndEndsWithOne()
    {
        var files = await FilledAsync();
        files.FlipBit(Block, 8 * 18);
        var (code, output, errors) = await RunAsync(files, "check", StoreUnderTest.Directory);
        Assert.Equal((1, ""), (code, errors));
        Assert.StartsWith("damage: 0/traces/blocks/0000000001.block at byte 16: expected page checksum", output);
        Assert.EndsWith("\n1 places are damaged.\n", output);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("stats")]
    public async Task WrongUseIsOneLineAndEndsWithTwo(string command)
    {
        var files = new MemoryFileSystem();
        files.WriteAll("/other/file", [1]);
        foreach (var arguments in new[] { new[] { command }, [command, "/other"], [command, "/missing"], [command, "/a", "/b"], [command, "/a", "--data", "/b"] })
        {
            var (code, output, errors) = await RunAsync(files, arguments);
            Assert.Equal((2, ""), (code, output));
            Assert.StartsWith("throughline: ", errors);
            Assert.Single(errors.TrimEnd().Split('\n'));
        }
    }

    [Fact]
    public async Task DirectoryOfARunningServerIsRefused()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        foreach (var command in new[] { "check", "stats" })
        {
            var (code, _, errors) = await RunAsync(store.Files, command, StoreUnderTest.Directory);
            Assert.Equal(2, code);
            Assert.Contains("/data is in use by another process", errors);
        }
    }

    [Fact]
    public async Task StatsTellWhatThereIsAndWhereTheBytesGo()
    {
        var (code, output, errors) = await RunAsync(await FilledAsync(), "stats", StoreUnderTest.Directory);
        Assert.Equal((0, ""), (code, errors));
        Assert.Matches("blocks    1: 3 spans, 2 traces, [0-9]+ bytes, [0-9]+.[0-9]{2} a span\n", output);
        Assert.Contains("level 0: 1 blocks, 3 spans", output);
        Assert.Contains("log       1 requests, 1 spans", output);
        Assert.Contains("starts    2026-11-21 00:00:00Z to 2026-11-21 00:00:00Z", output);
        Assert.Contains("pinned    0 traces", output);
        Assert.Matches("\nids +[0-9]+ +[0-9]+.[0-9]{2}\n", output);
        Assert.Matches("\nevil\\?\\[31mkey +[0-9]+", output);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(MemoryFileSystem files, params string[] arguments)
    {
        var (output, errors) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var line = new ServerCommandLine((_, _) => throw new InvalidOperationException("No server was asked for."), new InspectionCommands(files).Commands());
        return (await line.InvokeAsync(arguments, output, errors), output.ToString(), errors.ToString());
    }

    /// <summary>A block of three spans and one in the log; closed.</summary>
    private static async Task<MemoryFileSystem> FilledAsync()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        PlainSpan Span(ulong trace, ulong id) => new() { TraceId = new(0, trace), SpanId = id, Start = SpanGen.Base, End = SpanGen.Base + id, Attributes = [new("evil\u001b[31mkey", PlainValue.Of($"value {id}"))] };
        await store.AppendAsync(Span(1, 1), Span(1, 2), Span(2, 3));
        await store.FlushAsync();
        await store.AppendAsync(Span(3, 4));
        await store.Store.DisposeAsync();
        return store.Files.Crash();
    }
}
