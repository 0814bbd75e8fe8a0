namespace Throughline.Engine.Decode;

/// <summary>
/// Says which field of an ExportTraceServiceRequest an offset lies in, for error messages. Walks the message again from its beginning, so that the decoder
/// itself need not know where it is.
/// </summary>
internal static class OtlpFieldPath
{
    private sealed record Message(string Name, Dictionary<uint, (string Name, Message? Type, bool Repeated)> Fields);

    private static readonly Message Request = Build();

    /// <summary>The path of the innermost field that begins at or before the offset, like <c>resource_spans[0].scope_spans[1].spans[7].attributes[2].value</c>.</summary>
    public static string Locate(ReadOnlySpan<byte> request, int offset)
    {
        var path = new List<string>();
        try
        {
            Walk(new WireReader(request), Request, offset, path);
        }
        catch (MalformedWireException)
        {
            // The walk ends where the decoder did: the path so far is the answer.
        }
        return path.Count == 0 ? "ExportTraceServiceRequest" : string.Join('.', path);
    }

    private static void Walk(WireReader reader, Message message, int offset, List<string> path)
    {
        var seen = new Dictionary<uint, int>();
        var depth = path.Count;
        while (reader.HasMore && reader.Position <= offset)
        {
            path.RemoveRange(depth, path.Count - depth);
            var tag = reader.ReadTag();
            if (!message.Fields.TryGetValue(tag >> 3, out var field))
            {
                path.Add($"field {tag >> 3} of {message.Name}");
                reader.Skip(tag);
                continue;
            }
            var index = seen.GetValueOrDefault(tag);
            seen[tag] = index + 1;
            path.Add(field.Repeated ? $"{field.Name}[{index}]" : field.Name);
            if (field.Type is null || (tag & 7) != 2)
            {
                reader.Skip(tag);
                continue;
            }
            var inner = reader.ReadMessage();
            if (offset >= inner.Position && offset < reader.Position) Walk(inner, field.Type, offset, path);
        }
    }

    private static Message Build()
    {
        var any = new Message("AnyValue", []);
        var keyValue = new Message("KeyValue", new() { [1] = ("key", null, false), [2] = ("value", any, false) });
        var array = new Message("ArrayValue", new() { [1] = ("values", any, true) });
        var kvList = new Message("KeyValueList", new() { [1] = ("values", keyValue, true) });
        any.Fields[1] = ("string_value", null, false);
        any.Fields[2] = ("bool_value", null, false);
        any.Fields[3] = ("int_value", null, false);
        any.Fields[4] = ("double_value", null, false);
        any.Fields[5] = ("array_value", array, false);
        any.Fields[6] = ("kvlist_value", kvList, false);
        any.Fields[7] = ("bytes_value", null, false);
        var resource = new Message("Resource", new() { [1] = ("attributes", keyValue, true), [2] = ("dropped_attributes_count", null, false) });
        var scope = new Message("InstrumentationScope", new()
        {
            [1] = ("name", null, false), [2] = ("version", null, false), [3] = ("attributes", keyValue, true), [4] = ("dropped_attributes_count", null, false),
        });
        var status = new Message("Status", new() { [2] = ("message", null, false), [3] = ("code", null, false) });
        var evt = new Message("Event", new()
        {
            [1] = ("time_unix_nano", null, false), [2] = ("name", null, false), [3] = ("attributes", keyValue, true), [4] = ("dropped_attributes_count", null, false),
        });
        var link = new Message("Link", new()
        {
            [1] = ("trace_id", null, false), [2] = ("span_id", null, false), [3] = ("trace_state", null, false), [4] = ("attributes", keyValue, true),
            [5] = ("dropped_attributes_count", null, false), [6] = ("flags", null, false),
        });
        var span = new Message("Span", new()
        {
            [1] = ("trace_id", null, false), [2] = ("span_id", null, false), [3] = ("trace_state", null, false), [4] = ("parent_span_id", null, false),
            [5] = ("name", null, false), [6] = ("kind", null, false), [7] = ("start_time_unix_nano", null, false), [8] = ("end_time_unix_nano", null, false),
            [9] = ("attributes", keyValue, true), [10] = ("dropped_attributes_count", null, false), [11] = ("events", evt, true),
            [12] = ("dropped_events_count", null, false), [13] = ("links", link, true), [14] = ("dropped_links_count", null, false),
            [15] = ("status", status, false), [16] = ("flags", null, false),
        });
        var scopeSpans = new Message("ScopeSpans", new() { [1] = ("scope", scope, false), [2] = ("spans", span, true), [3] = ("schema_url", null, false) });
        var resourceSpans = new Message("ResourceSpans", new()
        {
            [1] = ("resource", resource, false), [2] = ("scope_spans", scopeSpans, true), [3] = ("schema_url", null, false),
        });
        return new Message("ExportTraceServiceRequest", new() { [1] = ("resource_spans", resourceSpans, true) });
    }
}
