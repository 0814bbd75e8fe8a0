using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Server.Api;
using Throughline.Server.Configuration;
using Throughline.Server.Hosting;

namespace Throughline.Tests.Server.Hosting;

/// <summary>An exception that nobody expected, in the middle of an answer: what comes is a problem or nothing, never half of one answer with another behind it.</summary>
public sealed class LastResortTests
{
    /// <summary>A server of one endpoint, which fails when it has written so many characters of its answer.</summary>
    private static async Task<(Loopback Server, HttpClient Client)> FailingAfterAsync(int characters)
    {
        var server = await Loopback.StartAsync(context =>
        {
            context.Features.Set(new ListenerFeature(ListenerRole.Http));
            return LastResort.InvokeAsync(context, FailAsync, NullLogger.Instance);
        });
        return (server, new HttpClient { BaseAddress = server.Address });

        async Task FailAsync(HttpContext context)
        {
            await using var answer = new JsonAnswer(context);
            answer.Writer.WriteStartObject();
            answer.Writer.WriteStartArray("services");
            for (var written = 0; written < characters; written += 100) answer.Writer.WriteStringValue(new string('x', 97));
            throw new InvalidOperationException("made for a test");
        }
    }

    [Fact]
    public async Task WhatWasNotSentIsReplacedByTheProblem()
    {
        var (server, client) = await FailingAfterAsync(100);
        await using var _ = server;
        using var __ = client;
        using var response = await client.GetAsync("/");
        Assert.Equal((HttpStatusCode.InternalServerError, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal(500, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("status").GetInt32());
    }

    [Theory]
    [InlineData(20_000)]
    [InlineData(60_000)]
    public async Task AnAnswerOfWhichPartsAreWrittenBreaksOff(int characters)
    {
        var (server, client) = await FailingAfterAsync(characters);
        await using var _ = server;
        using var __ = client;
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/"));
    }
}
