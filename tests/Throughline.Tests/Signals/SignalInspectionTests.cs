using System.Net;
using System.Text;
using Throughline.Engine;
using Throughline.Engine.Inspection;
using Throughline.Engine.Signals;
using Throughline.Server.Configuration;
using Throughline.Tests.Files;
using Throughline.Tests.Server;
using Throughline.Tests.Store;

namespace Throughline.Tests.Signals;

/// <summary>A check and the figures of a directory reach the stores of all signals.</summary>
public sealed class SignalInspectionTests
{
    private static readonly ISignalProbe[] s_probes = [SignalProbe.Of(new PlainFormat())];

    /// <summary>Two blocks of three items and one request in the log, beside empty traces; closed.</summary>
    private static async Task<MemoryFileSystem> FilledAsync()
    {
        var files = new MemoryFileSystem();
        var time = new ManualTime();
        await using (await TraceStore.OpenAsync(new TraceStoreOptions { Directory = PlainStore.Directory }, files, time, default))
        {
        }
        await using (var store = await PlainStore.OpenAsync(files, time))
        {
            await store.SendAsync(new PlainItem(1_000, 1), new PlainItem(5_000, 2));
            await store.Store.FlushAsync(default);
            await store.SendAsync(new PlainItem(2_000, 3));
            await store.Store.FlushAsync(default);
            await store.SendAsync(new PlainItem(3_000, 4));
        }
        return files.Crash();
    }

    [Fact]
    public async Task ASoundStoreIsReadWhole()
    {
        var report = StoreCheck.Run(PlainStore.Directory, await FilledAsync(), s_probes, default);
        Assert.Empty(report.Findings);
        var logs = Assert.Single(report.Signals);
        Assert.Equal(("logs", "items", 2, 3L, 1L, 1L), (logs.Name, logs.ItemsName, logs.Blocks, logs.BlockItems, logs.LogRecords, logs.LogItems));
    }

    /// <summary>Whether its format is known or not: the machinery has checksums over everything.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EveryFlippedByteIsFound(bool isKnown)
    {
        var files = await FilledAsync();
        foreach (var path in files.Paths.Where(p => p.Contains("/0/logs/", StringComparison.Ordinal)))
        {
            for (var at = 0; at < files.ReadAll(path).Length; at++)
            {
                files.FlipBit(path, at * 8L + at % 8);
                var report = StoreCheck.Run(PlainStore.Directory, files, isKnown ? s_probes : [], default);
                Assert.True(!report.IsSound, $"{path}, byte {at}");
                Assert.All(report.Findings.Where(f => f.IsDamage), f => Assert.StartsWith("0/logs/", f.File, StringComparison.Ordinal));
                files.FlipBit(path, at * 8L + at % 8);
            }
        }
        Assert.True(StoreCheck.Run(PlainStore.Directory, files, s_probes, default).IsSound);
    }

    [Fact]
    public async Task WhatACrashLeavesIsNoDamage()
    {
        var files = await FilledAsync();
        files.WriteAll(PlainStore.Paths.Block(77), [1, 2, 3]);
        files.WriteAll(PlainStore.Paths.Manifest + ".tmp", [1]);
        var report = StoreCheck.Run(PlainStore.Directory, files, s_probes, default);
        Assert.True(report.IsSound);
        Assert.Equal(["0/logs/blocks/0000000077.block", "0/logs/manifest.json.tmp"], report.Findings.Select(f => f.File));
    }

    [Fact]
    public async Task TheFiguresTellWhereTheBytesGo()
    {
        var files = await FilledAsync();
        var logs = Assert.Single(StoreStats.Read(PlainStore.Directory, files, s_probes, default).Signals);
        Assert.Equal((2, 3L, 1L, 1L), (logs.Blocks, logs.BlockItems, logs.LogRecords, logs.LogItems));
        Assert.Equal((1_000ul, 5_000ul), (logs.Earliest, logs.Latest));
        Assert.Equal(logs.BlockBytes, logs.Parts.Sum(p => p.Bytes));
        Assert.Equal((0, 2, 3L), (logs.Levels[0].Level, logs.Levels[0].Blocks, logs.Levels[0].Items));
    }

    [Fact]
    public async Task TheCommandsPrintThemOfARealSignal()
    {
        var files = new MemoryFileSystem();
        await using (var server = await ServerUnderTest.StartAsync(o => o with { Store = o.Store with { Directory = PlainStore.Directory } }, files))
        {
            await SendAsync(server, "first", "second");
            using var compacted = await server.Http.PostAsync("/api/v1/compact", new StringContent("", Encoding.UTF8, "application/json"));
            Assert.Equal(HttpStatusCode.NoContent, compacted.StatusCode);
            await SendAsync(server, "third");
        }
        var check = await RunAsync(files, "check");
        Assert.Equal((0, true), (check.Code, check.Output.Contains("logs: 1 blocks with 2 log entries and 1 requests with 1 log entries in the log were read.\n", StringComparison.Ordinal)));
        var stats = await RunAsync(files, "stats");
        Assert.Equal(0, stats.Code);
        Assert.Matches("\nlogs\nblocks    1: 2 log entries, [0-9]+ bytes, [0-9]+\\.[0-9]{2} each\n  level 0: 1 blocks", stats.Output);
        files.FlipBit(PlainStore.Paths.Block(1), 8 * 40);
        var damaged = await RunAsync(files, "check");
        Assert.Equal(1, damaged.Code);
        Assert.Contains("damage: 0/logs/blocks/0000000001.block", damaged.Output);
    }

    private static async Task SendAsync(ServerUnderTest server, params string[] lines)
    {
        var records = string.Join(',', lines.Select(l => $$$"""{"timeUnixNano":"1790000000000000000","body":{"stringValue":"{{{l}}}"}}"""));
        using var content = new StringContent("""{"resourceLogs":[{"scopeLogs":[{"logRecords":[""" + records + "]}]}]}", Encoding.UTF8, "application/json");
        using var response = await server.Otlp.PostAsync("/v1/logs", content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task<(int Code, string Output)> RunAsync(MemoryFileSystem files, string command)
    {
        var output = new StringWriter { NewLine = "\n" };
        var line = new ServerCommandLine((_, _) => throw new InvalidOperationException("No server was asked for."), new InspectionCommands(files).Commands());
        return (await line.InvokeAsync([command, PlainStore.Directory], output, TextWriter.Null), output.ToString());
    }
}
