using System.Globalization;
using System.Text;
using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;

namespace Throughline.Benchmarks;

/// <summary>Bytes of a directory's files by their kind (the ending of the name, or the name), and the spans they hold. Immutable.</summary>
internal sealed record StoreSize(long Spans, int Blocks, IReadOnlyList<(string Kind, int Files, long Bytes)> Kinds)
{
    public long Bytes => Kinds.Sum(kind => kind.Bytes);

    public double BytesPerSpan => (double)Bytes / Spans;

    /// <summary>Opens a directory that no server uses, puts everything into blocks so that the log is empty, compacts, and counts.</summary>
    public static async Task<StoreSize> SettleAsync(string data)
    {
        StoreStatistics statistics;
        // The data have a fixed date.
        var options = new TraceStoreOptions { Directory = data, Retention = new RetentionOptions { MaxAge = TimeSpan.Zero } };
        await using (var store = await TraceStore.OpenAsync(options, new DiskFileSystem(), TimeProvider.System, default))
        {
            await store.FlushAsync(default);
            await store.CompactAsync(default);
            statistics = store.GetStatistics();
        }
        if (statistics.Problems.Count > 0) throw new InvalidDataException($"{data} has problems: {string.Join("; ", statistics.Problems)}");
        var kinds = new DirectoryInfo(data).EnumerateFiles("*", SearchOption.AllDirectories).GroupBy(file => file.Extension.Length == 0 ? file.Name : file.Extension)
            .Select(kind => (kind.Key, kind.Count(), kind.Sum(file => file.Length))).OrderByDescending(kind => kind.Item3);
        return new StoreSize(statistics.Spans, statistics.Blocks, [.. kinds]);
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Spans:N0} spans, {Blocks} blocks");
        foreach (var (kind, files, bytes) in Kinds) text.AppendLine(CultureInfo.InvariantCulture, $"{kind}: {files} files, {bytes:N0} bytes, {(double)bytes / Spans:0.00} bytes a span");
        text.Append(CultureInfo.InvariantCulture, $"all: {BytesPerSpan:0.00} bytes a span");
        return text.ToString();
    }
}
