using System.Net;
using System.Text;
using System.Text.Json;

namespace Throughline.Tests.Server.Process;

/// <summary>The operator's rules on log records: set over HTTP, and what then reaches the store and its files.</summary>
public sealed class LogRulesTests
{
    [Fact]
    public async Task WhatRulesFindIsReplacedInBodiesAttributesAndNamesBeforeItIsStored()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await SetAsync(server, """{"redaction":[{"name":"mail","pattern":"[a-z]+@example\\.com","action":"mask"},{"name":"card","key":"card*","action":"remove"},{"name":"user","key":"user.id","action":"hash"}]}""");
        await server.StoreLogsAsync($$$"""
            {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"owner","value":{"stringValue":"root@example.com"}}]},"scopeLogs":[{"scope":{"name":"tests"},"logRecords":[
            {{{LogExport.Record("sent to ann@example.com twice", more: "\"severityText\":\"eve@example.com\",\"eventName\":\"mail.bob@example.com\"," + Export.Attributes(("to", "ann@example.com"), ("card.number", "4111 1111"), ("user.id", "user-one"), ("kept", "as it is")))}}},
            {{{LogExport.Record("nothing in it", ms: 1)}}}]}]}]}
            """);
        var entries = await EntriesAsync(server);
        var found = entries.Single(e => Text(e, "body").StartsWith("sent", StringComparison.Ordinal));
        Assert.Equal(("sent to [redacted] twice", "mail.[redacted]", "[redacted]"), (Text(found, "body"), Text(found, "eventName"), Text(found, "severityText")));
        var attributes = Attributes(found);
        Assert.Equal(["to", "user.id", "kept"], attributes.Keys.ToArray());
        Assert.Equal(("[redacted]", "as it is"), (attributes["to"], attributes["kept"]));
        Assert.Matches(@"^\[hash:[0-9a-f]{16}\]$", attributes["user.id"]);
        Assert.Equal(["redacted"], Marks(found));
        // The resource is of both: both say that something of them was redacted.
        Assert.Equal(["redacted"], Marks(entries.Single(e => Text(e, "body") == "nothing in it")));
        Assert.DoesNotContain("example.com", (await server.GetAsync("/api/v1/logs")).ToString());
        AssertNoFileHas(server, "example.com", "4111 1111", "user-one");
        var counts = (await server.GetAsync("/api/v1/settings/process/counts")).GetProperty("redacted").EnumerateArray().ToDictionary(c => Text(c, "rule"), c => Text(c, "values"));
        Assert.Equal(("5", "1", "1"), (counts["mail"], counts["card"], counts["user"]));
    }

    [Fact]
    public async Task ABodyThatIsAMapIsRedactedByItsKeysAndStaysJson()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await SetAsync(server, """{"redaction":[{"name":"name","key":"name","action":"mask"},{"name":"gone","key":"secret","action":"remove"},{"name":"number","pattern":"\\b4[0-9]{7}\\b","action":"mask"}]}""");
        const string Body = """
            {"kvlistValue":{"values":[{"key":"name","value":{"kvlistValue":{"values":[{"key":"first","value":{"stringValue":"Ann"}}]}}},{"key":"secret","value":{"stringValue":"xyzzy"}},{"key":"card","value":{"intValue":"41234567"}},
            {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"card \"41234567\" ok"},{"boolValue":true},{"doubleValue":1.5},{}]}}},{"key":"n","value":{"intValue":"7"}}]}}
            """;
        await server.StoreLogsAsync($$$"""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{{{Body}}}},{"body":{"intValue":"41234567"}}]}]}]}""");
        var bodies = (await EntriesAsync(server)).Select(e => (Text(e, "bodyType"), Text(e, "body"), string.Join(' ', Marks(e)))).ToArray();
        Assert.Contains(("kvlist", """{"name":"[redacted]","card":"[redacted]","list":["card \"[redacted]\" ok",true,1.5,null],"n":7}""", "redacted"), bodies);
        Assert.Contains(("string", "[redacted]", "redacted"), bodies);
        AssertNoFileHas(server, "Ann", "xyzzy", "41234567");
    }

    [Fact]
    public async Task LimitsCutAttributesSayHowManyAndLeaveBodiesWhole()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await SetAsync(server, """{"limits":{"attributes":2,"valueBytes":16}}""");
        var body = new string('b', 100);
        await server.StoreLogsAsync(LogExport.Json("svc", LogExport.Record(body, more: "\"droppedAttributesCount\":3," + Export.Attributes(("a", "short"), ("b", "a value of rather many bytes"), ("c", "3"), ("d", "4"))), LogExport.Record("whole", more: Export.Attributes(("a", "1")))));
        var entries = await EntriesAsync(server);
        var cut = entries.Single(e => Text(e, "body") == body);
        Assert.Equal(new Dictionary<string, string> { ["a"] = "short", ["b"] = "a value of rathe" }, Attributes(cut));
        Assert.Equal(5, cut.GetProperty("droppedAttributes").GetInt32());
        Assert.Equal(["cut"], Marks(cut));
        Assert.Empty(Marks(entries.Single(e => Text(e, "body") == "whole")));
        var counts = (await server.GetAsync("/api/v1/settings/process/counts")).GetProperty("cut").EnumerateArray().Select(c => (Text(c, "stage"), Text(c, "rule"), Text(c, "service"), Text(c, "spans")));
        Assert.Equal([("limit", "attributes", "svc", "1"), ("limit", "valueBytes", "svc", "1")], counts);
    }

    [Fact]
    public async Task AChangeHoldsForTheNextRequestAndWhatWasLeftInTheLogStaysSo()
    {
        using var directory = new TemporaryDirectory();
        await using (var server = await ServerUnderTest.StartAsync(o => o with { Store = o.Store with { Directory = directory.Path } }))
        {
            await server.StoreLogsAsync(LogExport.Json("svc", LogExport.Record("token abc")));
            await SetAsync(server, """{"redaction":[{"name":"t","pattern":"abc","action":"mask"}]}""");
            await server.StoreLogsAsync(LogExport.Json("svc", LogExport.Record("token abc", ms: 1)));
            await SetAsync(server, """{"redaction":[]}""");
            await server.StoreLogsAsync(LogExport.Json("svc", LogExport.Record("token abc", ms: 2)));
            Assert.Equal(["token abc", "token [redacted]", "token abc"], await server.LogsAsync());
        }
        // From the log, which has the processed form of the second request only.
        await using var again = await ServerUnderTest.StartAsync(o => o with { Store = o.Store with { Directory = directory.Path } });
        Assert.Equal(["token abc", "token [redacted]", "token abc"], await again.LogsAsync());
        Assert.Equal(["", "redacted", ""], (await EntriesAsync(again)).Select(e => string.Join(' ', Marks(e))));
    }

    private static async Task SetAsync(ServerUnderTest server, string rules)
    {
        var (status, answer) = await ProcessRulesTests.PutAsync(server, $$"""{"rules":{{rules}}}""");
        Assert.True(status == HttpStatusCode.OK, answer.ToString());
    }

    private static async Task<JsonElement[]> EntriesAsync(ServerUnderTest server) => [.. (await server.GetAsync("/api/v1/logs")).GetProperty("entries").EnumerateArray()];

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";

    private static string[] Marks(JsonElement entry) => [.. entry.GetProperty("marks").EnumerateArray().Select(m => m.GetString() ?? "")];

    private static Dictionary<string, string> Attributes(JsonElement entry) => entry.GetProperty("attributes").EnumerateArray().ToDictionary(a => Text(a, "key"), a => Text(a, "value"));

    private static void AssertNoFileHas(ServerUnderTest server, params string[] secrets)
    {
        var files = Directory.EnumerateFiles(server.Directory, "*", SearchOption.AllDirectories).Where(f => f.Contains($"{Path.DirectorySeparatorChar}logs{Path.DirectorySeparatorChar}")).ToList();
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            foreach (var secret in secrets) Assert.Equal(-1, bytes.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)));
        }
    }
}
