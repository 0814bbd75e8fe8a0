using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Throughline.Server.Configuration;

namespace Throughline.Tests.Server.Grafana;

/// <summary>What <c>--grafana-proxy</c> passes on, and what it keeps, against a server that answers as a Grafana does.</summary>
public sealed class GrafanaProxyTests
{
    [Fact]
    public async Task PathQueryBodyAndHostReachGrafana()
    {
        await using var grafana = await FakeGrafana.StartAsync();
        await using var server = await With(grafana.Address);
        var got = await server.Http.GetStringAsync("/grafana/d/abc/d%C3%A9tail?orgId=1&var-x=a%20b");
        Assert.StartsWith("GET /d/abc/d%C3%A9tail?orgId=1&var-x=a%20b\n", got.Replace("détail", "d%C3%A9tail"), StringComparison.Ordinal);
        Assert.Contains($"Host: 127.0.0.1:{server.Addresses.Http.Port}\n", got);
        using var posted = await server.Http.PostAsync("/grafana/api/ds/query", new StringContent("""{"queries":[]}""", Encoding.UTF8, "application/json"));
        var answer = await posted.Content.ReadAsStringAsync();
        Assert.StartsWith("POST /api/ds/query\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("""{"queries":[]}""", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASubPathOfGrafanaStandsForTheMount()
    {
        await using var grafana = await FakeGrafana.StartAsync();
        await using var server = await With(new Uri(grafana.Address, "/grafana"));
        Assert.StartsWith("GET /grafana/d/abc\n", await server.Http.GetStringAsync("/grafana/d/abc"), StringComparison.Ordinal);
        Assert.StartsWith("GET /grafana/\n", await server.Http.GetStringAsync("/grafana/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OurTokenAndOtherCookiesStayHere()
    {
        await using var grafana = await FakeGrafana.StartAsync();
        await using var server = await ServerUnderTest.StartAsync(o => o with { GrafanaProxy = grafana.Address, Token = "hush" });
        using var without = await server.Http.GetAsync("/grafana/d/abc");
        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/grafana/d/abc");
        request.Headers.Authorization = new("Bearer", "hush");
        foreach (var name in (string[])["X-WEBAUTH-USER", "X-Forwarded-For", "X-JWT-Assertion", "X-Real-IP", "Forwarded"]) request.Headers.Add(name, "for=somebody");
        request.Headers.Add("Cookie", "other=1; grafana_session=s%3D1; xgrafana_session=2; redirect_to=%2Fd");
        using var response = await server.Http.SendAsync(request);
        var got = await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain("hush", got);
        Assert.DoesNotContain("Authorization", got);
        Assert.DoesNotContain("somebody", got);
        Assert.Contains("Cookie: grafana_session=s%3D1; redirect_to=%2Fd\n", got);
        Assert.Equal("grafana_session=abc; Path=/; HttpOnly", Assert.Single(response.Headers.GetValues("Set-Cookie")));
    }

    [Fact]
    public async Task ItsPagesMayBeFramedByThisServerOnlyAndKeepTheirOwnPolicy()
    {
        await using var grafana = await FakeGrafana.StartAsync();
        await using var server = await With(grafana.Address);
        using var response = await server.Http.GetAsync("/grafana/d/abc");
        Assert.False(response.Headers.Contains("X-Frame-Options"));
        Assert.Equal(["script-src 'unsafe-eval'", "frame-ancestors 'self'"], response.Headers.GetValues("Content-Security-Policy"));
        using var page = await server.Http.GetAsync("/api/v1/config");
        Assert.Contains("frame-src 'self';", Assert.Single(page.Headers.GetValues("Content-Security-Policy")));
    }

    [Theory]
    [InlineData("/login", "/grafana/login")]
    [InlineData("/grafana/login", "/grafana/login")]
    [InlineData("{grafana}login?x=1", "/grafana/login?x=1")]
    [InlineData("//elsewhere.example/", "//elsewhere.example/")]
    [InlineData("https://sso.example/auth", "https://sso.example/auth")]
    public async Task RedirectsArePassedOnAndNotFollowed(string location, string expected)
    {
        await using var grafana = await FakeGrafana.StartAsync();
        await using var server = await With(grafana.Address);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = server.Http.BaseAddress };
        using var response = await client.GetAsync("/grafana/away?to=" + Uri.EscapeDataString(location.Replace("{grafana}", grafana.Address.AbsoluteUri)));
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal(expected, Assert.Single(response.Headers.GetValues("Location")));
    }

    [Theory]
    [InlineData("/mon/login", "/grafana/login")]
    [InlineData("/mon", "/grafana")]
    [InlineData("/mon?x=1", "/grafana?x=1")]
    [InlineData("{grafana}mon/login", "/grafana/login")]
    [InlineData("/grafana/login", "/grafana/login")]
    [InlineData("/monitoring/login", "/monitoring/login")]
    [InlineData("/other", "/other")]
    public async Task RedirectsOfAGrafanaBelowASubPathLeadToTheMount(string location, string expected)
    {
        await using var grafana = await FakeGrafana.StartAsync();
        await using var server = await With(new Uri(grafana.Address, "mon/"));
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = server.Http.BaseAddress };
        using var response = await client.GetAsync("/grafana/away?to=" + Uri.EscapeDataString(location.Replace("{grafana}", grafana.Address.AbsoluteUri)));
        Assert.Equal(expected, Assert.Single(response.Headers.GetValues("Location")));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("http://{host}", true)]
    [InlineData("https://{host}", true)]
    [InlineData("http://evil.example", false)]
    [InlineData("null", false)]
    public async Task WebSocketsArePassedOnForPagesOfThisHost(string? origin, bool taken)
    {
        await using var grafana = await FakeGrafana.StartAsync();
        await using var server = await With(grafana.Address);
        using var socket = new ClientWebSocket();
        var host = $"127.0.0.1:{server.Addresses.Http.Port}";
        if (origin is not null) socket.Options.SetRequestHeader("Origin", origin.Replace("{host}", host));
        var address = new Uri($"ws://{host}/grafana/api/live/ws");
        if (!taken)
        {
            await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, default));
            return;
        }
        await socket.ConnectAsync(address, default);
        await socket.SendAsync("ping"u8.ToArray().AsMemory(), WebSocketMessageType.Text, true, default);
        var buffer = new byte[16];
        var received = await socket.ReceiveAsync(buffer.AsMemory(), default);
        Assert.Equal("ping", Encoding.UTF8.GetString(buffer, 0, received.Count));
    }

    [Theory]
    [InlineData("http://evil.example", null, HttpStatusCode.Forbidden)]
    [InlineData("https://traces.example", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("https://traces.example", "same-origin", HttpStatusCode.OK)]
    public async Task ChangesComeFromThisServersOwnPagesAlsoBehindAProxyThatSpeaksHttps(string origin, string? site, HttpStatusCode expected)
    {
        await using var grafana = await FakeGrafana.StartAsync();
        await using var server = await ServerUnderTest.StartAsync(o => o with { GrafanaProxy = grafana.Address, AllowedHosts = ["traces.example"] });
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/grafana/api/dashboards/uid/x");
        request.Headers.Host = "traces.example";
        request.Headers.Add("Origin", origin);
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task AGrafanaThatIsDownIsSaidToBe()
    {
        // The port stays this socket's, which does not listen: no other test can be given it meanwhile.
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var server = await With(new Uri($"http://{nobody.LocalEndPoint}"));
        var problem = await server.GetProblemAsync("/grafana/d/abc", HttpStatusCode.BadGateway);
        Assert.Contains("can't be reached", problem.GetProperty("detail").GetString());
        Assert.Contains("--grafana-proxy", problem.GetProperty("detail").GetString());
        Assert.Equal("", server.Log.ToString());
    }

    [Fact]
    public async Task AGrafanaThatIsSilentIsGivenUp()
    {
        await using var grafana = await FakeGrafana.StartAsync();
        await using var server = await ServerUnderTest.StartAsync(o => o with { GrafanaProxy = grafana.Address, GrafanaTimeout = TimeSpan.FromMilliseconds(200) });
        var problem = await server.GetProblemAsync("/grafana/slow", HttpStatusCode.GatewayTimeout);
        Assert.Contains("did not answer", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task WithoutTheOptionNothingIsPassedOn()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var problem = await server.GetProblemAsync("/grafana/d/abc", HttpStatusCode.NotFound);
        Assert.Contains("--grafana-proxy", problem.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("http://g.example/d/abc", null, "http://g.example/d/abc")]
    [InlineData(null, "http://g.example:3000", "/grafana/")]
    [InlineData("http://g.example:3000/d/abc?orgId=1#top", "http://g.example:3000", "/grafana/d/abc?orgId=1#top")]
    [InlineData("http://g.example/grafana/d/abc", "http://g.example/grafana/", "/grafana/d/abc")]
    public async Task ThePageIsToldWhereGrafanaIsForIt(string? url, string? proxy, string? expected)
    {
        await using var server = await ServerUnderTest.StartAsync(o => o with { GrafanaUrl = url is null ? null : new Uri(url), GrafanaProxy = proxy is null ? null : new Uri(proxy) });
        Assert.Equal(expected, (await server.GetAsync("/api/v1/config")).GetProperty("grafana_url").GetString());
    }

    [Theory]
    [InlineData("--grafana-proxy http://g.example --grafana-url http://h.example/d/abc", "does not lie below")]
    [InlineData("--grafana-proxy http://g.example/a --grafana-url http://g.example/ab/d/abc", "does not lie below")]
    [InlineData("--grafana-proxy http://g.example/?x=1", "more than an address")]
    [InlineData("--grafana-proxy ftp://g.example", "http or https")]
    public async Task OptionsThatContradictEachOtherAreRefused(string arguments, string problem)
    {
        var errors = new StringWriter();
        var line = new ServerCommandLine((_, _) => Task.FromResult(0));
        Assert.Equal(2, await line.InvokeAsync(["server", .. arguments.Split(' ')], TextWriter.Null, errors));
        Assert.Contains(problem, errors.ToString());
    }

    private static Task<ServerUnderTest> With(Uri grafana) => ServerUnderTest.StartAsync(o => o with { GrafanaProxy = grafana });
}
