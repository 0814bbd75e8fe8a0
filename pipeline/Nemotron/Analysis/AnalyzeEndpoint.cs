using System.ClientModel;
using System.Diagnostics;
using Microsoft.Extensions.AI;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary><c>POST /analyze</c>: a batch in, a verdict out. Builds the prompt, asks the language model, reads its answer.</summary>
internal sealed class AnalyzeEndpoint(Lazy<LanguageModel> model, SpanSource spans)
{
    public void Map(WebApplication app) => app.MapPost("/analyze", Analyze).WithSpanName("analyze_batch");

    private async Task<IResult> Analyze(AnalysisRequest request, CancellationToken cancellation)
    {
        var span = Activity.Current;
        span?.SetTag("batch.id", request.BatchId).SetTag("batch.size", request.Images.Count)
            .SetTag("camera.id", request.CameraId).SetTag("camera.name", request.CameraName);
        try
        {
            var response = await model.Value.AskAsync(Prompt(request), cancellation);
            var verdict = Parse(response.Text);
            span?.SetTag("risk.score", verdict.RiskScore).SetTag("risk.level", verdict.RiskLevel);
            return Results.Ok(new AnalysisResponse(
                response.ModelId ?? "unknown", verdict.RiskScore, verdict.RiskLevel, verdict.Summary, verdict.Reasoning ?? "",
                response.Usage?.InputTokenCount, response.Usage?.OutputTokenCount));
        }
        catch (FormatException problem)
        {
            return Failed(problem, "invalid_verdict", StatusCodes.Status502BadGateway);
        }
        catch (TimeoutException problem)
        {
            return Failed(problem, "timeout", StatusCodes.Status504GatewayTimeout);
        }
        catch (HttpRequestException problem)
        {
            return Failed(problem, problem.HttpRequestError == HttpRequestError.ConnectionError ? "connection_refused" : "llm_unreachable",
                StatusCodes.Status502BadGateway);
        }
        catch (ClientResultException problem)
        {
            return Failed(problem, problem.InnerException is HttpRequestException ? "connection_refused" : "llm_error", StatusCodes.Status502BadGateway);
        }

        IResult Failed(Exception problem, string errorType, int status)
        {
            span.Fail(problem, errorType);
            return Results.Problem(statusCode: status, title: "The batch could not be analysed", detail: problem.Message,
                extensions: new Dictionary<string, object?> { ["errorType"] = errorType });
        }
    }

    private IList<ChatMessage> Prompt(AnalysisRequest request)
    {
        using var span = spans.Start("build_prompt");
        var prompt = PromptBuilder.Build(request);
        span?.SetTag("prompt.length", prompt.Sum(message => message.Text.Length))
            .SetTag("detection.count", request.Images.Sum(image => image.Detections.Count));
        return prompt;
    }

    private Verdict Parse(string answer)
    {
        using var span = spans.Start("parse_response");
        try
        {
            var verdict = Verdict.Parse(answer);
            span?.SetTag("risk.score", verdict.RiskScore).SetTag("risk.level", verdict.RiskLevel);
            return verdict;
        }
        catch (FormatException problem)
        {
            span.Fail(problem, "invalid_verdict");
            throw;
        }
    }
}
