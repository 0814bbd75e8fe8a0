using System.Text;
using Throughline.Engine;
using Throughline.Engine.Model;
using Throughline.Tests.Architecture;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Golden;

/// <summary>A golden store of <c>tests/cases/golden</c>, copied into memory.</summary>
internal static class GoldenStore
{
    public const string Directory = "/golden";

    public static string Folder => Path.Combine(SourceTree.Tests, "cases", "golden");

    /// <summary>The versions that there are, as their folders are named.</summary>
    public static IEnumerable<string> Versions() => System.IO.Directory.EnumerateDirectories(Folder).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal);

    public static MemoryFileSystem Load(string folder)
    {
        var files = new MemoryFileSystem();
        var root = Path.Combine(folder, GoldenWriter.StoreName);
        files.CreateDirectory(Directory);
        foreach (var path in System.IO.Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Directory, Path.GetRelativePath(root, path));
            files.CreateDirectory(Path.GetDirectoryName(copy) ?? Directory);
            files.WriteAll(copy, File.ReadAllBytes(path));
        }
        return files;
    }

    public static Task<TraceStore> OpenAsync(MemoryFileSystem files) => TraceStore.OpenAsync(new TraceStoreOptions { Directory = Directory }, files, new ManualTime(), default);

    /// <summary>All that the store gives back, one line a span, as the listing has it.</summary>
    public static async Task<string[]> ReadAsync(TraceStore store)
    {
        var lines = new List<string>();
        foreach (var trace in GoldenSpans.Parts().SelectMany(p => p).SelectMany(r => r).Select(s => s.TraceId).Distinct())
        {
            var view = await store.GetTraceAsync(trace, default);
            if (view is not null) lines.AddRange(PlainReader.Read(view.Spans).Select(GoldenSpans.Line));
        }
        return [.. lines.Order(StringComparer.Ordinal)];
    }

    public static string[] Listing(string folder) => File.ReadAllLines(Path.Combine(folder, GoldenWriter.ListingName), Encoding.UTF8);
}
