using System.Buffers;
using System.Text;
using System.Text.Json;
using Throughline.Engine.Decode;
using Throughline.Engine.Encode;
using Throughline.Engine.Model;
using Throughline.Server.Process;

namespace Throughline.Tests.Server.Process;

public sealed class RedactorTests
{
    [Theory]
    [InlineData("authorization", true)]
    [InlineData("Authorization", true)]
    [InlineData("http.request.header.authorization", true)]
    [InlineData("http.request.header.cookie", true)]
    [InlineData("http.response.header.set-cookie", true)]
    [InlineData("http.response.header.set_cookie", true)]
    [InlineData("db.PASSWORD", true)]
    [InlineData("token", true)]
    [InlineData("auth.token", true)]
    [InlineData("api-key", true)]
    [InlineData("API_KEY", true)]
    [InlineData("client.api_key", true)]
    [InlineData("tokens", false)]
    [InlineData("gen_ai.usage.input_tokens", false)]
    [InlineData("token.count", false)]
    [InlineData("cookies", false)]
    [InlineData("passwordless", false)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("authorization.", false)]
    public void KeysAreKnownByTheirLastSegment(string key, bool sensitive) => Assert.Equal(sensitive, SensitiveKeys.Contains(Encoding.UTF8.GetBytes(key)));

    private const string IntOne = """{"intValue":"1"}""";

    [Fact]
    public void SecretsDisappearWhereverTheyAre()
    {
        var secret = Attribute("password", Text("SECRET"));
        var span = Export.Span(Export.Trace(1), Export.Id(1), more: $$"""
            "attributes":[{{secret}},{{Attribute("http.request.header.authorization", Array(Text("SECRET"), Text("SECRET")))}},{{Attribute("token", IntOne)}},{{Attribute("kept", Text("kept"))}}],
            "events":[{"name":"e","attributes":[{{Attribute("kept", Text("kept"))}}]},{"name":"e","attributes":[{{secret}}]}],
            "links":[{"traceId":"{{Export.Trace(2)}}","spanId":"{{Export.Id(9)}}","attributes":[{{secret}}]}]
            """);
        var request = $$"""
            {"resourceSpans":[{"resource":{"attributes":[{{Attribute("service.name", Text("svc"))}},{{secret}}]},"scopeSpans":[{"scope":{"name":"lib","attributes":[{{secret}}]},"spans":[{{span}}]}]}]}
            """;
        var (batch, values, json) = Redact(request);
        Assert.Equal(7, values);
        Assert.DoesNotContain("SECRET", json);
        Assert.Equal(7, json.Split("[redacted]").Length - 1);
        Assert.Equal(2, json.Split("\"kept\"").Length / 2);
        Assert.Equal((byte)SpanMarks.Redacted, batch.Marks[0]);
    }

