using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>
/// <c>POST /analyze</c>: a batch in, a verdict out. Builds the prompt, asks the language model, reads its answer. Without a whole and
/// well-formed answer there is no verdict, but an error that says why. Thread-safe.
/// </summary>
internal sealed class AnalyzeEndpoint(
    Lazy<LanguageModel> model, WorkQueue queue, WorkingMemory? memory, bool quote, SpanSource spans, AnalystMetrics metrics)
{
    public void Map(WebApplication app) => app.MapPost("/analyze", (Delegate)Analyze).WithSpanName("analyze_batch");

    private async Task<IResult> Analyze(HttpContext context)
    {
        var span = Activity.Current;
        var logger = context.RequestServices.GetRequiredService<ILogger<AnalyzeEndpoint>>();
        using var place = queue.TryEnter();
        if (place is null) return Failed(AnalysisFailure.QueueFull(queue));
        AnalysisRequest? request;
        try
        {
            request = await context.Request.ReadFromJsonAsync<AnalysisRequest>(context.RequestAborted);
        }
        catch (Exception problem) when (problem is JsonException or BadHttpRequestException or InvalidOperationException)
        {
            return Failed(AnalysisFailure.Invalid($"The body is not the JSON of a batch: {problem.Message}"));
        }
        catch (Exception problem) when (problem is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            return Failed(AnalysisFailure.CallerGone(problem));
        }
        if (request is null) return Failed(AnalysisFailure.Invalid("The body is null."));
        if (request.Problem() is { } wrong) return Failed(AnalysisFailure.Invalid(wrong));

        span?.SetTag("batch.id", request.BatchId).SetTag("batch.size", request.Images.Count)
            .SetTag("camera.id", request.CameraId).SetTag("camera.name", request.CameraName);
        try
        {
            using var turn = await queue.TurnAsync(context.RequestAborted);
            var answer = await JudgeAsync(request, span, context.RequestAborted);
            metrics.Answered("ok");
            logger.LogInformation("Batch {Batch} of {Camera} is judged: {Level} risk, {Score} of 100.", request.BatchId, request.CameraId, answer.RiskLevel, answer.RiskScore);
            return Results.Ok(answer);
        }
        catch (Exception problem) when (AnalysisFailure.Of(problem, context.RequestAborted) is { } failure)
        {
            return Failed(failure);
        }

        IResult Failed(AnalysisFailure failure)
        {
            if (failure.Cause is not null) span.Fail(failure.Cause, failure.ErrorType);
            else span.Fail(failure.ErrorType, failure.Message);
            metrics.Answered(failure.ErrorType);
            logger.LogWarning("A batch could not be analysed ({Error}): {Problem}", failure.ErrorType, failure.Message);
            if (failure.RetryAfter is not null) context.Response.Headers.RetryAfter = failure.RetryAfter;
            return Results.Problem(statusCode: failure.Status, title: "The batch could not be analysed", detail: failure.Message,
                extensions: new Dictionary<string, object?> { ["errorType"] = failure.ErrorType });
        }
    }

    private async Task<AnalysisResponse> JudgeAsync(AnalysisRequest request, Activity? span, CancellationToken cancellation)
    {
        var (prompt, held) = Prompt(request);
        var response = await model.Value.AskAsync(prompt, cancellation);
        GC.KeepAlive(held);
        var verdict = Parse(response.Text);
        span?.SetTag("risk.score", verdict.RiskScore).SetTag("risk.level", verdict.RiskLevel);
        return new(
            response.ModelId ?? "unknown", verdict.RiskScore, verdict.RiskLevel, verdict.Summary, verdict.Reasoning ?? "",
            response.Usage?.InputTokenCount, response.Usage?.OutputTokenCount);
    }

    /// <summary>The prompt, and the working memory of the call, if it needs any.</summary>
    private (IList<ChatMessage> Prompt, object? Held) Prompt(AnalysisRequest request)
    {
        using var span = spans.Start("build_prompt");
        try
        {
            var prompt = PromptBuilder.Build(request);
            span?.SetTag("prompt.length", prompt.Sum(message => message.Text.Length))
                .SetTag("detection.count", request.Images.Sum(image => image.Detections.Count));
            return (prompt, memory?.Reserve(request.Images.Count, span));
        }
        catch (OutOfMemoryException problem)
        {
            span.Fail(problem, "out_of_memory");
            throw;
        }
    }

    private Verdict Parse(string answer)
    {
        using var span = spans.Start("parse_response");
        try
        {
            var verdict = Verdict.Parse(answer, quote);
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
