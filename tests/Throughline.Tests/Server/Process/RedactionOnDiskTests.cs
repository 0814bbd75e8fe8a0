using System.Text;

namespace Throughline.Tests.Server.Process;

/// <summary>A secret that came over the wire is in no file: not in the log, and not in a block that the head became.</summary>
public sealed class RedactionOnDiskTests
{
    private const string Secret = "hunter2-is-no-secret";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SecretsReachNoFile(bool redact)
    {
        // A head of one span becomes a block at once.
        await using var server = await ServerUnderTest.StartAsync(o => o with { Redact = redact, Store = o.Store with { HeadMaxSpans = 1 } });
        await server.StoreAsync(Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1), more: Export.Attributes(("password", Secret), ("user", "visible")))));
        await Patience.UntilAsync(async () => (await server.GetAsync("/api/v1/status")).GetProperty("store").GetProperty("blocks").GetInt32() > 0, () => "No block was written");
        await server.StoreAsync(Export.Json("svc", Export.Span(Export.Trace(2), Export.Id(1), more: Export.Attributes(("password", Secret)))));

        var span = (await server.GetAsync($"/api/v1/traces/{Export.Trace(1)}/spans/{Export.Id(1)}")).GetProperty("spans")[0];
        var shown = span.GetProperty("attributes").EnumerateArray().ToDictionary(a => a.GetProperty("key").GetString() ?? "", a => a.GetProperty("value").GetString());
        Assert.Equal("visible", shown["user"]);
        Assert.Equal(redact ? "[redacted]" : Secret, shown["password"]);
        Assert.Equal(redact ? "2" : "0", (await server.GetAsync("/api/v1/status")).GetProperty("redactedAttributes").GetString());
        Assert.Equal(redact ? 0 : 2, (await server.SearchAsync("q=" + Secret)).Length);

        var files = Directory.EnumerateFiles(server.Directory, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "LOCK").ToList();
        Assert.Contains(files, f => f.Contains("block", StringComparison.Ordinal));
        var found = files.Any(f => Bytes(f).AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) >= 0);
        // Without redaction the log has the request as it came: the search through the files can find what is there.
        Assert.Equal(!redact, found);
    }

    /// <summary>The file's bytes; none when it has gone meanwhile: a log segment whose spans are in a block.</summary>
    private static byte[] Bytes(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            file.CopyTo(bytes);
            return bytes.ToArray();
        }
        catch (FileNotFoundException)
        {
            return [];
        }
    }
}
