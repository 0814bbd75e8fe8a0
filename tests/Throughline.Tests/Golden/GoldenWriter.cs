using System.Text;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Tests.Store;

namespace Throughline.Tests.Golden;

/// <summary>Makes a golden store with the present code: <c>tests/cases/golden/README.md</c> says when and how.</summary>
internal static class GoldenWriter
{
    /// <summary>The store's directory.</summary>
    public const string StoreName = "store";

    /// <summary>The listing beside it: what the store must give back.</summary>
    public const string ListingName = "spans.txt";

    /// <summary>Fills an empty directory: a store of two blocks and a log that is not empty, and the listing.</summary>
    public static async Task WriteAsync(string directory, IFileSystem files)
    {
        var root = Path.Combine(directory, StoreName);
        var store = await TraceStore.OpenAsync(new TraceStoreOptions { Directory = root }, files, new ManualTime(), default);
        var parts = GoldenSpans.Parts();
        UInt128 digest = 0;
        for (var part = 0; part < parts.Count; part++)
        {
            foreach (var request in parts[part])
            {
                var payload = PlainOtlp.Request(request);
                var batch = new SpanBatch();
                var decoded = new OtlpTraceDecoder().Decode(payload, batch);
                if (decoded.Status != DecodeStatus.Decoded) throw new InvalidOperationException(decoded.Message);
                var result = await store.AppendAsync(batch, payload, ++digest, true, default);
                if (result.Status != AppendStatus.Durable) throw new InvalidOperationException(result.Message);
            }
            if (part < parts.Count - 1) await store.FlushAsync(default);
        }
        await store.DisposeAsync();
        // The file that the lock is on says nothing.
        File.Delete(Path.Combine(root, "LOCK"));
        await File.WriteAllLinesAsync(Path.Combine(directory, ListingName), GoldenSpans.Listing(), new UTF8Encoding(false));
    }
}
