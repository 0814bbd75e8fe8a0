using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Server.Configuration;
using Throughline.Server.Hosting;
using Throughline.Server.Storage;

namespace Throughline.Tests.Server;

/// <summary>A real server in this process: free ports, a directory of its own that goes with it. Owned by its test.</summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    private readonly ServerHost _host;

    private ServerUnderTest(ServerHost host, string directory, StringWriter log)
    {
        _host = host;
        Directory = directory;
        Log = log;
        // Without trace headers of its own: a tracer of another test, in the same process, would put them in place of those that a test gives.
        Http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = new Uri(host.Addresses.Http.ToString()) };
        Otlp = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = new Uri(host.Addresses.OtlpHttp.ToString()) };
    }

    internal HttpClient Http { get; }

    internal HttpClient Otlp { get; }

    internal ServerAddresses Addresses => _host.Addresses;

    internal string Directory { get; }

    /// <summary>What the server wrote to its log: nothing, while nothing is broken.</summary>
    internal StringWriter Log { get; }

    internal static async Task<ServerUnderTest> StartAsync(Func<ServerOptions, ServerOptions>? change = null, IFileSystem? files = null, TimeProvider? time = null, IReadOnlyList<SignalOpening>? signals = null)
    {
        var directory = Path.Combine(Path.GetTempPath(), "throughline-" + Path.GetRandomFileName());
        var any = new ListenAddress(IPAddress.Loopback, 0);
        var options = new ServerOptions { Http = any, OtlpGrpc = any, OtlpHttp = any, Store = new TraceStoreOptions { Directory = directory } };
        var log = new StringWriter();
        var host = await ServerHost.StartAsync(change?.Invoke(options) ?? options, files ?? new DiskFileSystem(), time ?? TimeProvider.System, log, CancellationToken.None, signals);
        return new ServerUnderTest(host, directory, log);
    }

    /// <summary>Sends an export request over HTTP.</summary>
    internal async Task<HttpResponseMessage> ExportAsync(byte[] body, string type = "application/x-protobuf", string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return await Otlp.PostAsync("/v1/traces", content);
    }

    /// <summary>Sends an export request in JSON that must be taken whole; as a sender does, again when it is told to.</summary>
    internal async Task StoreAsync(string json) => Assert.Equal("{}", await ExportUntilTakenAsync(Encoding.UTF8.GetBytes(json), HttpStatusCode.TooManyRequests, "application/json"));

    /// <summary>Sends an export request again and again while the answer is <paramref name="notYet"/>; it must be taken in the end. Answers what the server said then.</summary>
    internal async Task<string> ExportUntilTakenAsync(byte[] body, HttpStatusCode notYet, string type = "application/x-protobuf")
    {
        var (status, text) = (notYet, "");
        await Patience.UntilAsync(async () =>
        {
            using var response = await ExportAsync(body, type);
            (status, text) = (response.StatusCode, await response.Content.ReadAsStringAsync());
            return status != notYet;
        }, () => $"The answer is still {(int)notYet} {text}");
        Assert.True(status == HttpStatusCode.OK, $"{(int)status} {text}");
        return text;
    }

    /// <summary>An answer of the API that must be 200, as JSON.</summary>
    internal async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Http.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>An answer of the API that must be a problem, as JSON.</summary>
    internal async Task<JsonElement> GetProblemAsync(string path, HttpStatusCode status)
    {
        using var response = await Http.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{path}: {(int)response.StatusCode} {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        return problem;
    }

    /// <summary>Ids of the traces that a search finds, in its order.</summary>
    internal async Task<string[]> SearchAsync(string parameters)
    {
        var result = await GetAsync("/api/v1/search?" + parameters);
        return [.. result.GetProperty("traces").EnumerateArray().Select(t => t.GetProperty("traceId").GetString() ?? "")];
    }

    /// <summary>How often something was refused for a reason, by the status endpoint.</summary>
    internal async Task<int> RefusedAsync(string reason)
    {
        var status = await GetAsync("/api/v1/status");
        return status.GetProperty("refused").EnumerateArray().Where(r => r.GetProperty("reason").GetString() == reason)
            .Select(r => int.Parse(r.GetProperty("count").GetString() ?? "")).SingleOrDefault();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Otlp.Dispose();
        await _host.DisposeAsync();
        if (System.IO.Directory.Exists(Directory)) System.IO.Directory.Delete(Directory, recursive: true);
    }
}
