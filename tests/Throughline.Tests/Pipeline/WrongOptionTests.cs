namespace Throughline.Tests.Pipeline;

/// <summary>An option that can't be ends the detector and the analyst with one line that names it, and an exit code; never with a stack trace.</summary>
public sealed class WrongOptionTests
{
    [Theory]
    [InlineData("Yolo26", "--Model:Threads", "many", "'many' at 'Model:Threads'")]
    [InlineData("Yolo26", "--Model:Parallel", "0", "Model: The field Parallel must be between 1 and 64.")]
    [InlineData("Yolo26", "--Model:MinimumConfidence", "NaN", "MinimumConfidence must be between")]
    [InlineData("Yolo26", "--Overload:HoldSeconds", "long", "'long' at 'Overload:HoldSeconds'")]
    [InlineData("Yolo26", "--OTEL_TRACES_SAMPLER", "sometimes", "OTEL_TRACES_SAMPLER is 'sometimes'")]
    [InlineData("Yolo26", "--OTEL_EXPORTER_OTLP_ENDPOINT", "nowhere", "OTEL_EXPORTER_OTLP_ENDPOINT is 'nowhere'")]
    [InlineData("Nemotron", "--Llm:Parallel", "4.5", "'4.5' at 'Llm:Parallel'")]
    [InlineData("Nemotron", "--Llm:TimeoutSeconds", "-1", "Llm: The field TimeoutSeconds must be between")]
    [InlineData("Nemotron", "--Llm:Url", "localhost", "Llm: The field Url is 'localhost'; it has to be an address like http://")]
    [InlineData("Nemotron", "--Llm:ApiKey", "", "Llm: The ApiKey field is required")]
    [InlineData("Nemotron", "--Llm:RecordContent", "perhaps", "'perhaps' at 'Llm:RecordContent'")]
    [InlineData("Nemotron", "--Analyst:TokensPerSecond", "0.6", "Analyst: The field TokensPerSecond must be between")]
    [InlineData("Nemotron", "--Memory:BudgetMegabytes", "1", "Memory: The field BudgetMegabytes must be between")]
    [InlineData("Nemotron", "--Telemetry:Profiles:Directory=profiles --Telemetry:Profiles:WindowSeconds", "soon", "Telemetry:Profiles:WindowSeconds")]
    [InlineData("Nemotron", "--Telemetry:Profiles:Endpoint", "nowhere", "Telemetry:Profiles:Endpoint is 'nowhere'")]
    public async Task OptionThatCannotBeEndsTheServiceWithALineThatNamesIt(string service, string option, string value, string words)
    {
        var name = "hsi-" + service.ToLowerInvariant();
        await using var process = PipelineProcess.Start(
            PipelineFiles.Program($"pipeline/{service}", name), new Dictionary<string, string>(),
            ["--urls", "http://127.0.0.1:0", "--Model:Path", PipelineFiles.Model, .. option.Split(' '), value]);

        Assert.Equal(3, await process.EndAsync());
        Assert.StartsWith($"{name}: ", Assert.Single(process.Output.Split('\n')));
        Assert.Contains(words, process.Output);
    }
}
