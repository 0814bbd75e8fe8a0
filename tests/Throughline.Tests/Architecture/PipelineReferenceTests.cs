using System.Reflection;

namespace Throughline.Tests.Architecture;

/// <summary>Rule 4: the reference pipeline is a user of Throughline like any other.</summary>
public sealed class PipelineReferenceTests
{
    [Theory]
    [InlineData("Backend", true)]
    [InlineData("Nemotron", true)]
    [InlineData("Yolo26", true)]
    // Cameras are untraced devices.
    [InlineData("Camera", false)]
    public void ThePipelineKnowsNeitherTheEngineNorTheServer(string project, bool traced)
    {
        var text = File.ReadAllText(Path.Combine(SourceTree.Root, "pipeline", project, project + ".csproj"));
        Assert.DoesNotContain("Throughline.Engine", text);
        Assert.DoesNotContain("Throughline.Server", text);
        Assert.Equal(traced, text.Contains("Throughline.Telemetry"));
    }

    [Fact]
    public void TelemetryKnowsNeitherTheEngineNorTheServer()
    {
        var references = Assembly.Load("Throughline.Telemetry").GetReferencedAssemblies().Select(a => a.Name ?? "").ToList();
        Assert.DoesNotContain(references, n => n.StartsWith("throughline", StringComparison.OrdinalIgnoreCase));
        Assert.Contains(references, n => n.StartsWith("OpenTelemetry", StringComparison.Ordinal));
    }
}
