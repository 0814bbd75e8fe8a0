using System.Diagnostics;
using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Engine.Inspection;
using Throughline.Tests.Architecture;
using Throughline.Tests.Senders;

namespace Throughline.Tests.Samples;

/// <summary>The sample of docs/library.md does what it says, as a process of its own.</summary>
public sealed class EmbeddedStoreTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("throughline-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task SampleStoresFindsAndReadsATrace()
    {
        string[] expected =
        [
            "append: Durable",
            "found: 0af7651916cd43dd8448eb211c80319c detector POST /frames, 2 spans, 1 errors",
            "span: POST /frames, 120 ms, parent at -1",
            "span: infer, 90 ms, parent at 0",
        ];
        Assert.Equal(expected, await RunAsync());
        // A second run finds what the first one stored, and the same spans are the same spans.
        expected[0] = "append: Duplicate";
        Assert.Equal(expected, await RunAsync());
        Assert.Empty(StoreCheck.Run(_data, new DiskFileSystem(), default).Findings);
        await using var store = await TraceStore.OpenAsync(_data);
        Assert.Equal(2, store.GetStatistics().Spans);
    }

    private async Task<string[]> RunAsync()
    {
        var sample = Path.Combine(SourceTree.Root, "samples", "EmbeddedStore", "bin", SourceTree.Configuration, "net10.0", "EmbeddedStore.dll");
        return (await Guide.RunAsync(new ProcessStartInfo("dotnet", [sample, _data]))).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
