using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Throughline.Pipeline.Yolo26.Weights;

/// <summary>A TensorFlow.js graph model, read from its JSON file and the weight files that it names. Immutable once loaded.</summary>
internal sealed class TfjsModel
{
    private readonly Dictionary<string, TfjsNode> _nodes = [];
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _floats = [];
    private readonly Dictionary<string, (long[] Shape, long[] Values)> _integers = [];

    public static TfjsModel Load(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var root = document.RootElement;
        if (!root.TryGetProperty("format", out var format) || format.GetString() != "graph-model")
            throw new InvalidDataException($"{path} is not a TensorFlow.js graph model.");
        var model = new TfjsModel();
        foreach (var node in root.GetProperty("modelTopology").GetProperty("node").EnumerateArray())
            model._nodes.Add(node.GetProperty("name").GetString() ?? "", new TfjsNode(node.Clone()));
        foreach (var group in root.GetProperty("weightsManifest").EnumerateArray())
            model.ReadWeights(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/", group);
        return model;
    }

    public TfjsNode Node(string name) =>
        _nodes.TryGetValue(name, out var node) ? node : throw new InvalidDataException($"The model has no node '{name}'.");

    public bool TryFloats(string name, out (long[] Shape, float[] Values) weight) => _floats.TryGetValue(name, out weight);

    public bool TryIntegers(string name, out (long[] Shape, long[] Values) weight) => _integers.TryGetValue(name, out weight);

    public (long[] Shape, float[] Values) Floats(string name) =>
        TryFloats(name, out var weight) ? weight : throw new InvalidDataException($"'{name}' is not a constant of floats.");

    public long[] Integers(string name) =>
        TryIntegers(name, out var weight) ? weight.Values : throw new InvalidDataException($"'{name}' is not a constant of integers.");

    private void ReadWeights(string folder, JsonElement group)
    {
        using var joined = new MemoryStream();
        foreach (var file in group.GetProperty("paths").EnumerateArray())
            joined.Write(File.ReadAllBytes(Path.Combine(folder, file.GetString() ?? "")));
        ReadOnlySpan<byte> bytes = joined.ToArray();
        foreach (var weight in group.GetProperty("weights").EnumerateArray())
        {
            var name = weight.GetProperty("name").GetString() ?? "";
            var shape = weight.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
            var count = (int)shape.Aggregate(1L, (product, size) => product * size);
            var type = weight.GetProperty("dtype").GetString();
            var stored = weight.TryGetProperty("quantization", out var quantization) ? quantization.GetProperty("dtype").GetString() : type;
            var width = stored switch
            {
                "float32" or "int32" => 4,
                "float16" or "uint16" => 2,
                "uint8" => 1,
                _ => throw new InvalidDataException($"Weight '{name}' is stored as {stored}, which isn't known here."),
            };
            if (bytes.Length < count * width) throw new InvalidDataException($"The weight files end within '{name}'.");
            var raw = bytes[..(count * width)];
            bytes = bytes[raw.Length..];
            if (type == "int32") _integers.Add(name, (shape, Int32s(raw)));
            else if (type == "float32") _floats.Add(name, (shape, Singles(raw, stored, quantization)));
            else throw new InvalidDataException($"Weight '{name}' is of type {type}, which isn't known here.");
        }
        if (bytes.Length > 0) throw new InvalidDataException($"The weight files have {bytes.Length} bytes more than the model names.");
    }

    private static long[] Int32s(ReadOnlySpan<byte> raw)
    {
        var values = new long[raw.Length / 4];
        for (var i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadInt32LittleEndian(raw[(i * 4)..]);
        return values;
    }

    private static float[] Singles(ReadOnlySpan<byte> raw, string? stored, JsonElement quantization)
    {
        var width = stored switch { "uint8" => 1, "float32" => 4, _ => 2 };
        var affine = stored is "uint8" or "uint16";
        var scale = affine ? quantization.GetProperty("scale").GetSingle() : 1;
        var minimum = affine ? quantization.GetProperty("min").GetSingle() : 0;
        var values = new float[raw.Length / width];
        for (var i = 0; i < values.Length; i++)
        {
            var at = raw[(i * width)..];
            values[i] = stored switch
            {
                "float32" => BinaryPrimitives.ReadSingleLittleEndian(at),
                "float16" => (float)BinaryPrimitives.ReadHalfLittleEndian(at),
                "uint16" => BinaryPrimitives.ReadUInt16LittleEndian(at) * scale + minimum,
                _ => at[0] * scale + minimum,
            };
        }
        return values;
    }
}

/// <summary>A node of the graph: its operation, inputs (control inputs left out) and attributes.</summary>
internal sealed class TfjsNode
{
    private readonly JsonElement _attributes;

    public TfjsNode(JsonElement node)
    {
        Name = node.GetProperty("name").GetString() ?? "";
        Op = node.GetProperty("op").GetString() ?? "";
        Inputs = node.TryGetProperty("input", out var inputs)
            ? [.. inputs.EnumerateArray().Select(input => ValueName(input.GetString() ?? "")).Where(input => !input.StartsWith('^'))]
            : [];
        _attributes = node.TryGetProperty("attr", out var attributes) ? attributes : default;
    }

    public string Name { get; }

    public string Op { get; }

    public string[] Inputs { get; }

    public bool Flag(string key) => Find(key, "b") is { ValueKind: JsonValueKind.True };

    public long Integer(string key) => Find(key, "i") is { } value ? Number(value) : 0;

    public string Type(string key) => Find(key, "type")?.GetString() ?? "";

    public string Text(string key) => Find(key, "s") is { } value ? Decoded(value) : "";

    public string[] Texts(string key) => [.. List(key, "s").Select(Decoded)];

    public long[] Integers(string key) => [.. List(key, "i").Select(Number)];

    public long[] Shape(string key) =>
        Find(key, "shape") is { } shape && shape.TryGetProperty("dim", out var sizes)
            ? [.. sizes.EnumerateArray().Select(size => Number(size.GetProperty("size")))]
            : [];

    /// <summary>The graph's ":0" is the first output, which goes by the node's own name.</summary>
    private static string ValueName(string input) => input.EndsWith(":0", StringComparison.Ordinal) ? input[..^2] : input;

    private JsonElement? Find(string key, string form) =>
        _attributes.ValueKind == JsonValueKind.Object && _attributes.TryGetProperty(key, out var attribute)
            && attribute.TryGetProperty(form, out var value) ? value : null;

    private IEnumerable<JsonElement> List(string key, string form) =>
        Find(key, "list") is { } list && list.TryGetProperty(form, out var values) ? values.EnumerateArray() : [];

    private static long Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? value.GetInt64() : long.Parse(value.GetString() ?? "", CultureInfo.InvariantCulture);

    private static string Decoded(JsonElement value) => Encoding.ASCII.GetString(value.GetBytesFromBase64());
}
