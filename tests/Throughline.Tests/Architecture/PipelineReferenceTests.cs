using System.Reflection;
using System.Xml.Linq;

namespace Throughline.Tests.Architecture;

/// <summary>Rule 4: the reference pipeline is a user of Throughline like any other.</summary>
public sealed class PipelineReferenceTests
{
    private static readonly string Pipeline = Path.Combine(SourceTree.Root, "pipeline");

    public static TheoryData<string> Projects =>
        [.. Directory.EnumerateFiles(Pipeline, "*.csproj", SearchOption.AllDirectories).Select(p => Path.GetRelativePath(Pipeline, p)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Projects))]
    public void OfOursThePipelineKnowsThroughlineTelemetryOnly(string project) => Assert.Empty(Foreign(References(project)));

    [Fact]
    public void AReferenceToTheEngineWouldBeFound()
    {
        Assert.Contains(Projects.SelectMany(p => References(p.Data)), r => r == "Throughline.Telemetry");
        Assert.Equal(["Throughline.Engine", "throughline"], Foreign(["Throughline.Engine", "Throughline.Telemetry", "Backend", "throughline"]));
    }

    [Fact]
    public void TelemetryKnowsNeitherTheEngineNorTheServer()
    {
        var references = Assembly.Load("Throughline.Telemetry").GetReferencedAssemblies().Select(a => a.Name ?? "").ToList();
        Assert.Empty(Foreign(references));
        Assert.Contains(references, n => n.StartsWith("OpenTelemetry", StringComparison.Ordinal));
    }

    /// <summary>Names of the projects that a project of the pipeline refers to, however the path is written.</summary>
    private static IEnumerable<string> References(string project) => XDocument.Load(Path.Combine(Pipeline, project)).Descendants("ProjectReference")
        .Select(r => Path.GetFileNameWithoutExtension((r.Attribute("Include")?.Value ?? "").Replace('\\', '/')));

    private static IEnumerable<string> Foreign(IEnumerable<string> references) =>
        references.Where(r => r.StartsWith("throughline", StringComparison.OrdinalIgnoreCase) && r != "Throughline.Telemetry");
}
