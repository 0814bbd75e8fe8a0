using ArchUnitNET.Domain.Dependencies;

namespace Throughline.Tests.Architecture;

/// <summary>The rules of ARCHITECTURE.md, as a list of what each namespace may use. What is not listed is forbidden.</summary>
public sealed class LayerTests
{
    private const string E = "Throughline.Engine";
    private const string S = "Throughline.Server";

    /// <summary>What each namespace may use, beside itself. A new namespace has to be added here, with thought.</summary>
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        // Rule 1.
        [$"{E}.Model"] = [$"{E}.Model.Columns", $"{E}.Model.Wire"],
        [$"{E}.Model.Columns"] = [$"{E}.Model", $"{E}.Model.Vectors"],
        [$"{E}.Model.Vectors"] = [],
        [$"{E}.Model.Wire"] = [],
        [$"{E}.Files"] = [],
        [$"{E}.Decode"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Model.Wire", $"{E}.Logs"],
        [$"{E}.Encode"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Model.Wire", $"{E}.Logs"],
        [$"{E}.Wal"] = [$"{E}.Files"],
        // Rule 2.
        [$"{E}.Query"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Query.Plan"],
        [$"{E}.Query.Plan"] = [$"{E}.Model"],
        [$"{E}.Query.Execution"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Model.Vectors", $"{E}.Query", $"{E}.Query.Plan"],
        [$"{E}.Blocks.Format"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Files", $"{E}.Blocks.Pages"],
        [$"{E}.Blocks"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Model.Vectors", $"{E}.Files", $"{E}.Blocks.Format", $"{E}.Blocks.Read", $"{E}.Blocks.Write", $"{E}.Sampling"],
        [$"{E}.Blocks.Read"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Model.Vectors", $"{E}.Files", $"{E}.Blocks.Pages", $"{E}.Blocks.Format", $"{E}.Sampling"],
        [$"{E}.Blocks.Write"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Files", $"{E}.Blocks.Pages", $"{E}.Blocks.Format", $"{E}.Blocks.Read"],
        [$"{E}.Blocks.Version0"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Files", $"{E}.Blocks.Format"],
        [$"{E}.Blocks.Pages"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Files"],
        [$"{E}.Lifecycle"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Model.Vectors", $"{E}.Files", $"{E}.Query", $"{E}.Blocks", $"{E}.Blocks.Format", $"{E}.Blocks.Read", $"{E}.Blocks.Write", $"{E}.Blocks.Version0"],
        // Reads what is closed, past the store.
        [$"{E}.Inspection"] =
        [
            E, $"{E}.Lifecycle", $"{E}.Model", $"{E}.Model.Columns", $"{E}.Decode", $"{E}.Files", $"{E}.Wal", $"{E}.Blocks", $"{E}.Blocks.Pages", $"{E}.Blocks.Format", $"{E}.Blocks.Read", $"{E}.Blocks.Write", $"{E}.Blocks.Version0", $"{E}.Signals", $"{E}.Logs", $"{E}.Logs.Blocks", $"{E}.Logs.Storage", $"{E}.Metrics", $"{E}.Profiles", $"{E}.Profiles.Blocks", $"{E}.Profiles.Store",
        ],
        [$"{E}.Sampling"] = [$"{E}.Model", $"{E}.Files"],
        [$"{E}.Signals"] = [E, $"{E}.Blocks", $"{E}.Blocks.Format", $"{E}.Blocks.Read", $"{E}.Files", $"{E}.Lifecycle", $"{E}.Model", $"{E}.Wal"],
        [$"{E}.Logs"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Query", $"{E}.Query.Plan"],
        [$"{E}.Logs.Columns"] = [$"{E}.Logs", $"{E}.Model", $"{E}.Model.Columns", $"{E}.Model.Vectors"],
        [$"{E}.Logs.Blocks"] =
        [
            $"{E}.Logs", $"{E}.Logs.Columns", $"{E}.Model", $"{E}.Model.Columns", $"{E}.Model.Vectors", $"{E}.Files", $"{E}.Blocks.Pages", $"{E}.Blocks.Format", $"{E}.Blocks.Read",
        ],
        [$"{E}.Logs.Execution"] =
        [
            $"{E}.Logs", $"{E}.Logs.Columns", $"{E}.Model", $"{E}.Model.Columns", $"{E}.Model.Vectors", $"{E}.Files", $"{E}.Query", $"{E}.Query.Execution",
        ],
        [$"{E}.Logs.Storage"] =
        [
            E, $"{E}.Logs", $"{E}.Logs.Blocks", $"{E}.Logs.Columns", $"{E}.Logs.Execution", $"{E}.Blocks.Read", $"{E}.Decode", $"{E}.Files", $"{E}.Model", $"{E}.Model.Columns", $"{E}.Model.Vectors", $"{E}.Query.Execution", $"{E}.Signals", $"{E}.Wal",
        ],
        [$"{E}.Metrics"] = [E, $"{E}.Decode", $"{E}.Files", $"{E}.Model.Columns", $"{E}.Model.Wire", $"{E}.Blocks", $"{E}.Blocks.Pages", $"{E}.Blocks.Read", $"{E}.Query.Execution", $"{E}.Signals", $"{E}.Wal"],
        [$"{E}.Profiles"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Model.Wire"],
        [$"{E}.Profiles.Decode"] = [$"{E}.Model", $"{E}.Model.Wire", $"{E}.Profiles"],
        [$"{E}.Profiles.Blocks"] = [$"{E}.Blocks.Pages", $"{E}.Blocks.Read", $"{E}.Files", $"{E}.Model.Columns", $"{E}.Profiles"],
        [$"{E}.Profiles.Query"] = [$"{E}.Files", $"{E}.Model", $"{E}.Model.Columns", $"{E}.Profiles"],
        [$"{E}.Profiles.Store"] =
        [
            E, $"{E}.Blocks", $"{E}.Blocks.Read", $"{E}.Files", $"{E}.Model.Wire", $"{E}.Profiles", $"{E}.Profiles.Blocks", $"{E}.Profiles.Query", $"{E}.Signals", $"{E}.Wal",
        ],
        // The facade joins them.
        [E] =
        [
            $"{E}.Lifecycle", $"{E}.Model", $"{E}.Model.Columns", $"{E}.Decode", $"{E}.Encode", $"{E}.Files", $"{E}.Wal", $"{E}.Blocks", $"{E}.Blocks.Format", $"{E}.Blocks.Read", $"{E}.Query", $"{E}.Query.Plan", $"{E}.Query.Execution", $"{E}.Sampling",
        ],
        // Rule 3.
        [$"{S}.Configuration"] = [E, $"{E}.Model", $"{E}.Files", $"{E}.Inspection", $"{E}.Lifecycle", $"{E}.Signals", $"{E}.Profiles.Decode"],
        [$"{S}.Storage"] = [E, $"{E}.Files", $"{E}.Signals", $"{S}.Configuration", $"{E}.Logs.Storage", $"{E}.Metrics", $"{E}.Profiles.Store"],
        [$"{S}.SelfTelemetry"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Sampling"],
        [$"{S}.Problems"] = [],
        [$"{S}.Safety"] = [$"{S}.Configuration"],
        [$"{S}.Process"] = [$"{E}.Model", $"{E}.Model.Columns", $"{E}.Files", $"{E}.Sampling", $"{E}.Logs"],
        [$"{S}.Receive"] =
        [
            E, $"{E}.Decode", $"{E}.Encode", $"{E}.Model", $"{S}.Process", $"{S}.Configuration", $"{S}.SelfTelemetry", $"{S}.Storage", $"{S}.Forward", $"{E}.Logs", $"{E}.Logs.Storage", $"{E}.Metrics", $"{E}.Profiles", $"{E}.Profiles.Decode", $"{E}.Profiles.Store", $"{S}.Problems", $"{S}.Health",
        ],
        [$"{S}.Api.Native"] =
        [
            E, $"{E}.Encode", $"{E}.Lifecycle", $"{E}.Model", $"{E}.Model.Columns", $"{E}.Query", $"{E}.Query.Plan", $"{S}.Api", $"{S}.Configuration", $"{S}.Problems", $"{S}.SelfTelemetry", $"{S}.Storage", $"{S}.Forward", $"{S}.Process", $"{E}.Signals", $"{E}.Logs", $"{E}.Metrics", $"{E}.Profiles.Query", $"{E}.Profiles.Store", $"{S}.Health",
        ],
        [$"{S}.Api"] = [],
        [$"{S}.Api.Jaeger"] =
        [
            E, $"{E}.Decode", $"{E}.Encode", $"{E}.Lifecycle", $"{E}.Model", $"{E}.Model.Columns", $"{E}.Query", $"{E}.Query.Plan", $"{S}.Api", $"{S}.Storage",
        ],
        [$"{S}.Forward"] = [$"{E}.Encode", $"{E}.Files", $"{E}.Model", $"{E}.Model.Columns", $"{E}.Wal", $"{S}.Configuration"],
        [$"{S}.Api.Prometheus"] = [E, $"{E}.Model", $"{E}.Signals", $"{S}.Forward", $"{S}.Health", $"{S}.Problems", $"{S}.SelfTelemetry", $"{S}.Storage"],
        [$"{S}.Health"] = [$"{E}.Files", $"{E}.Model", $"{S}.Configuration"],
        [$"{S}.Events"] = [$"{S}.Problems"],
        [$"{S}.Sampling"] = [$"{S}.Api", $"{S}.Problems", $"{S}.Process"],
        [$"{S}.Grafana"] = [$"{S}.Problems", $"{S}.Safety"],
        [$"{S}.Page"] = [],
        [$"{S}.Hosting"] =
        [
            E, $"{E}.Files", $"{S}.Api.Jaeger", $"{S}.Api.Native", $"{S}.Grafana", $"{S}.Page", $"{S}.Configuration", $"{S}.Problems", $"{S}.Receive", $"{S}.Safety", $"{S}.SelfTelemetry", $"{S}.Storage", $"{S}.Forward", $"{S}.Process", $"{E}.Signals", $"{S}.Api.Prometheus", $"{S}.Health", $"{S}.Events", $"{S}.Sampling",
        ],
    };

    [Fact]
    public void NamespacesUseOnlyWhatTheyMay() => Assert.True(!Violations(MayUse).Any(), string.Join('\n', Violations(MayUse)));

    [Fact]
    public void EveryNamespaceHasItsRule()
    {
        var unruled = OurTypes.All.Select(t => t.Namespace.FullName).Distinct().Where(n => !MayUse.ContainsKey(n) && !n.EndsWith("Generated", StringComparison.Ordinal));
        Assert.Empty(unruled);
    }

    /// <summary>The check can fail: taken out of the list, every dependency that there is becomes a violation.</summary>
    [Fact]
    public void EveryForbiddenDependencyWouldBeFound()
    {
        Assert.NotEmpty(OurTypes.NamespaceDependencies);
        foreach (var dependency in OurTypes.NamespaceDependencies)
        {
            var stricter = MayUse.ToDictionary(r => r.Key, r => r.Key == dependency.From ? [.. r.Value.Where(n => n != dependency.To)] : r.Value);
            Assert.Contains(dependency.Example, Violations(stricter));
        }
    }

    /// <summary>Permissions that nobody needs are gaps in the wall.</summary>
    [Fact]
    public void NoNamespaceMayMoreThanItDoes()
    {
        var used = OurTypes.NamespaceDependencies.Select(d => (d.From, d.To)).ToHashSet();
        var existing = OurTypes.All.Select(t => t.Namespace.FullName).ToHashSet();
        var spare = MayUse.Where(r => existing.Contains(r.Key)).SelectMany(r => r.Value.Where(n => existing.Contains(n) && !used.Contains((r.Key, n))).Select(n => $"{r.Key} -> {n}"));
        Assert.True(!spare.Any(), string.Join('\n', spare));
    }

    [Fact]
    public void TheLogAndTheBlocksDoNotKnowEachOther()
    {
        Assert.False(Uses($"{E}.Wal", $"{E}.Blocks"));
        Assert.False(Uses($"{E}.Blocks", $"{E}.Wal"));
        // And the question can be answered with yes.
        Assert.True(Uses(E, $"{E}.Wal"));
    }

    [Fact]
    public void TheEngineKnowsNeitherTheServerNorTheWeb()
    {
        var foreign = OurTypes.All.Where(t => t.Namespace.FullName.StartsWith(E, StringComparison.Ordinal)).SelectMany(t => t.Dependencies)
            .Select(d => d.Target.FullName).Where(IsWeb).Distinct();
        Assert.Empty(foreign);
        Assert.Contains(OurTypes.All.Where(t => t.Namespace.FullName.StartsWith(S, StringComparison.Ordinal)).SelectMany(t => t.Dependencies), d => IsWeb(d.Target.FullName));
    }

    /// <summary>Rule 5. Model is one thing in several folders; the list above says so.</summary>
    [Fact]
    public void NamespacesFormNoCycle()
    {
        var dependencies = OurTypes.NamespaceDependencies.Select(d => (From: Folded(d.From), To: Folded(d.To))).Where(d => d.From != d.To).Distinct().ToList();
        Assert.Empty(Cycle(dependencies));
        Assert.NotEmpty(Cycle([.. dependencies, ($"{E}.Files", $"{E}.Wal")]));
    }

    [Fact]
    public void NothingIsCalledCommonUtilsHelpersOrManagers()
    {
        var names = OurTypes.All.SelectMany(t => t.Namespace.FullName.Split('.').Append(t.Name)).Distinct();
        Assert.DoesNotContain(names, IsDrawer);
        Assert.True(IsDrawer("StringUtils") && IsDrawer("Common") && IsDrawer("TraceManager") && !IsDrawer("TraceStore"));
    }

    [Fact]
    public void OnlyFilesTouchesFiles()
    {
        var users = UsersOf(IsFileAccess);
        Assert.All(users, n => Assert.Equal($"{E}.Files", n));
        // The check sees the one place that may.
        Assert.NotEmpty(users);
    }

    [Fact]
    public void TimeComesFromTimeProvider()
    {
        var calls = OurTypes.All.SelectMany(t => t.Dependencies.OfType<MethodCallDependency>()).Select(d => d.TargetMember.FullName).ToList();
        Assert.DoesNotContain(calls, m => m.Contains("System.DateTime::get_UtcNow", StringComparison.Ordinal) || m.Contains("System.DateTime::get_Now", StringComparison.Ordinal)
            || m.Contains("System.DateTimeOffset::get_UtcNow", StringComparison.Ordinal) || m.Contains("System.DateTimeOffset::get_Now", StringComparison.Ordinal));
        Assert.Contains(calls, m => m.Contains("System.TimeProvider::GetUtcNow", StringComparison.Ordinal));
    }

    private static IReadOnlyList<string> Violations(Dictionary<string, string[]> mayUse) =>
        [.. OurTypes.NamespaceDependencies.Where(d => !mayUse.GetValueOrDefault(d.From, []).Contains(d.To)).Select(d => d.Example)];

    private static bool Uses(string from, string to) => OurTypes.NamespaceDependencies.Any(d => d.From == from && d.To == to);

    private static HashSet<string> UsersOf(Func<string, bool> isTarget) =>
        [.. OurTypes.All.Where(t => t.Dependencies.Any(d => isTarget(d.Target.FullName))).Select(t => t.Namespace.FullName)];

    private static bool IsWeb(string type) =>
        type.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || type.StartsWith("Grpc.", StringComparison.Ordinal) || type.StartsWith(S, StringComparison.Ordinal);

    private static bool IsDrawer(string name) => new[] { "Common", "Util", "Utils", "Helper", "Helpers", "Manager", "Managers" }.Any(d => name.EndsWith(d, StringComparison.Ordinal));

    private static bool IsFileAccess(string type) =>
        type is "System.IO.File" or "System.IO.Directory" or "System.IO.FileStream" or "System.IO.FileInfo" or "System.IO.DirectoryInfo" or "System.IO.RandomAccess";

    private static string Folded(string name) => name.StartsWith($"{E}.Model", StringComparison.Ordinal) ? $"{E}.Model" : name;

    /// <summary>The members of some cycle; empty when there is none. Namespaces that nobody uses, or that use nobody, are taken away until nothing changes.</summary>
    private static IReadOnlyCollection<string> Cycle(List<(string From, string To)> dependencies)
    {
        var left = dependencies.ToList();
        int before;
        do
        {
            before = left.Count;
            left = [.. left.Where(d => left.Any(o => o.To == d.From) && left.Any(o => o.From == d.To))];
        }
        while (left.Count != before);
        return [.. left.Select(d => d.From).Distinct()];
    }
}
