using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Microsoft.ML.Tokenizers;
using Throughline.Pipeline.Nemotron.Analysis;
using Throughline.Pipeline.Nemotron.RuleAnalyst;

namespace Throughline.Tests.Pipeline;

public sealed class RuleAnalystTests : IAsyncLifetime
{
    private const string Prompt = "Camera: front_door\nimage 1 at 12:00:00: person 0.80; car 0.60\nimage 2 at 12:00:01: person 0.70\n";

    private readonly WebApplication _app;
    private readonly HttpClient _http = new();

    public RuleAnalystTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        new ChatEndpoint(new() { TokensPerSecond = 100_000 }, new(), TimeProvider.System).Map(_app);
    }

    public async ValueTask InitializeAsync()
    {
        await _app.StartAsync();
        _http.BaseAddress = new(_app.Urls.First());
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task AnswerIsAVerdictUnderTheAnalystsOwnNameWithRealTokenCounts()
    {
        var answer = await Ask(new { model = "rule-analyst-1", messages = Messages() });

        Assert.Equal("rule-analyst-1", answer.GetProperty("model").GetString());
        var choice = answer.GetProperty("choices")[0];
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        var text = choice.GetProperty("message").GetProperty("content").GetString() ?? "";
        var verdict = Verdict.Parse(text);
        // 5, one person 6, a car 2.
        Assert.Equal((13, "low", "2 images, most at once: 1 person; risk low."), (verdict.RiskScore, verdict.RiskLevel, verdict.Summary));
        var tokenizer = TiktokenTokenizer.CreateForEncoding("o200k_base");
        var usage = answer.GetProperty("usage");
        Assert.Equal(tokenizer.CountTokens(Prompt), usage.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(tokenizer.CountTokens(text), usage.GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task BatchOfOneImageIsOneImage()
    {
        var answer = await Ask(new { messages = new[] { new { role = "user", content = "image 1 at 12:00:00: person 0.80; person 0.60\n" } } });

        var verdict = Verdict.Parse(answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString() ?? "");
        Assert.Equal("1 image, most at once: 2 people; risk low.", verdict.Summary);
    }

    [Fact]
    public async Task StreamIsTheSameAnswerATokenAtATime()
    {
        var whole = await Ask(new { messages = Messages() });
        using var response = await _http.PostAsJsonAsync(
            "/v1/chat/completions", new { messages = Messages(), stream = true, stream_options = new { include_usage = true } });
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);

        Assert.All(events, line => Assert.StartsWith("data: ", line));
        Assert.Equal("data: [DONE]", events[^1]);
        var chunks = events[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement).ToList();
        var usage = whole.GetProperty("usage");
        Assert.Equal(usage.GetRawText(), chunks[^1].GetProperty("usage").GetRawText());
        Assert.Equal("stop", chunks[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        var pieces = chunks[..^2].Select(chunk => chunk.GetProperty("choices")[0].GetProperty("delta").GetProperty("content").GetString()).ToList();
        Assert.Equal(usage.GetProperty("completion_tokens").GetInt32(), pieces.Count);
        Assert.Equal(whole.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), string.Concat(pieces));
    }

    [Fact]
    public async Task AnswerIsCutAtTheLimitOfTokensAndSaysSo()
    {
        var answer = await Ask(new { messages = Messages(), max_tokens = 7 });

        Assert.Equal("length", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(7, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Theory]
    [InlineData("""{"model":"nemotron","messages":[{"role":"user","content":"x"}]}""", HttpStatusCode.NotFound, "model_not_found")]
    [InlineData("""{"messages":[]}""", HttpStatusCode.BadRequest, "invalid_request")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"max_tokens":0}""", HttpStatusCode.BadRequest, "invalid_request")]
    [InlineData("""{"messages":""", HttpStatusCode.BadRequest, "invalid_json")]
    public async Task WrongRequestIsRefusedInTheApisOwnForm(string body, HttpStatusCode status, string code)
    {
        using var response = await _http.PostAsync("/v1/chat/completions", new StringContent(body));

        Assert.Equal(status, response.StatusCode);
        var error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("\"image 1 at 99:99:99: person 0.80\"")]
    [InlineData("\"image 1 at 24:00:00: person 0.80\"")]
    [InlineData("\"image \u0661 at \u0661\u0662:00:00: person 0.\u0668\"")]
    [InlineData("[{\"type\":\"text\",\"text\":7},null,\"x\"]")]
    public async Task PromptThatIsNoneOfOursIsAnsweredThatThereIsNothingToJudge(string content)
    {
        using var response = await _http.PostAsync("/v1/chat/completions", new StringContent($$"""{"messages":[{"role":"user","content":{{content}}}]}"""));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Contains("found none", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task ModelsListHasOnlyTheAnalyst()
    {
        var models = await _http.GetFromJsonAsync<JsonElement>("/v1/models");
        Assert.Equal(["rule-analyst-1"], models.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task TokensComeAtTheirPaceAndNotBefore()
    {
        var time = new FakeTimeProvider();
        var answer = new PacedAnswer(TiktokenTokenizer.CreateForEncoding("o200k_base"), "one two three", null, tokensPerSecond: 10, time);
        Assert.Equal(3, answer.Pieces.Count);
        await using var stream = answer.StreamAsync(CancellationToken.None).GetAsyncEnumerator();

        foreach (var piece in answer.Pieces)
        {
            var next = stream.MoveNextAsync();
            time.Advance(TimeSpan.FromSeconds(0.099));
            Assert.False(next.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(0.001));
            Assert.True(await next);
            Assert.Equal(piece, stream.Current);
        }
        Assert.False(await stream.MoveNextAsync());
    }

    [Fact]
    public void MorePeopleLongerInViewAtNightAreMoreRisk()
    {
        int Score(string prompt) => Verdict.Parse(Rules.Answer(prompt)).RiskScore;
        var one = Score("image 1 at 12:00:00: person 0.80\n");
        var three = Score("image 1 at 12:00:00: person 0.80; person 0.70; person 0.60\n");
        var staying = Score(string.Concat(Enumerable.Range(1, 3).Select(i => $"image {i} at 12:00:0{i}: person 0.80; person 0.70; person 0.60\n")));
        var night = Score(string.Concat(Enumerable.Range(1, 3).Select(i => $"image {i} at 23:00:0{i}: person 0.80; person 0.70; person 0.60\n")));

        Assert.True(one < three && three < staying && staying < night, $"{one} < {three} < {staying} < {night}");
    }

    [Fact]
    public void PromptOfTheServiceIsUnderstoodByTheRules()
    {
        var at = new DateTimeOffset(2026, 11, 22, 14, 30, 5, TimeSpan.Zero);
        var prompt = PromptBuilder.Build(new("batch_1", "front_door", "Front door", at, at.AddSeconds(3), "window",
            [new(at, [new("person", 0.81f), new("baseball bat", 0.5f)]), new(at.AddSeconds(1), [new("dog", 0.9f)])]));

        var verdict = Verdict.Parse(Rules.Answer(string.Join('\n', prompt.Select(message => message.Text))));

        // 5, one person 6, an animal 2, a weapon 40.
        Assert.Equal((53, "high"), (verdict.RiskScore, verdict.RiskLevel));
        Assert.Contains("baseball bat (1)", verdict.Reasoning);
    }

    [Fact]
    public void PromptWithoutDetectionsGetsNoMadeUpVerdict() =>
        Assert.Throws<FormatException>(() => Verdict.Parse(Rules.Answer("What is the capital of France?")));

    [Theory]
    [InlineData("Sure! ```json\n{\"risk_score\": 40, \"risk_level\": \"medium\", \"summary\": \"s\"}\n```", 40)]
    [InlineData("{\"risk_score\": 0, \"risk_level\": \"low\", \"summary\": \"s\", \"reasoning\": \"r\"}", 0)]
    public void VerdictIsFoundWithinWords(string answer, int score) => Assert.Equal(score, Verdict.Parse(answer).RiskScore);

    [Theory]
    [InlineData("no json")]
    [InlineData("{\"risk_score\": 40}")]
    [InlineData("{\"risk_score\": 101, \"risk_level\": \"low\", \"summary\": \"s\"}")]
    [InlineData("{\"risk_score\": 40, \"risk_level\": \"purple\", \"summary\": \"s\"}")]
    [InlineData("{\"risk_score\": 40, \"risk_level\": \"low\", \"summary\": ")]
    public void AnswerThatIsNoVerdictIsAnError(string answer) => Assert.Throws<FormatException>(() => Verdict.Parse(answer));

    private static object[] Messages() => [new { role = "user", content = Prompt }];

    private async Task<JsonElement> Ask(object request)
    {
        using var response = await _http.PostAsJsonAsync("/v1/chat/completions", request);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
