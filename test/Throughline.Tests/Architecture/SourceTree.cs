using System.Reflection;

namespace Throughline.Tests.Architecture;

/// <summary>The source that these tests were built from.</summary>
internal static class SourceTree
{
    /// <summary>The repository's directory.</summary>
    internal static string Root { get; } = typeof(SourceTree).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "RepoRoot").Value ?? throw new InvalidOperationException("The test assembly does not know its repository.");
}
