using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Throughline.Server.Configuration;
using Throughline.Tests.Protos.Pprof;
using Throughline.Tests.Server;
using ValueType = Throughline.Tests.Protos.Pprof.ValueType;

namespace Throughline.Tests.Profiles;

/// <summary>Profiles sent to a real server by its own API and by Pyroscope's, and asked for again.</summary>
public sealed class ProfileServerTests
{
    private const ulong Noon = 1_795_219_200_000_000_000;

    [Theory]
    [InlineData("plain")]
    [InlineData("gzip file")]
    [InlineData("gzip encoding")]
    [InlineData("both")]
    public async Task AProfileIsStoredWhateverItIsPackedIn(string packing)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var body = Pprof(("main;work;step", 30, null, null), ("main;work", 10, null, null));
        if (packing is "gzip file" or "both") body = Gzip(body);
        if (packing is "gzip encoding" or "both") body = Gzip(body);
        var answer = await PostAsync(server, $"/api/v1/profiles?service=yolo26&from={Noon}&until={Noon + 10}&label=region:eu", body, encoding: packing is "gzip encoding" or "both" ? "gzip" : null);
        Assert.Equal((1, "2", ""), (answer.GetProperty("windows").GetInt32(), answer.GetProperty("samples").GetString(), answer.GetProperty("message").GetString()));
        Assert.Equal(["main 0 40", " work 10 40", "  step 30 30"], Frames(await server.GetAsync($"/api/v1/profiles/flame?service=yolo26&type=cpu&label=region:eu")));
        Assert.Empty(Frames(await server.GetAsync("/api/v1/profiles/flame?service=yolo26&type=cpu&label=region:us")));
        Assert.Empty(Frames(await server.GetAsync($"/api/v1/profiles/flame?service=yolo26&type=cpu&from={Noon + 10}")));
        Assert.Equal("", server.Log.ToString());
    }

    [Fact]
    public async Task PyroscopesIngestTakesTextAndFormsAndNamesWithLabels()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await PostAsync(server, "/ingest?name=worker.cpu%7Bservice_name%3Drideshare%2Cregion%3Deu%2C__session_id__%3D17%7D&from=1795219200&until=1795219210&sampleRate=100&spyName=x", "main;work 3\nmain 1\n"u8.ToArray(), "text/plain");
        using var form = new MultipartFormDataContent { { new ByteArrayContent(Gzip(Pprof(("main;other", 7, null, null)))), "profile", "profile.pprof" }, { new StringContent("{}"), "sample_type_config", "c.json" } };
        using (var response = await server.Otlp.PostAsync("/ingest?name=rideshare&from=1795219200&until=1795219210&format=pprof", form)) Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var services = (await server.GetAsync("/api/v1/profiles/services")).GetProperty("services");
        Assert.Equal("rideshare", Assert.Single(services.EnumerateArray()).GetProperty("service").GetString());
        Assert.Equal(["main 10000000 40000007", " work 30000000 30000000", " other 7 7"], Frames(await server.GetAsync("/api/v1/profiles/flame?service=rideshare&type=cpu&from=1795219205000000000&to=1795219206000000000")));
        Assert.Equal(["main 10000000 40000000", " work 30000000 30000000"], Frames(await server.GetAsync("/api/v1/profiles/flame?service=rideshare&type=cpu&label=region:eu")));
    }

    [Fact]
    public async Task PyroscopesPushApiTakesBothOfItsForms()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var profile = Pprof(("main", 5, null, null));
        byte[] label = [0x0A, 12, .. "service_name"u8, 0x12, 6, .. "pusher"u8];
        byte[] sample = [0x0A, (byte)profile.Length, .. profile, 0x12, 1, (byte)'i'];
        byte[] series = [0x0A, (byte)label.Length, .. label, 0x12, (byte)sample.Length, .. sample];
        Assert.True(series.Length < 256);
        byte[] request = [0x0A, (byte)(series.Length & 0x7F | 0x80), (byte)(series.Length >> 7), .. series];
        using (var response = await SendAsync(server, "/push.v1.PusherService/Push", request, "application/proto"))
        {
            Assert.Equal((HttpStatusCode.OK, "application/proto", ""), (response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync()));
        }
        var json = JsonSerializer.Serialize(new { series = new[] { new { labels = new[] { new { name = "service_name", value = "pusher" } }, samples = new[] { new { rawProfile = Convert.ToBase64String(Gzip(Pprof(("main", 6, null, null)))) } } } } });
        using (var response = await SendAsync(server, "/push.v1.PusherService/Push", Encoding.UTF8.GetBytes(json), "application/json")) Assert.Equal("{}", await response.Content.ReadAsStringAsync());
        Assert.Equal(["main 11 11"], Frames(await server.GetAsync("/api/v1/profiles/flame?service=pusher&type=cpu")));
        using (var response = await SendAsync(server, "/push.v1.PusherService/Push", [0x0A, 99], "application/proto"))
        {
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.StartsWith("""{"code":"invalid_argument","message":"The body is not a push.v1.PushRequest: a length of 99""", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    public static TheoryData<string, string, string, int, string> Bad => new()
    {
        { "/api/v1/profiles", "application/octet-stream", "", 400, "The profile has no service" },
        { "/api/v1/profiles?service=a", "application/octet-stream", "", 400, "The profile is empty" },
        { "/api/v1/profiles?service=a", "application/octet-stream", "hello", 400, "The body is not a pprof profile" },
        { "/api/v1/profiles?service=a&colour=red", "application/octet-stream", "", 400, "There is no parameter 'colour'" },
        { "/api/v1/profiles?service=a&label=x", "application/octet-stream", "", 400, "A label is KEY:VALUE" },
        { "/api/v1/profiles?service=a&from=soon", "application/octet-stream", "", 400, "'from' is a Unix time" },
        { "/api/v1/profiles?service=a&from=9&until=3", "application/octet-stream", "", 400, "'until' is before 'from'" },
        { "/ingest?from=1&until=2", "text/plain", "a 1", 400, "The profile has no service" },
        { "/ingest?name=a%7Bb", "text/plain", "a 1", 400, "'name' is NAME or NAME{key=value,key=value}" },
        { "/ingest?name=a%7Bb%7D", "text/plain", "a 1", 400, "A label in 'name' is key=value, not 'b'" },
        { "/ingest?name=a&format=jfr", "text/plain", "a 1", 400, "The format 'jfr' is not taken; there are pprof, folded and lines." },
        { "/ingest?name=a", "text/plain", "a;b", 400, "Line 1 of the stacks does not end with a space and a count" },
        { "/ingest?name=a&sampleRate=0", "text/plain", "a;b 1", 400, "'sampleRate' is a whole number" },
        { "/ingest?name=a&format=pprof", "multipart/form-data", "x", 400, "The body is not multipart/form-data: its content type names no boundary." },
        { "/ingest?name=a&format=pprof", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"prev_profile\"\r\n\r\nx\r\n--b--\r\n", 400, "Cumulative profiles" },
        { "/ingest?name=a&format=pprof", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--b--\r\n", 400, "The form has no part 'profile'; it has other." },
        { "/push.v1.PusherService/Push", "text/plain", "", 415, "send application/proto or application/json" },
        { "/push.v1.PusherService/Push", "application/json", "[1]", 400, "an object with 'series' must stand where Array stands" },
        { "/push.v1.PusherService/Push", "application/json", "{\"series\":[{\"samples\":[{\"rawProfile\":\"*\"}]}]}", 400, "is not a push.v1.PushRequest" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task WhatIsWrongIsRefusedWithWhatWouldBeRightAndCounted(string url, string type, string body, int status, string said)
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var response = await SendAsync(server, url, Encoding.UTF8.GetBytes(body), type);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(said, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.EnumerateObject().Select(p => p.Value.ToString()).Aggregate((a, b) => $"{a} {b}"), StringComparison.Ordinal);
        var refused = Assert.Single((await server.GetAsync("/api/v1/status")).GetProperty("refused").EnumerateArray());
        Assert.Equal(("profiles", "1"), (refused.GetProperty("signal").GetString(), refused.GetProperty("count").GetString()));
        Assert.Equal("", server.Log.ToString());
    }

    [Fact]
    public async Task AGzipBombInAGzipBombEndsAtTheLimit()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MaxExpandedBodyBytes = 1 << 20 } });
        var bomb = Gzip(new byte[64 << 20]);
        using (var inner = await SendAsync(server, "/api/v1/profiles?service=a", bomb, "application/octet-stream")) await AssertRefusedAsync(inner, 413, "The profile is larger than 1048576 bytes after decompression");
        using (var outer = await SendAsync(server, "/api/v1/profiles?service=a", bomb, "application/octet-stream", "gzip")) await AssertRefusedAsync(outer, 413, "The body is larger than 1048576 bytes after decompression");
        using (var both = await SendAsync(server, "/api/v1/profiles?service=a", Gzip(bomb), "application/octet-stream", "gzip")) await AssertRefusedAsync(both, 413, "The profile is larger than 1048576 bytes after decompression");
        using (var torn = await SendAsync(server, "/api/v1/profiles?service=a", Gzip(Pprof(("main", 1, null, null)))[..^3], "application/octet-stream")) await AssertRefusedAsync(torn, 400, "begins as a gzip file and is none");
    }

    [Fact]
    public async Task OverTheBudgetSendersAreToldToTryAgain()
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { Receive = o.Receive with { MaxBytesInFlight = 1 << 17 } });
        using var response = await SendAsync(server, "/api/v1/profiles?service=a", Gzip(new byte[4 << 20]), "application/octet-stream");
        await AssertRefusedAsync(response, 429, "(--max-in-flight-bytes). Try again.");
        Assert.Equal(1, response.Headers.RetryAfter?.Delta?.TotalSeconds);
    }

    [Fact]
    public async Task OtherMethodsAndOtherPortsSayWhereProfilesGo()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using (var read = await server.Otlp.GetAsync("/ingest")) await AssertRefusedAsync(read, 405, "by POST, not by GET");
        using var content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var wrong = await server.Http.PostAsync("/ingest?name=a", content);
        await AssertRefusedAsync(wrong, 404, $"Profiles are received at {server.Addresses.OtlpHttp}/ingest, not on this port.");
    }

    [Fact]
    public async Task ARetryIsStoredOnceAndOtherNamesAreNoRetry()
    {
        await using var server = await ServerUnderTest.StartAsync();
        for (var i = 0; i < 3; i++) await PostAsync(server, "/ingest?name=a&from=1795219200&until=1795219210", "main 1\n"u8.ToArray(), "text/plain");
        await PostAsync(server, "/ingest?name=b&from=1795219200&until=1795219210", "main 1\n"u8.ToArray(), "text/plain");
        foreach (var service in new[] { "a", "b" }) Assert.Equal(["main 10000000 10000000"], Frames(await server.GetAsync($"/api/v1/profiles/flame?service={service}&type=cpu")));
        var received = (await server.GetAsync("/api/v1/status")).GetProperty("received").GetProperty("signals").GetProperty("profiles");
        Assert.Equal(("4", "2"), (received.GetProperty("requests").GetString(), received.GetProperty("items").GetString()));
    }

    [Fact]
    public async Task SensitiveLabelsAreNotStored()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await PostAsync(server, "/api/v1/profiles?service=a&label=password:secret&label=region:eu", Pprof(("main", 1, null, null)));
        Assert.Empty(Frames(await server.GetAsync("/api/v1/profiles/flame?service=a&type=cpu&label=password:secret")));
        Assert.NotEmpty(Frames(await server.GetAsync("/api/v1/profiles/flame?service=a&type=cpu&label=password:%5Bredacted%5D&label=region:eu")));
        Assert.Equal("1", (await server.GetAsync("/api/v1/status")).GetProperty("redactedAttributes").GetString());
    }

    [Fact]
    public async Task ATracesSamplesAreFoundByLabelsAndWithoutThemByTime()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (trace, start, end) = (Export.Trace(1), Noon, Noon + 1_000_000_000);
        await server.StoreAsync(TwoSpans(trace, start, end));
        await PostAsync(server, $"/api/v1/profiles?service=detector&from={start - 5}&until={end}",
            Pprof(("main;detect", 30, trace, "00000000000000aa"), ("main;child", 4, trace, "00000000000000bb"), ("main;idle", 100, null, null), ("main;other", 9, new string('7', 32), "00000000000000aa")));
        await PostAsync(server, $"/api/v1/profiles?service=detector&from={end}&until={end + 5}", Pprof(("main;late", 9, null, null)));

        var flame = await server.GetAsync($"/api/v1/profiles/flame?service=detector&type=cpu&trace={trace}");
        Assert.Equal(("labels", "34"), (flame.GetProperty("matchedBy").GetString(), flame.GetProperty("sum").GetProperty("value").GetString()));
        Assert.Equal(["main 0 34", " detect 30 30", " child 4 4"], Frames(flame));
        Assert.Equal(["main 0 34", " detect 30 30", " child 4 4"], Frames(await server.GetAsync($"/api/v1/profiles/flame?service=detector&type=cpu&trace={trace}&span=00000000000000aa")));
        Assert.Equal(["main 0 4", " child 4 4"], Frames(await server.GetAsync($"/api/v1/profiles/flame?service=detector&type=cpu&trace={trace}&span=00000000000000bb")));
        var types = (await server.GetAsync($"/api/v1/profiles/services?trace={trace}")).GetProperty("services")[0].GetProperty("types")[0];
        Assert.Equal(("labels", "34"), (types.GetProperty("matchedBy").GetString(), types.GetProperty("value").GetString()));

        // The same service, without labels.
        await PostAsync(server, $"/api/v1/profiles?service=other&from={start + 5}&until={end + 5}", Pprof(("main;other", 9, null, null)));
        await server.StoreAsync(TwoSpans(Export.Trace(2), start, end).Replace("detector", "other", StringComparison.Ordinal));
        flame = await server.GetAsync($"/api/v1/profiles/flame?service=other&type=cpu&trace={Export.Trace(2)}");
        Assert.Equal(("time", start.ToString(CultureInfo.InvariantCulture)), (flame.GetProperty("matchedBy").GetString(), flame.GetProperty("spans").GetProperty("startUnixNano").GetString()));
        Assert.Equal(["main 0 9", " other 9 9"], Frames(flame));

        var found = await server.GetAsync("/api/v1/profiles/traces?service=detector&type=cpu&function=main");
        Assert.Equal((2, "152", "109"), (found.GetProperty("count").GetInt32(), found.GetProperty("value").GetString(), found.GetProperty("unlinkedValue").GetString()));
        var first = found.GetProperty("traces")[0];
        Assert.Equal((trace, "34", "detect"), (first.GetProperty("traceId").GetString(), first.GetProperty("value").GetString(), first.GetProperty("summary").GetProperty("name").GetString()));
        Assert.Equal(JsonValueKind.Null, found.GetProperty("traces")[1].GetProperty("summary").ValueKind);
    }

    [Fact]
    public async Task TwoRangesAreCompared()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await PostAsync(server, $"/api/v1/profiles?service=a&from={Noon}&until={Noon + 10}", Pprof(("main;fast", 10, null, null)));
        await PostAsync(server, $"/api/v1/profiles?service=a&from={Noon + 100}&until={Noon + 110}", Pprof(("main;slow", 50, null, null), ("main;fast", 8, null, null)));
        var flame = await server.GetAsync($"/api/v1/profiles/flame?service=a&type=cpu&from={Noon + 100}&to={Noon + 200}&baseFrom={Noon}&baseTo={Noon + 50}");
        Assert.Equal(["main 0 58", " slow 50 50", " fast 8 8"], Frames(flame));
        Assert.Equal([10L, 0, 10], flame.GetProperty("baseTotal").EnumerateArray().Select(v => v.GetInt64()));
        Assert.Equal("10", flame.GetProperty("base").GetProperty("value").GetString());
        var functions = await server.GetAsync($"/api/v1/profiles/functions?service=a&type=cpu&from={Noon + 100}&to={Noon + 200}&baseFrom={Noon}&baseTo={Noon + 50}&order=change&limit=2");
        // Of shares: main has all of both.
        Assert.Equal(["slow 50 0", "fast 8 10"], functions.GetProperty("functions").EnumerateArray()
            .OrderByDescending(f => f.GetProperty("name").GetString()).Select(f => $"{f.GetProperty("name").GetString()} {f.GetProperty("total").GetString()} {f.GetProperty("baseTotal").GetString()}"));
        Assert.Equal(3, functions.GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task LabelsOfSamplesAreListedAndFilteredBy()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var profile = Profile.Parser.ParseFrom(Pprof(("main;one", 30, null, null), ("main;two", 10, null, null)));
        profile.StringTable.Add(["thread", "worker 1", "api_key", "secret"]);
        var first = profile.StringTable.Count - 4;
        profile.Sample[0].Label.Add(new Label { Key = first, Str = first + 1 });
        profile.Sample[0].Label.Add(new Label { Key = first + 2, Str = first + 3 });
        await PostAsync(server, $"/api/v1/profiles?service=a&label=region:eu&from={Noon}&until={Noon + 10}", profile.ToByteArray());
        var labels = await server.GetAsync("/api/v1/profiles/labels?service=a&type=cpu");
        Assert.Equal(["api_key [redacted] 1", "region eu 2", "thread worker 1 1"], labels.GetProperty("labels").EnumerateArray()
            .SelectMany(l => l.GetProperty("values").EnumerateArray().Select(v => $"{l.GetProperty("key").GetString()} {v.GetProperty("value").GetString()} {v.GetProperty("windows").GetString()}")));
        Assert.Equal(["main 0 30", " one 30 30"], Frames(await server.GetAsync("/api/v1/profiles/flame?service=a&type=cpu&label=thread:worker%201")));
        var flame = await server.GetAsync("/api/v1/profiles/flame?service=a&type=cpu&label=region:eu");
        Assert.Equal(["main 0 40", " one 30 30", " two 10 10"], Frames(flame));
        Assert.Equal(1, flame.GetProperty("sum").GetProperty("windows").GetInt32());
        Assert.Equal("region", (await server.GetAsync("/api/v1/profiles/labels?label=region:eu&limit=1")).GetProperty("labels")[1].GetProperty("key").GetString());
        Assert.Empty((await server.GetAsync($"/api/v1/profiles/labels?from={Noon + 11}")).GetProperty("labels").EnumerateArray());
        Assert.Equal("1", (await server.GetAsync("/api/v1/status")).GetProperty("redactedAttributes").GetString());
    }

    [Theory]
    [InlineData("flame?service=a&type=cpu")]
    [InlineData("flame?service=a&type=cpu&baseFrom=1&baseTo=2")]
    [InlineData("functions?service=a&type=cpu")]
    [InlineData("traces?service=a&type=cpu&function=main")]
    public async Task WhatNeedsTooMuchMemoryIsRefusedWithWhatToDo(string question)
    {
        await using var server = await ServerUnderTest.StartAsync(static o => o with { Store = o.Store with { QueryMaxBytes = 10 } });
        await PostAsync(server, "/api/v1/profiles?service=a", Pprof(("main;work", 30, Export.Trace(1), "00000000000000aa")));
        var problem = await server.GetProblemAsync($"/api/v1/profiles/{question}", HttpStatusCode.InsufficientStorage);
        Assert.Contains("--query-max-bytes", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty((await server.GetAsync("/api/v1/profiles/services")).GetProperty("services").EnumerateArray());
    }

    [Fact]
    public async Task PyroscopesOwnPortTakesProfilesAndNothingElse()
    {
        await using var server = await ServerUnderTest.StartAsync(static o => o with { Pyroscope = new ListenAddress(IPAddress.Loopback, 0) });
        using var client = new HttpClient { BaseAddress = new Uri(server.Addresses.Pyroscope?.ToString() ?? "") };
        using (var taken = await client.PostAsync("/ingest?name=a", new StringContent("main;work 3\n"))) Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal(["main 0 30000000", " work 30000000 30000000"], Frames(await server.GetAsync("/api/v1/profiles/flame?service=a&type=cpu")));
        using (var other = await client.PostAsync("/v1/traces", new StringContent("{}", Encoding.UTF8, "application/json"))) await AssertRefusedAsync(other, 404, "this port takes profiles, at /api/v1/profiles, /ingest, /push.v1.PusherService/Push");
        using (var bad = await client.PostAsync("/push.v1.PusherService/Push", new ByteArrayContent([0x0A, 99]) { Headers = { ContentType = new("application/proto") } })) Assert.StartsWith("{\"code\":\"invalid_argument\"", await bad.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var foreign = new HttpRequestMessage(HttpMethod.Post, "/ingest?name=a") { Content = new StringContent("main 1"), Headers = { { "Origin", "http://evil.example" } } };
        using (var refused = await client.SendAsync(foreign)) Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Matches(@" pyroscope=http://127\.0\.0\.1:\d+$", server.Addresses.ToString());
    }

    [Fact]
    public async Task OverloadIsToldToPushersInTheirProtocol()
    {
        await using var server = await ServerUnderTest.StartAsync(static o => o with { Receive = o.Receive with { MaxMemoryBytes = 1 } });
        using var response = await SendAsync(server, "/push.v1.PusherService/Push", [], "application/proto");
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.StartsWith("{\"code\":\"resource_exhausted\",\"message\":", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task APushOfMillionsOfEmptyFieldsIsRefused()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var response = await SendAsync(server, "/push.v1.PusherService/Push", [.. Enumerable.Repeat<byte[]>([0x12, 0], 10_001).SelectMany(static field => field)], "application/proto");
        await AssertRefusedAsync(response, 400, "a message in it has more than 10000 fields, which is the limit");
    }

    [Theory]
    [InlineData("/api/v1/profiles/flame?type=cpu", "service", "'service' is needed")]
    [InlineData("/api/v1/profiles/flame?service=a", "type", "'type' is needed")]
    [InlineData("/api/v1/profiles/flame?service=a&type=cpu&baseFrom=1", "baseTo", "go together")]
    [InlineData("/api/v1/profiles/flame?service=a&type=cpu&baseFrom=3&baseTo=1", "baseFrom", "is after 'baseTo'")]
    [InlineData("/api/v1/profiles/flame?service=a&type=cpu&span=00000000000000aa", "span", "goes with 'trace'")]
    [InlineData("/api/v1/profiles/flame?service=a&type=cpu&trace=zz", "trace", "A trace id is up to 32")]
    [InlineData("/api/v1/profiles/flame?service=a&type=cpu&trace=1&from=5", "from", "A trace has its own time")]
    [InlineData("/api/v1/profiles/flame?service=a&type=cpu&label=x", "label", "A label is KEY:VALUE")]
    [InlineData("/api/v1/profiles/flame?service=a&type=cpu&limit=0", "limit", "from 1 to 100000")]
    [InlineData("/api/v1/profiles/functions?service=a&type=cpu&order=name", "order", "self, total or change")]
    [InlineData("/api/v1/profiles/traces?service=a&type=cpu", "function", "'function' is needed")]
    [InlineData("/api/v1/profiles/services?colour=red", "colour", "There is no parameter 'colour'")]
    public async Task WrongParametersAreNamed(string url, string parameter, string said)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var problem = await server.GetProblemAsync(url, HttpStatusCode.BadRequest);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
        Assert.Contains(said, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASpanThatIsNotOfTheTraceIsNotFound()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await server.GetProblemAsync($"/api/v1/profiles/flame?service=a&type=cpu&trace={Export.Trace(9)}&span=00000000000000aa", HttpStatusCode.NotFound);
        await server.StoreAsync(TwoSpans(Export.Trace(9), Noon, Noon + 1));
        await server.GetProblemAsync($"/api/v1/profiles/flame?service=a&type=cpu&trace={Export.Trace(9)}&span=00000000000000ff", HttpStatusCode.NotFound);
    }

    internal static byte[] Pprof(params (string Stack, long Value, string? Trace, string? Span)[] samples)
    {
        var profile = new Profile { StringTable = { "", "cpu", "nanoseconds", "trace_id", "span_id" }, SampleType = { new ValueType { Type = 1, Unit = 2 } } };
        var ids = new Dictionary<string, ulong>();
        long Text(string text)
        {
            profile.StringTable.Add(text);
            return profile.StringTable.Count - 1;
        }
        foreach (var (stack, value, trace, span) in samples)
        {
            var sample = new Sample { Value = { value } };
            foreach (var frame in stack.Split(';').Reverse())
            {
                if (!ids.TryGetValue(frame, out var id))
                {
                    ids.Add(frame, id = (ulong)ids.Count + 1);
                    profile.Function.Add(new Function { Id = id, Name = Text(frame) });
                    profile.Location.Add(new Location { Id = id, Line = { new Line { FunctionId = id } } });
                }
                sample.LocationId.Add(id);
            }
            if (trace is not null) sample.Label.Add(new Label { Key = 3, Str = Text(trace) });
            if (span is not null) sample.Label.Add(new Label { Key = 4, Str = Text(span) });
            profile.Sample.Add(sample);
        }
        return profile.ToByteArray();
    }

    private static string TwoSpans(string trace, ulong start, ulong end) =>
        $$$"""
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"detector"}}]},"scopeSpans":[{"spans":[
        {"traceId":"{{{trace}}}","spanId":"00000000000000aa","name":"detect","startTimeUnixNano":"{{{start}}}","endTimeUnixNano":"{{{end}}}"},
        {"traceId":"{{{trace}}}","spanId":"00000000000000bb","parentSpanId":"00000000000000aa","name":"child","startTimeUnixNano":"{{{start}}}","endTimeUnixNano":"{{{end}}}"}]}]}]}
        """;

    /// <summary>Name, self and total of each frame, indented by its depth.</summary>
    private static IReadOnlyList<string> Frames(JsonElement flame)
    {
        long At(string column, int i) => flame.GetProperty(column)[i].GetInt64();
        return [.. Enumerable.Range(0, flame.GetProperty("depth").GetArrayLength()).Select(i => $"{new string(' ', (int)At("depth", i))}{flame.GetProperty("names")[(int)At("function", i)].GetString()} {At("self", i)} {At("total", i)}")];
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        return packed.ToArray();
    }

    private static async Task<HttpResponseMessage> SendAsync(ServerUnderTest server, string url, byte[] body, string type, string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return await server.Otlp.PostAsync(url, content);
    }

    private static async Task<JsonElement> PostAsync(ServerUnderTest server, string url, byte[] body, string type = "application/octet-stream", string? encoding = null)
    {
        using var response = await SendAsync(server, url, body, type, encoding);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage response, int status, string said)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(said, text, StringComparison.Ordinal);
    }
}
