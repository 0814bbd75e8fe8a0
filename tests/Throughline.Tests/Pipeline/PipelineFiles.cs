using System.Reflection;

namespace Throughline.Tests.Pipeline;

/// <summary>Where the pipeline's parts are: its programs as built beside these tests, and what its set-up fetched.</summary>
internal static class PipelineFiles
{
    private static readonly string s_root = Metadata("RepoRoot");

    public static string Program(string folder, string name) =>
        Existing(Path.Combine(s_root, folder, "bin", Metadata("Configuration"), "net10.0", name + ".dll"), "Build the solution first.");

    public static string Model => Existing(Path.Combine(s_root, "pipeline/.data/model.onnx"), "Run pipeline/setup first; it says what it can't fetch.");

    public static string Frames
    {
        get
        {
            var folder = Path.Combine(s_root, "pipeline/.data/frames");
            Existing(Path.Combine(folder, "00001.jpg"), "Run pipeline/setup first; it says what it can't fetch.");
            return folder;
        }
    }

    private static string Existing(string path, string remedy) =>
        File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing. {remedy}");

    private static string Metadata(string key) =>
        typeof(PipelineFiles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(entry => entry.Key == key).Value ?? "";
}
