using System.Reflection;

namespace Throughline.Tests.Architecture;

/// <summary>The source that these tests were built from.</summary>
internal static class SourceTree
{
    /// <summary>The repository's directory.</summary>
    internal static string Root { get; } = Metadata("RepoRoot");

    /// <summary>The directory of the tests: cases, the independent sender, this project.</summary>
    internal static string Tests { get; } = Metadata("TestRoot");

    /// <summary>The configuration that these tests were built in, as a folder of build output is named.</summary>
    internal static string Configuration { get; } = Metadata("Configuration");

    private static string Metadata(string key) => typeof(SourceTree).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value
        ?? throw new InvalidOperationException($"The test assembly does not know its {key}.");
}
