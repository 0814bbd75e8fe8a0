using Throughline.Engine;
using Throughline.Tests.Files;

namespace Throughline.Tests.Crash;

/// <summary>A disk that is full refuses what it cannot keep, and says so; once there is room the store goes on, with everything that was acknowledged.</summary>
public sealed class FullDiskTests
{
    [Theory]
    [InlineData(2_000)]
    [InlineData(12_000)]
    [InlineData(40_000)]
    public async Task AFullDiskRefusesAndLosesNothing(long capacity)
    {
        var files = new MemoryFileSystem();
        var ledger = new SpanLedger((int)capacity);
        await using (var store = await CrashStore.OpenAsync(files))
        {
            files.Capacity = capacity;
            var refused = 0;
            while (refused < 20)
                refused += await CrashStore.SendAsync(store, ledger.Next()) == AppendStatus.Durable ? 0 : 1;
            Assert.Null(ledger.Check(await CrashStore.ReadAsync(store, ledger), out var before));
            Assert.True(before > 0, "nothing was stored before the disk was full");

            files.Capacity = long.MaxValue;
            foreach (var request in ledger.Requests)
            {
                while (!request.IsAcknowledged)
                    await CrashStore.SendAsync(store, request);
            }
            await store.FlushAsync(CancellationToken.None);
            Assert.Empty(store.GetStatistics().Problems);
        }
        await using var again = await CrashStore.OpenAsync(files.Crash());
        Assert.Null(ledger.Check(await CrashStore.ReadAsync(again, ledger), out var spans));
        Assert.Equal(spans, again.GetStatistics().Spans);
        Assert.Empty(again.GetStatistics().Problems);
    }
}
