using System.Net;
using Microsoft.AspNetCore.Http;

namespace Throughline.Tests.Server.Events;

/// <summary>A pipeline's events, read for the page through this server: what is passed on to the API, what comes back, and what is said when it does not answer.</summary>
public sealed class EventsGatewayTests
{
    private const string Parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private static async Task<(ServerUnderTest Server, Api Api)> StartAsync()
    {
        var api = await Api.StartAsync();
        return (await ServerUnderTest.StartAsync(o => o with { EventsUrl = new Uri(api.Address, "/api/events"), EventsTimeout = TimeSpan.FromSeconds(30) }), api);
    }

    private static async Task<HttpResponseMessage> GetAsync(ServerUnderTest server, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers) Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    [Fact]
    public async Task TheTraceGoesOnInThePipelineAndNothingElseOfTheCallerDoes()
    {
        var (server, api) = await StartAsync();
        await using (server)
        await using (api)
        {
            using var response = await GetAsync(server, "/events-api/7?trace=abc&x=%20", ("traceparent", Parent), ("tracestate", "ot=th:8"), ("Authorization", "Bearer mine"), ("Cookie", "mine=1"), ("baggage", "who=me"));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("/api/events/7?trace=abc&x=%20", api.Asked);
            Assert.Equal([("traceparent", Parent), ("tracestate", "ot=th:8")], api.Headers.Where(static h => h.Name is not "host").OrderBy(static h => h.Name, StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("nonsense", "ot=th:8")]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01", "ot=th:8")]
    [InlineData("", "ot=th:8")]
    public async Task WhatIsNoTraceContextStaysHere(string parent, string state)
    {
        var (server, api) = await StartAsync();
        await using (server)
        await using (api)
        {
            using var response = await GetAsync(server, "/events-api", ("traceparent", parent), ("tracestate", state));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.DoesNotContain(api.Headers, static h => h.Name.StartsWith("trace", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task ATraceStateThatIsTooLongIsLeftOut()
    {
        var (server, api) = await StartAsync();
        await using (server)
        await using (api)
        {
            using var response = await GetAsync(server, "/events-api", ("traceparent", Parent), ("tracestate", "a=" + new string('x', 600)));
            Assert.Equal([("traceparent", Parent)], api.Headers.Where(static h => h.Name.StartsWith("trace", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task AnAnswerThatBreaksOffIsBrokenOffHereAndTheServerGoesOn()
    {
        var (server, api) = await StartAsync();
        await using (server)
        await using (api)
        {
            using (var response = await GetAsync(server, "/events-api/broken"))
            {
                // It has begun here, so that what breaks off can't become an error any more.
                api.Broken.SetResult();
                await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsStringAsync());
            }
            using var after = await GetAsync(server, "/events-api");
            Assert.Equal(HttpStatusCode.OK, after.StatusCode);
            // An API that goes away is nothing that is broken here.
            Assert.Equal("", server.Log.ToString());
        }
    }

    [Fact]
    public async Task AnApiThatIsNotThereIs502AndTheAnswerSaysWhatToLookAt()
    {
        Uri gone;
        await using (var api = await Api.StartAsync()) gone = api.Address;
        await using var server = await ServerUnderTest.StartAsync(o => o with { EventsUrl = gone });
        var problem = await server.GetProblemAsync("/events-api", HttpStatusCode.BadGateway);
        Assert.Contains("--events-url", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task WithoutTheOptionThereIsNothingAndTheAnswerNamesIt()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var problem = await server.GetProblemAsync("/events-api/1", HttpStatusCode.NotFound);
        Assert.Contains("--events-url", problem.GetProperty("detail").GetString());
    }

    /// <summary>Tells what it was asked.</summary>
    private sealed class Api : IAsyncDisposable
    {
        private Loopback? _server;

        internal Uri Address => _server?.Address ?? throw new InvalidOperationException("It was not started.");

        internal string Asked { get; private set; } = "";

        /// <summary>A request for <c>/broken</c> breaks off when it ends.</summary>
        internal TaskCompletionSource Broken { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal (string Name, string Value)[] Headers { get; private set; } = [];

        internal static async Task<Api> StartAsync()
        {
            var api = new Api();
            api._server = await Loopback.StartAsync(api.AnswerAsync);
            return api;
        }

        private async Task AnswerAsync(HttpContext context)
        {
            Asked = context.Request.Path + context.Request.QueryString;
            Headers = [.. context.Request.Headers.Where(static h => h.Key is not "Accept-Encoding").Select(static h => (h.Key.ToLowerInvariant(), h.Value.ToString()))];
            context.Response.ContentType = "application/json";
            if (!Asked.EndsWith("broken", StringComparison.Ordinal))
            {
                await context.Response.WriteAsync("{}");
                return;
            }
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("{\"events\":[");
            await context.Response.Body.FlushAsync();
            await Broken.Task.WaitAsync(context.RequestAborted);
            context.Abort();
        }

        public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? default;
    }
}
