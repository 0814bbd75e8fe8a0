using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Golden;

/// <summary>Stores that were written by every format version so far open, and give back what was put into them.</summary>
public sealed class GoldenStoreTests : IDisposable
{
    /// <summary>Where to put a new golden store of the present version: <c>tests/cases/golden/README.md</c>.</summary>
    private const string TargetVariable = "THROUGHLINE_GOLDEN";

    private readonly string _temporary = Directory.CreateTempSubdirectory("throughline-").FullName;

    public static TheoryData<string> Versions => [.. GoldenStore.Versions()];

    public void Dispose() => Directory.Delete(_temporary, recursive: true);

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task EveryVersionGivesBackWhatWasStored(string version)
    {
        var folder = Path.Combine(GoldenStore.Folder, version);
        var files = GoldenStore.Load(folder);
        var listing = GoldenStore.Listing(folder);
        Assert.Equal(300, listing.Length);
        // Twice, since the first opening may have rewritten it.
        for (var opening = 0; opening < 2; opening++)
        {
            await using var store = await GoldenStore.OpenAsync(files);
            Assert.Equal(listing, await GoldenStore.ReadAsync(store));
            Assert.Equal(2, store.GetStatistics().Blocks);
            Assert.InRange(store.GetStatistics().HeadSpans, 80, 90);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task EveryVersionKnowsTheRequestsThatItHolds(string version)
    {
        await using var store = await GoldenStore.OpenAsync(GoldenStore.Load(Path.Combine(GoldenStore.Folder, version)));
        UInt128 digest = 0;
        foreach (var request in GoldenSpans.Parts().SelectMany(p => p))
            Assert.Equal(AppendStatus.Duplicate, (await StoreUnderTest.SendAsync(store, request, ++digest)).Status);
    }

    [Fact]
    public async Task PresentVersionGivesBackWhatWasStored()
    {
        var target = Environment.GetEnvironmentVariable(TargetVariable) is { Length: > 0 } folder ? Path.GetFullPath(folder, GoldenStore.Folder) : Path.Combine(_temporary, "golden");
        if (Directory.Exists(target)) Directory.Delete(target, recursive: true);
        Directory.CreateDirectory(target);
        await GoldenWriter.WriteAsync(target, new DiskFileSystem());
        await using var store = await GoldenStore.OpenAsync(GoldenStore.Load(target));
        Assert.Equal(GoldenStore.Listing(target), await GoldenStore.ReadAsync(store));
        Assert.Empty(store.GetStatistics().Problems);
    }
}
