using System.Net;

namespace Throughline.Tests.Server.Receive;

/// <summary>Requests of more than a megabyte, which take turns.</summary>
public sealed class LargeRequestTests
{
    [Fact]
    public async Task ManyAtOnceAreAllStoredAndRefusedOnesGiveUpTheirTurns()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var padding = new string('x', 1_200_000);
        byte[] Request(int trace) => Export.Protobuf(Export.Json("svc", Export.Span(Export.Trace(trace), Export.Id(1), more: Export.Attributes(("padding", padding)))));
        byte[] Malformed(int trace)
        {
            var body = Request(trace);
            // The first field's length, one byte less than it is: the rest can't be read.
            body[1]--;
            return body;
        }
        var requests = 6 * Environment.ProcessorCount;

        var answers = await Task.WhenAll(Enumerable.Range(1, requests).Select(async trace =>
        {
            using var response = await server.ExportAsync(trace % 2 == 0 ? Request(trace) : Malformed(trace));
            return (trace, response.StatusCode);
        }));

        Assert.All(answers, answer => Assert.Equal(answer.trace % 2 == 0 ? HttpStatusCode.OK : HttpStatusCode.BadRequest, answer.StatusCode));
        var stored = await server.SearchAsync($"service=svc&limit={requests}");
        Assert.Equal(Enumerable.Range(1, requests).Where(static trace => trace % 2 == 0).Select(Export.Trace), stored.Order());
    }
}
