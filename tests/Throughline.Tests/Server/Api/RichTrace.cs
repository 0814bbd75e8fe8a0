namespace Throughline.Tests.Server.Api;

/// <summary>A trace with one of everything that OTLP can say about a span, and some odd spans beside it.</summary>
internal static class RichTrace
{
    private const string AllTypes = """
        {"key":"text","value":{"stringValue":"front door"}},{"key":"yes","value":{"boolValue":true}},{"key":"count","value":{"intValue":"-9223372036854775808"}},
        {"key":"ratio","value":{"doubleValue":0.5}},{"key":"nan","value":{"doubleValue":"NaN"}},{"key":"low","value":{"doubleValue":"-Infinity"}},
        {"key":"bytes","value":{"bytesValue":"AAEC"}},{"key":"none","value":{}},
        {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"1"},{"arrayValue":{"values":[{"boolValue":false}]}}]}}},
        {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"kvlistValue":{"values":[{"key":"deep","value":{"doubleValue":1}}]}}},{"key":"e","value":{}}]}}}
        """;

    private static readonly string Everything = $$"""
        "kind":2,"flags":257,"traceState":"a=b","attributes":[{{AllTypes}}],"droppedAttributesCount":3,
        "events":[{"timeUnixNano":"{{Export.BaseNano + 5}}","name":"started","attributes":[{{AllTypes}}],"droppedAttributesCount":4}],"droppedEventsCount":5,
        "links":[{"traceId":"{{Export.Trace(9)}}","spanId":"{{Export.Id(9)}}","traceState":"c=d","flags":1,"attributes":[{{AllTypes}}],"droppedAttributesCount":6}],"droppedLinksCount":7,
        "status":{"code":1,"message":"fine"}
        """;

    private static readonly string FailedWait = $$"""
        "kind":3,{{Export.Attributes(("wait.kind", "batch_window"), ("error.type", "timeout"))}},"status":{"code":2,"message":"too late"},
        "links":[{"traceId":"{{Export.Trace(1)}}","spanId":"{{Export.Id(1)}}"}]
        """;

    private static readonly string[] Spans =
    [
        Export.Span(Export.Trace(1), Export.Id(1), "root", ms: 100, more: Everything),
        Export.Span(Export.Trace(1), Export.Id(2), "wait", Export.Id(1), startMs: 10, ms: 50, more: FailedWait),
        Export.Span(Export.Trace(1), Export.Id(3), "orphan", Export.Id(99), startMs: 20, ms: -5),
        Export.Span(Export.Trace(1), Export.Id(4), "shared", Export.Id(2), startMs: 5),
        Export.Span(Export.Trace(1), Export.Id(4), "shared", Export.Id(2), startMs: 6),
        $$"""{"traceId":"{{Export.Trace(2)}}","spanId":"{{Export.Id(1)}}"}""",
    ];

    /// <summary>
    /// Trace 1: span 1 the root with everything; span 2 its child, a failed wait that links to span 1; span 3 an orphan that ends before it starts; span 4 twice with
    /// other content, before its parent. Trace 2: a span that says nothing.
    /// </summary>
    internal static string Request { get; } = $$$"""
        {"resourceSpans":[{
          "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"svc"}},{{{AllTypes}}}],"droppedAttributesCount":1},"schemaUrl":"https://resource.example/1",
          "scopeSpans":[{"scope":{"name":"lib","version":"2","attributes":[{{{AllTypes}}}],"droppedAttributesCount":2},"schemaUrl":"https://scope.example/1",
            "spans":[{{{string.Join(",", Spans)}}}]}]}]}
        """;
}
