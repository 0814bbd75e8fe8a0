using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Throughline.Engine;
using Throughline.Server.Hosting;

namespace Throughline.Tests.Architecture;

/// <summary>What the compiled engine and server depend on, read from their code once.</summary>
internal static class OurTypes
{
    /// <summary>The loaded assemblies.</summary>
    internal static ArchUnitNET.Domain.Architecture Loaded { get; } = new ArchLoader().LoadAssemblies(typeof(TraceStore).Assembly, typeof(ServerHost).Assembly).Build();

    /// <summary>Types of our own source: compiler-made ones count as what they were made for.</summary>
    internal static IEnumerable<IType> All => Loaded.Types.Where(t => IsOurs(t) && t.Assembly is { } assembly && assembly.Name.StartsWith("throughline", StringComparison.OrdinalIgnoreCase));

    /// <summary>Every dependency between namespaces of ours, with one example each.</summary>
    internal static IReadOnlyList<NamespaceDependency> NamespaceDependencies { get; } =
    [
        .. All.SelectMany(t => t.Dependencies.Where(d => IsOurs(d.Target)).Select(d => new NamespaceDependency(Name(t), Name(d.Target), $"{t.FullName} -> {d.Target.FullName}")))
            .Where(d => d.From != d.To)
            .DistinctBy(d => (d.From, d.To))
            .OrderBy(d => d.From, StringComparer.Ordinal).ThenBy(d => d.To, StringComparer.Ordinal),
    ];

    // Type parameters and arrays, which the loader lists as types too, have no namespace.
    internal static bool IsOurs(IType type) => type.Namespace is { } name && name.FullName.StartsWith("Throughline", StringComparison.Ordinal);

    private static string Name(IType type) => type.Namespace.FullName;
}

/// <summary>One namespace uses another; <paramref name="Example"/> is a pair of types that shows it.</summary>
internal sealed record NamespaceDependency(string From, string To, string Example);
