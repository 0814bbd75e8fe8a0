using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Server.Configuration;
using Throughline.Server.Hosting;

namespace Throughline.Tests.Server.Hosting;

public sealed class StartAndStopTests
{
    [Fact]
    public async Task AFailedStartLeavesNoPortBehind()
    {
        // Meanwhile the system may give a port that has become free to another test; again and again it does not.
        var tries = 1;
        while (!await FailedStartAsync(mayBeTaken: tries < 10)) tries++;
    }

    private static async Task<bool> FailedStartAsync(bool mayBeTaken)
    {
        using var directory = new TemporaryDirectory();
        var any = new ListenAddress(IPAddress.Loopback, 0);
        var options = new ServerOptions { Http = any, OtlpGrpc = any, OtlpHttp = any, Store = new TraceStoreOptions { Directory = directory.Path } };
        ServerAddresses addresses;
        await using (var first = await ServerHost.StartAsync(options, new DiskFileSystem(), TimeProvider.System, TextWriter.Null, CancellationToken.None))
        {
            addresses = first.Addresses;
            // The directory is taken, so this one binds its ports and then gives up.
            await Assert.ThrowsAsync<StartupException>(() => ServerHost.StartAsync(options, new DiskFileSystem(), TimeProvider.System, TextWriter.Null, CancellationToken.None));
            var taken = await Assert.ThrowsAsync<StartupException>(() => ServerHost.StartAsync(options with { OtlpGrpc = addresses.OtlpGrpc }, new DiskFileSystem(), TimeProvider.System, TextWriter.Null, CancellationToken.None));
            Assert.Contains("--otlp-grpc", taken.Message);
            Assert.Contains(addresses.OtlpGrpc.ToString(), taken.Message);
        }
        // Ports and directory are free again.
        options = options with { Http = addresses.Http, OtlpGrpc = addresses.OtlpGrpc, OtlpHttp = addresses.OtlpHttp };
        try
        {
            await using var again = await ServerHost.StartAsync(options, new DiskFileSystem(), TimeProvider.System, TextWriter.Null, CancellationToken.None);
            Assert.Equal(addresses, again.Addresses);
            return true;
        }
        catch (StartupException) when (mayBeTaken)
        {
            return false;
        }
    }

    [Fact]
    public async Task WhatWasAcknowledgedIsThereAfterARestart()
    {
        using var directory = new TemporaryDirectory();
        var any = new ListenAddress(IPAddress.Loopback, 0);
        var options = new ServerOptions { Http = any, OtlpGrpc = any, OtlpHttp = any, Store = new TraceStoreOptions { Directory = directory.Path } };
        using var client = new HttpClient();
        for (var run = 1; run <= 3; run++)
        {
            await using var host = await ServerHost.StartAsync(options, new DiskFileSystem(), TimeProvider.System, TextWriter.Null, CancellationToken.None);
            using var sent = await client.PostAsync($"{host.Addresses.OtlpHttp}/v1/traces", new StringContent(Export.OneSpan(run), Encoding.UTF8, "application/json"));
            Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
            var found = await client.GetStringAsync($"{host.Addresses.Http}/api/v1/search");
            for (var earlier = 1; earlier <= run; earlier++) Assert.Contains(Export.Trace(earlier), found);
        }
    }

    [Theory]
    [InlineData(ListenerRole.Http, "application/problem+json")]
    [InlineData(ListenerRole.OtlpHttp, "application/x-protobuf")]
    [InlineData(ListenerRole.OtlpGrpc, "application/grpc")]
    public async Task AnUnexpectedExceptionIsLoggedAndAnsweredInThePortsForm(ListenerRole role, string type)
    {
        var output = new StringWriter();
        using var provider = new TerseLoggerProvider(output);
        var context = new DefaultHttpContext { Response = { Body = new MemoryStream() } };
        context.Features.Set(new ListenerFeature(role));
        context.Request.Path = "/x";

        await LastResort.InvokeAsync(context, _ => throw new InvalidOperationException("the cause"), provider.CreateLogger("test"));

        Assert.Equal(type, context.Response.ContentType);
        Assert.Equal(role == ListenerRole.OtlpGrpc ? 200 : 500, context.Response.StatusCode);
        if (role == ListenerRole.OtlpGrpc) Assert.Equal("13", context.Response.Headers["grpc-status"]);
        Assert.Contains("the cause", output.ToString());
        // The cause stays in the log.
        Assert.DoesNotContain("the cause", Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray()));
    }

    [Fact]
    public void LogEntriesAreSingleLinesUnlessSomethingIsBroken()
    {
        var output = new StringWriter();
        using var provider = new TerseLoggerProvider(output);
        var log = provider.CreateLogger("test");
        log.LogDebug("unseen");
        log.LogInformation("first\nline");
        log.LogWarning(new IOException("disk"), "second");
        Assert.Equal("info: first line\nwarning: second (disk)\n", output.ToString());
    }
}
