using System.Reflection;

namespace Throughline.Tests.Architecture;

/// <summary>Rule 4: the reference pipeline is a user of Throughline like any other.</summary>
public sealed class PipelineReferenceTests
{
    [Theory]
    [InlineData("Backend")]
    [InlineData("Camera")]
    [InlineData("Nemotron")]
    [InlineData("Yolo26")]
    public void ThePipelineKnowsNeitherTheEngineNorTheServer(string project)
    {
        var text = File.ReadAllText(Path.Combine(SourceTree.Root, "pipeline", project, project + ".csproj"));
        Assert.DoesNotContain("Throughline.Engine", text);
        Assert.DoesNotContain("Throughline.Server", text);
        Assert.Contains("Throughline.Telemetry", text);
    }

    [Fact]
    public void TelemetryKnowsNeitherTheEngineNorTheServer()
    {
        var references = Assembly.Load("Throughline.Telemetry").GetReferencedAssemblies().Select(a => a.Name ?? "").ToList();
        Assert.DoesNotContain(references, n => n.StartsWith("throughline", StringComparison.OrdinalIgnoreCase));
        Assert.Contains(references, n => n.StartsWith("OpenTelemetry", StringComparison.Ordinal));
    }
}
