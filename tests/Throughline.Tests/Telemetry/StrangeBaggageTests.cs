using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using Throughline.Telemetry;

namespace Throughline.Tests.Telemetry;

/// <summary>A service whose callers are strangers takes no baggage of theirs, whatever they say of sampling.</summary>
public sealed class StrangeBaggageTests
{
    [Theory]
    [InlineData(true, "01", "camera.id=stolen camera.id=stolen")]
    [InlineData(false, "01", "")]
    [InlineData(false, "00", "")]
    [InlineData(false, null, "")]
    public async Task BaggageOfTheRequestIsTakenOverOnlyWhereItIsWanted(bool accept, string? flags, string expected)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Configuration["OTEL_TRACES_EXPORTER"] = "none";
        builder.AddThroughline("stranger-test", options => options.AcceptBaggage = accept);
        await using var service = builder.Build();
        service.Run(context =>
        {
            IEnumerable<KeyValuePair<string, string?>> current = Baggage.Current.GetBaggage().Select(e => new KeyValuePair<string, string?>(e.Key, e.Value));
            return context.Response.WriteAsync(string.Join(" ", current.Concat(Activity.Current?.Baggage ?? []).Select(e => $"{e.Key}={e.Value}")));
        });
        await service.StartAsync();

        using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        using var request = new HttpRequestMessage(HttpMethod.Get, service.Urls.Single());
        request.Headers.Add("baggage", "camera.id=stolen");
        if (flags is not null) request.Headers.Add("traceparent", $"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
        using var response = await client.SendAsync(request);
        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
    }
}
