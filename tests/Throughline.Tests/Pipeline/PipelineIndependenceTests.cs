using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Camera;
using Throughline.Pipeline.Nemotron.RuleAnalyst;
using Throughline.Pipeline.Yolo26.Detection;
using Throughline.Telemetry;

namespace Throughline.Tests.Pipeline;

/// <summary>The pipeline stands for anybody's services: it knows the tracing system by OTLP and the telemetry library only.</summary>
public sealed class PipelineIndependenceTests
{
    [Theory]
    [InlineData(typeof(Batcher))]
    [InlineData(typeof(Rules))]
    [InlineData(typeof(Detector))]
    [InlineData(typeof(CameraLoop))]
    [InlineData(typeof(SpanSource))]
    public void ProgramReferencesNeitherEngineNorServerNorAnotherService(Type partOfIt)
    {
        var ours = partOfIt.Assembly.GetReferencedAssemblies().Select(reference => reference.Name ?? "")
            .Where(name => name.StartsWith("Throughline", StringComparison.OrdinalIgnoreCase) || name.StartsWith("hsi-", StringComparison.Ordinal));
        Assert.Equal(partOfIt == typeof(CameraLoop) || partOfIt == typeof(SpanSource) ? [] : ["Throughline.Telemetry"], ours);
    }
}