    [Fact]
    public void MapsAndArraysAreSearchedAtAnyDepth()
    {
        var value = Map(("token", Text("SECRET")), ("other", Text("kept")));
        for (var depth = 0; depth < 12; depth++) value = depth % 2 == 0 ? Array(Text("kept"), value) : Map(("deeper", value), ("Api-Key", Map(("in", Text("SECRET")))));
        var (_, values, json) = Redact(Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1), more: $"\"attributes\":[{Attribute("data", value)}]")));
        Assert.Equal(7, values);
        Assert.DoesNotContain("SECRET", json);
        Assert.Equal(7, json.Split("kept").Length - 1);
    }

    [Fact]
    public void OnlyTheRowsConcernedAreMarked()
    {
        var secret = $"\"attributes\":[{Attribute("cookie", Text("SECRET"))}]";
        var plain = $"\"attributes\":[{Attribute("a", Text("b"))}]";
        var spans = Enumerable.Range(1, 9).Select(i => Export.Span(Export.Trace(1), Export.Id(i), more: i % 3 == 0 ? secret : i % 3 == 1 ? plain : "")).ToArray();
        var (batch, values, _) = Redact(Export.Json("svc", spans));
        Assert.Equal(3, values);
        for (var row = 0; row < 9; row++) Assert.Equal(row % 3 == 2, batch.Marks[row] == (byte)SpanMarks.Redacted);
    }

    [Fact]
    public void NothingChangesWhereThereIsNothingToHide()
    {
        var request = Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1), more: $"\"attributes\":[{Attribute("a", Text("token"))},{Attribute("m", Map(("x", Text("password"))))},{Attribute("password", Text("[redacted]"))}]"));
        var (batch, values, json) = Redact(request);
        Assert.Equal(0, values);
        Assert.Equal(0, batch.Marks[0]);
        Assert.Equal(Normal(request), Normal(json));
    }

    [Fact]
    public void WhatIsNotSecretStaysAsItWasWhateverTheRestIs()
    {
        var random = new Random(20261123);
        for (var i = 0; i < 300; i++)
        {
            var (value, secrets) = Random(random, 0);
            var (_, values, json) = Redact(Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1), more: $"\"attributes\":[{Attribute("data", value)}]")));
            Assert.Equal(secrets, values);
            var expected = Export.Json("svc", Export.Span(Export.Trace(1), Export.Id(1), more: $"\"attributes\":[{Attribute("data", value.Replace("SECRET", "[redacted]"))}]"));
            Assert.Equal(Normal(expected), Normal(json));
        }
    }

    private static (SpanBatch Batch, int Values, string Json) Redact(string request)
    {
        var batch = new SpanBatch();
        Assert.Equal(DecodeStatus.Decoded, new OtlpTraceDecoder().Decode(Export.Protobuf(request), batch).Status);
        var values = new Redactor().Redact(batch);
        // What is stored is encoded from the rows.
        var encoded = new ArrayBufferWriter<byte>();
        OtlpTraceEncoder.Encode(batch, encoded);
        Assert.Equal(values > 0 && request.Contains("SECRET"), values > 0 && encoded.WrittenSpan.IndexOf("SECRET"u8) < 0 && request.Contains("SECRET"));
        var again = new SpanBatch();
        Assert.Equal(DecodeStatus.Decoded, new OtlpTraceDecoder().Decode(encoded.WrittenSpan, again).Status);
        using var output = new MemoryStream();
        using (var json = new Utf8JsonWriter(output)) OtlpJsonWriter.Write(again, json);
        return (batch, values, Encoding.UTF8.GetString(output.ToArray()));
    }

    /// <summary>The request as the writer of the engine has it, so that two can be compared as texts.</summary>
    private static string Normal(string request)
    {
        var batch = new SpanBatch();
        new OtlpTraceDecoder().Decode(Export.Protobuf(request), batch);
        using var output = new MemoryStream();
        using (var json = new Utf8JsonWriter(output)) OtlpJsonWriter.Write(batch, json);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    /// <summary>A random value; its secrets are the texts SECRET under the key api_key.</summary>
    private static (string Value, int Secrets) Random(Random random, int depth)
    {
        switch (random.Next(depth > 6 ? 2 : 4))
        {
            case 0: return (Text("x" + random.Next(1000)), 0);
            case 1: return ($$"""{"intValue":"{{random.Next(-5, 5)}}"}""", 0);
            case 2:
                var items = Enumerable.Range(0, random.Next(4)).Select(_ => Random(random, depth + 1)).ToList();
                return (Array([.. items.Select(v => v.Value)]), items.Sum(v => v.Secrets));
            default:
                var entries = Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(3) == 0
                    ? (Key: "api_key", Value: Text("SECRET"), Secrets: 1)
                    : Random(random, depth + 1) is var (value, secrets) ? (Key: "k" + random.Next(9), Value: value, Secrets: secrets) : default).ToList();
                return (Map([.. entries.Select(e => (e.Key, e.Value))]), entries.Sum(e => e.Secrets));
        }
    }

    private static string Attribute(string key, string value) => $$"""{"key":"{{key}}","value":{{value}}}""";

    private static string Text(string text) => $$"""{"stringValue":"{{text}}"}""";

    private static string Array(params string[] items) => "{\"arrayValue\":{\"values\":[" + string.Join(",", items) + "]}}";

    private static string Map(params (string Key, string Value)[] entries) => "{\"kvlistValue\":{\"values\":[" + string.Join(",", entries.Select(e => Attribute(e.Key, e.Value))) + "]}}";
}
