using System.Text.RegularExpressions;

namespace Throughline.Tests.Architecture;

/// <summary>What ARCHITECTURE.md names is there.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] Documents = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "docs/operations.md", "docs/screens.md", .. Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "docs", "senders"), "*.md").Select(f => Path.GetRelativePath(SourceTree.Root, f)).Order(StringComparer.Ordinal)];

    /// <summary>What stands in backticks and is neither a type nor a path of ours.</summary>
    private static readonly HashSet<string> OtherWords = ["TimeProvider", "IFileSystem"];

    public static TheoryData<string> Existing => [.. Documents.Where(d => File.Exists(Path.Combine(SourceTree.Root, d)))];

    [Theory, MemberData(nameof(Existing))]
    public void EveryPathIsThere(string document)
    {
        var text = File.ReadAllText(Path.Combine(SourceTree.Root, document));
        Assert.Empty(MissingPaths(text, Path.GetDirectoryName(document) ?? ""));
    }

    [Fact]
    public void EveryTypeOfTheArchitectureIsThere()
    {
        var text = File.ReadAllText(Path.Combine(SourceTree.Root, "ARCHITECTURE.md"));
        Assert.NotEmpty(TypeNames(text));
        Assert.Empty(MissingTypes(text));
    }

    [Fact]
    public void WhatIsNotThereWouldBeFound()
    {
        Assert.Equal(["SpanBatcher"], MissingTypes("a `SpanBatch` and a `SpanBatcher`"));
        Assert.Equal(["src/Nowhere/", "docs/no.md"], MissingPaths("in `src/Throughline.Engine/` and `src/Nowhere/`, [see](docs/no.md), [and](https://example.com/x)", ""));
    }

    private static IEnumerable<string> MissingPaths(string text, string directory)
    {
        var quoted = QuotedPath().Matches(text).Select(m => (Path: m.Groups[1].Value, Base: ""));
        var linked = Link().Matches(text).Select(m => (Path: m.Groups[1].Value, Base: directory)).Where(p => !p.Path.Contains("://", StringComparison.Ordinal));
        foreach (var (path, from) in quoted.Concat(linked))
        {
            var full = Path.Combine(SourceTree.Root, from, path);
            if (!File.Exists(full) && !Directory.Exists(full)) yield return path;
        }
    }

    private static IEnumerable<string> MissingTypes(string text)
    {
        var known = OurTypes.All.Select(t => t.Name.Split('`')[0]).ToHashSet();
        return TypeNames(text).Where(n => !known.Contains(n) && !OtherWords.Contains(n));
    }

    private static IEnumerable<string> TypeNames(string text) => QuotedType().Matches(text).Select(m => m.Groups[1].Value).Distinct();

    [GeneratedRegex("`([A-Z][a-z]+(?:[A-Z][A-Za-z0-9]*)+|I[A-Z][A-Za-z0-9]+)`")]
    private static partial Regex QuotedType();

    [GeneratedRegex("`((?:src|web|pipeline|tests?|bench|docs)/[A-Za-z0-9_./-]*)`")]
    private static partial Regex QuotedPath();

    [GeneratedRegex(@"\]\(([^)#]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();
}
