using System.Text.Json;
using Throughline.Server.Api.Native;

namespace Throughline.Tests.Server.Api;

/// <summary>The OpenAPI document is put together from a file for each path.</summary>
public sealed class OpenApiFilesTests
{
    private static (string Name, JsonElement Content) File(string name, string json) => ($"openapi/{name}.openapi", JsonDocument.Parse(json).RootElement);

    private static readonly (string Name, JsonElement Content) Document = File("_document", """{"openapi":"3.1.0","schemas":{"Shared":{"type":"string"}}}""");

    [Fact]
    public void PathsAndSchemasOfAllFilesAreInTheDocument()
    {
        var bytes = OpenApiDocument.Assemble([Document, File("b", """{"paths":{"/b":{"get":1}},"schemas":{"B":{}}}"""), File("a", """{"paths":{"/a":{"get":2}}}""")]);
        var document = JsonDocument.Parse(bytes).RootElement;
        Assert.Equal("3.1.0", document.GetProperty("openapi").GetString());
        Assert.Equal(["/a", "/b"], document.GetProperty("paths").EnumerateObject().Select(p => p.Name));
        Assert.Equal(["B", "Shared"], document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(p => p.Name));
    }

    [Theory]
    [InlineData("""{"paths":{"/a":{}}}""", "/a is described in openapi/a.openapi and in openapi/b.openapi.")]
    [InlineData("""{"schemas":{"Shared":{}}}""", "Shared is described in openapi/_document.openapi and in openapi/b.openapi.")]
    [InlineData("""{"path":{}}""", "openapi/b.openapi has a member path; there may be paths and schemas.")]
    public void FilesThatContradictEachOtherAreTold(string other, string message)
    {
        var error = Assert.Throws<InvalidOperationException>(() => OpenApiDocument.Assemble([Document, File("a", """{"paths":{"/a":{}}}"""), File("b", other)]));
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public async Task EverySchemaThatIsReferredToIsThereAndUsed()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var text = await server.Http.GetStringAsync("/api/v1/openapi.json");
        var schemas = JsonDocument.Parse(text).RootElement.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(p => p.Name).ToHashSet();
        var named = System.Text.RegularExpressions.Regex.Matches(text, "\"#/components/schemas/([^\"]+)\"").Select(m => m.Groups[1].Value).ToHashSet();
        Assert.Empty(named.Except(schemas));
        Assert.Empty(schemas.Except(named));
    }
}
