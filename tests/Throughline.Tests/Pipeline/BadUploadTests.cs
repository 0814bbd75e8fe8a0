using System.Net;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Throughline.Tests.Pipeline;

/// <summary>What can be wrong with an upload: each gets the API's clear answer and a span that says what happened, and is looked at no further.</summary>
[Collection(nameof(ScriptedBackend))]
public sealed class BadUploadTests(ScriptedBackend backend)
{
    private readonly BackendRun _run = backend.Run;

    public static TheoryData<string, string, HttpStatusCode, string, string> Bad => new()
    {
        { "bad-input", "text", HttpStatusCode.BadRequest, "validation_error", "not a JPEG" },
        { "bad-input", "empty", HttpStatusCode.BadRequest, "validation_error", "0 bytes is not a JPEG" },
        { "bad-input", "png", HttpStatusCode.BadRequest, "validation_error", "not a JPEG" },
        { "bad-input", "truncated", HttpStatusCode.BadRequest, "validation_error", "truncated" },
        { "bad-input", "large", HttpStatusCode.RequestEntityTooLarge, "payload_too_large", "Upload:MaximumBytes" },
        { "bad-input", "50 MB", HttpStatusCode.RequestEntityTooLarge, "payload_too_large", "Upload:MaximumBytes" },
        { "nobodys", "good", HttpStatusCode.NotFound, "unknown_camera", "Cameras:nobodys" },
        { "bad.name", "good", HttpStatusCode.BadRequest, "validation_error", "1 to 64 letters" },
        { "bad-input%0A", "good", HttpStatusCode.BadRequest, "validation_error", "1 to 64 letters" },
    };

    [Theory, MemberData(nameof(Bad))]
    public async Task RefusedUploadSaysWhyInItsAnswerAndOnItsSpans(string camera, string body, HttpStatusCode status, string errorType, string words)
    {
        var upload = await _run.UploadAsync(camera, Body(body), sampled: true);

        Assert.Equal((status, "application/problem+json", errorType), (upload.Status, upload.MediaType, upload.Text("errorType")));
        Assert.Contains(words, upload.Text("detail"));
        var trace = await _run.TraceAsync(upload.SentTrace ?? "", "Process Detection", "receive_image");
        Assert.Equal(["Process Detection", "receive_image"], trace.Spans.Select(span => span.Name).Order());
        foreach (var name in new[] { "Process Detection", "receive_image" })
        {
            var span = trace.Only(BackendRun.Backend, name);
            Assert.True(span.Error, name);
            Assert.Equal(errorType, (await _run.AttributesAsync(trace, span))["error.type"].GetString());
            Assert.Contains(words, (await _run.DetailAsync(trace, span)).GetProperty("status").GetProperty("message").GetString());
        }
        var exception = Assert.Single((await _run.DetailAsync(trace, trace.Only(BackendRun.Backend, "receive_image"))).GetProperty("events").EnumerateArray());
        Assert.Contains(exception.GetProperty("attributes").EnumerateArray(), entry => entry.GetProperty("key").GetString() == "exception.stacktrace");
    }

    /// <summary>The SDK's client instrumentation, which tests beside this one have in the same process, puts its own trace in place of the one that a request has.</summary>
    [Fact]
    public async Task UploadKeepsTheTraceThatItsTestGaveItWhateverElseTracesInThisProcess()
    {
        using var tracing = Sdk.CreateTracerProviderBuilder().AddHttpClientInstrumentation().Build();

        var upload = await _run.UploadAsync("bad-input", Body("text"), sampled: true);

        Assert.StartsWith($"00-{upload.SentTrace}-", upload.TraceId);
    }

    [Theory]
    [InlineData("has spaces")]
    [InlineData("../../etc/passwd")]
    public async Task IdThatIsNoneIsRefused(string id)
    {
        var upload = await _run.UploadAsync("bad-input", new ScriptedImage("nothing").Bytes, id);

        Assert.Equal((HttpStatusCode.BadRequest, "validation_error"), (upload.Status, upload.Text("errorType")));
    }

    [Fact]
    public async Task UploadThatBreaksOffIsToldOnItsSpanAndHurtsNobody()
    {
        var trace = $"{Guid.NewGuid():n}";
        using (var sender = new System.Net.Sockets.TcpClient())
        {
            await sender.ConnectAsync(_run.Address.Host, _run.Address.Port);
            var head = $"POST /api/cameras/bad-input/images HTTP/1.1\r\nHost: {_run.Address.Authority}\r\ntraceparent: 00-{trace}-{trace[..16]}-01\r\nContent-Length: 5000\r\n\r\n";
            await sender.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head + "half of it"));
        }

        var stored = await _run.TraceAsync(trace, "Process Detection", "receive_image");
        Assert.True(stored.Only(BackendRun.Backend, "receive_image").Error);
        Assert.Equal(HttpStatusCode.Accepted, (await _run.UploadAsync("quiet", new ScriptedImage("nothing"))).Status);
    }

    [Theory]
    [InlineData("/api/nothing", HttpStatusCode.NotFound)]
    [InlineData("/api/cameras/quiet/images", HttpStatusCode.MethodNotAllowed)]
    public async Task WhatIsNotThereIsAnsweredInTheSameForm(string path, HttpStatusCode status)
    {
        using var response = await _run.Http.GetAsync(new Uri(_run.Address, path));

        Assert.Equal((status, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    private static byte[] Body(string kind) => kind switch
    {
        "text" => "This is not an image."u8.ToArray(),
        "empty" => [],
        "png" => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
        "truncated" => new ScriptedImage("urgent").Bytes[..^20],
        "large" => [.. new ScriptedImage("urgent").Bytes, .. new byte[ScriptedBackend.MaximumBytes]],
        "50 MB" => new byte[50 * 1024 * 1024],
        _ => new ScriptedImage("urgent").Bytes,
    };
}
