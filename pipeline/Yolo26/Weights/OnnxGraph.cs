using System.Runtime.InteropServices;

namespace Throughline.Pipeline.Yolo26.Weights;

/// <summary>
/// Puts an ONNX model together: nodes in the order in which they are added, constants, one list of inputs and one of outputs.
/// Field numbers are those of onnx.proto3 (IR version 9). Not thread-safe; the caller owns it.
/// </summary>
internal sealed class OnnxGraph
{
    // Operator set 18: Shape takes a range since 15, ReduceMean its axes as an input since 18.
    private const int OperatorSet = 18, IrVersion = 9;
    private const int FloatType = 1, Int64Type = 7;

    private readonly List<ProtoWriter> _nodes = [], _constants = [], _inputs = [], _outputs = [];
    private int _names;

    /// <summary>A name that no other value of this graph has.</summary>
    public string NewName(string stem) => $"{stem}/onnx_{_names++}";

    public void Input(string name, params long[] shape) => _inputs.Add(ValueInfo(name, shape));

    public void Output(string name, params long[] shape) => _outputs.Add(ValueInfo(name, shape));

    /// <summary>Adds a node with one output of a new name, which is answered.</summary>
    public string Add(string op, IEnumerable<string> inputs, params (string Name, object Value)[] attributes)
    {
        var output = NewName(op);
        AddAs([output], op, inputs, attributes);
        return output;
    }

    /// <summary>Adds a node whose outputs get the given names.</summary>
    public void AddAs(IEnumerable<string> outputs, string op, IEnumerable<string> inputs, params (string Name, object Value)[] attributes)
    {
        var node = new ProtoWriter();
        foreach (var input in inputs) node.Text(1, input);
        foreach (var output in outputs) node.Text(2, output);
        node.Text(3, NewName("node")).Text(4, op);
        foreach (var (name, value) in attributes) node.Message(5, Attribute(name, value));
        _nodes.Add(node);
    }

    public string Constant(string name, long[] shape, ReadOnlySpan<float> values) =>
        Tensor(name, shape, FloatType, MemoryMarshal.AsBytes(values));

    public string Constant(string name, long[] shape, ReadOnlySpan<long> values) =>
        Tensor(name, shape, Int64Type, MemoryMarshal.AsBytes(values));

    public string Vector(params long[] values) => Constant(NewName("vector"), [values.Length], values);

    public string Scalar(float value) => Constant(NewName("scalar"), [], [value]);

    /// <summary>The model file. <paramref name="metadata"/> can be read back from it by whoever runs it.</summary>
    public byte[] Build(string name, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var graph = new ProtoWriter();
        foreach (var node in _nodes) graph.Message(1, node);
        graph.Text(2, name);
        foreach (var constant in _constants) graph.Message(5, constant);
        foreach (var input in _inputs) graph.Message(11, input);
        foreach (var output in _outputs) graph.Message(12, output);

        var model = new ProtoWriter().Int(1, IrVersion).Text(2, "throughline").Message(7, graph)
            .Message(8, new ProtoWriter().Text(1, "").Int(2, OperatorSet));
        foreach (var (key, value) in metadata) model.Message(14, new ProtoWriter().Text(1, key).Text(2, value));
        return model.Written.ToArray();
    }

    private string Tensor(string name, long[] shape, int type, ReadOnlySpan<byte> littleEndian)
    {
        var tensor = new ProtoWriter();
        foreach (var size in shape) tensor.Int(1, size);
        _constants.Add(tensor.Int(2, type).Text(8, name).Bytes(9, littleEndian));
        return name;
    }

    private static ProtoWriter ValueInfo(string name, long[] shape)
    {
        var dimensions = new ProtoWriter();
        foreach (var size in shape) dimensions.Message(1, new ProtoWriter().Int(1, size));
        return new ProtoWriter().Text(1, name)
            .Message(2, new ProtoWriter().Message(1, new ProtoWriter().Int(1, FloatType).Message(2, dimensions)));
    }

    private static ProtoWriter Attribute(string name, object value)
    {
        const int FloatKind = 1, IntKind = 2, StringKind = 3, IntsKind = 7;
        var attribute = new ProtoWriter().Text(1, name);
        switch (value)
        {
            case float number: return attribute.Float(2, number).Int(20, FloatKind);
            case long number: return attribute.Int(3, number).Int(20, IntKind);
            case string text: return attribute.Text(4, text).Int(20, StringKind);
            case long[] numbers:
                foreach (var number in numbers) attribute.Int(8, number);
                return attribute.Int(20, IntsKind);
            default: throw new ArgumentException($"ONNX attribute '{name}' can't be a {value.GetType().Name}.", nameof(value));
        }
    }
}
