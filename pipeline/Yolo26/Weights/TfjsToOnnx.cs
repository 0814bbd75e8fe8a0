namespace Throughline.Pipeline.Yolo26.Weights;

/// <summary>
/// Rewrites a TensorFlow.js graph as ONNX, as far as MobileNetV3-CenterNet asks for; an operation or form that it doesn't know is an
/// error that names the node. Images stay NHWC as in TensorFlow; each convolution stands between two transpositions, which ONNX
/// Runtime's optimizer takes out again.
/// </summary>
internal sealed class TfjsToOnnx
{
    private static readonly long[] s_toChannelsFirst = [0, 3, 1, 2], s_toChannelsLast = [0, 2, 3, 1];

    private readonly TfjsModel _model;
    private readonly OnnxGraph _graph = new();
    private readonly HashSet<string> _converted = [];

    private TfjsToOnnx(TfjsModel model) => _model = model;

    /// <summary>The ONNX model that computes <paramref name="output"/> of <paramref name="model"/>.</summary>
    public static byte[] Convert(TfjsModel model, string output, long[] outputShape, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var converter = new TfjsToOnnx(model);
        converter.Convert(output);
        converter._graph.Output(output, outputShape);
        return converter._graph.Build(output, metadata);
    }

    /// <summary>Converts a value and all that it depends on, inputs first. A constant becomes one where it is used.</summary>
    private void Convert(string value)
    {
        var name = value.Split(':')[0];
        if (_model.TryFloats(name, out var floats))
        {
            if (_converted.Add(name)) _graph.Constant(name, floats.Shape, floats.Values);
            return;
        }
        if (_model.TryIntegers(name, out var integers))
        {
            if (_converted.Add(name)) _graph.Constant(name, integers.Shape, integers.Values);
            return;
        }
        if (!_converted.Add(name)) return;
        var node = _model.Node(name);
        foreach (var input in ValueInputs(node)) Convert(input);
        Emit(node);
    }

    /// <summary>The inputs that are values of the ONNX graph; the others are read here and become attributes or reshaped weights.</summary>
    private static IEnumerable<string> ValueInputs(TfjsNode node) => node.Op switch
    {
        "Conv2D" or "DepthwiseConv2dNative" or "Mean" or "ResizeBilinear" or "ExpandDims" or "TopKV2" or "StridedSlice" => node.Inputs.Take(1),
        "_FusedConv2D" or "FusedDepthwiseConv2dNative" => [node.Inputs[0], .. node.Inputs.Skip(2)],
        "ConcatV2" => node.Inputs.SkipLast(1),
        "GatherV2" => node.Inputs.Take(2),
        _ => node.Inputs,
    };

    private void Emit(TfjsNode node)
    {
        string[] inputs = [.. ValueInputs(node)];
        switch (node.Op)
        {
            case "Placeholder": _graph.Input(node.Name, node.Shape("shape")); break;
            case "Conv2D" or "_FusedConv2D": Convolution(node, inputs, depthwise: false); break;
            case "DepthwiseConv2dNative" or "FusedDepthwiseConv2dNative": Convolution(node, inputs, depthwise: true); break;
            case "MaxPool": MaxPool(node, inputs[0]); break;
            case "ResizeBilinear": Resize(node, inputs[0]); break;
            case "StridedSlice": Slice(node, inputs[0]); break;
            case "Add" or "AddV2": Same("Add"); break;
            case "Sub" or "Mul" or "Equal" or "Relu" or "Sigmoid" or "Identity" or "Reshape": Same(node.Op); break;
            case "Relu6": Same("Clip", [inputs[0], _graph.Scalar(0), _graph.Scalar(6)]); break;
            case "Cast": Same("Cast", inputs, ("to", node.Type("DstT") == "DT_FLOAT" ? 1L : 7L)); break;
            case "Mean":
                Same("ReduceMean", [inputs[0], _graph.Vector(_model.Integers(node.Inputs[1]))], ("keepdims", node.Flag("keep_dims") ? 1L : 0L));
                break;
            case "ConcatV2": Same("Concat", inputs, ("axis", _model.Integers(node.Inputs[^1])[0])); break;
            case "ExpandDims": Same("Unsqueeze", [inputs[0], _graph.Vector(_model.Integers(node.Inputs[1]))]); break;
            case "GatherV2": Same("Gather", inputs, ("axis", _model.Integers(node.Inputs[2])[0])); break;
            case "TopKV2":
                _graph.AddAs([node.Name, node.Name + ":1"], "TopK", [inputs[0], _graph.Vector(_model.Integers(node.Inputs[1]))], ("axis", -1L));
                break;
            // Indices only, which aren't negative: there ONNX's truncating division is TensorFlow's flooring one.
            case "FloorDiv" when node.Type("T") == "DT_INT32": Same("Div"); break;
            case "FloorMod" when node.Type("T") == "DT_INT32": Same("Mod"); break;
            default: throw new NotSupportedException($"Node '{node.Name}': operation {node.Op} is not one that this converter knows.");
        }

        void Same(string op, IEnumerable<string>? of = null, params (string, object)[] attributes) =>
            _graph.AddAs([node.Name], op, of ?? inputs, attributes);
    }

    private void Convolution(TfjsNode node, string[] inputs, bool depthwise)
    {
        if (node.Text("data_format") != "NHWC") throw new NotSupportedException($"Node '{node.Name}': only NHWC is known.");
        var (shape, values) = _model.Floats(node.Inputs[1]);
        var (kernel, kernelShape) = ChannelsFirst(shape, values, depthwise);
        string[] fused = node.Texts("fused_ops");
        List<string> operands =
        [
            _graph.Add("Transpose", [inputs[0]], ("perm", s_toChannelsFirst)),
            _graph.Constant(_graph.NewName(node.Inputs[1]), kernelShape, kernel),
        ];
        if (fused.Contains("BiasAdd")) operands.Add(inputs[1]);
        var strides = node.Integers("strides");
        var dilations = node.Integers("dilations") is { Length: 4 } four ? four : [1, 1, 1, 1];
        var result = _graph.Add("Conv", operands,
            ("strides", new[] { strides[1], strides[2] }), ("dilations", new[] { dilations[1], dilations[2] }),
            ("group", depthwise ? shape[2] : 1L), ("auto_pad", Padding(node)));
        foreach (var op in fused)
        {
            result = op switch
            {
                "BiasAdd" => result,
                "Relu" => _graph.Add("Relu", [result]),
                "Relu6" => _graph.Add("Clip", [result, _graph.Scalar(0), _graph.Scalar(6)]),
                _ => throw new NotSupportedException($"Node '{node.Name}': a fused {op} is not known."),
            };
        }
        _graph.AddAs([node.Name], "Transpose", [result], ("perm", s_toChannelsLast));
    }

    /// <summary>From TensorFlow's [height, width, in, out] to ONNX's [out, in / group, height, width]; depthwise, in * out kernels of one channel.</summary>
    private static (float[] Values, long[] Shape) ChannelsFirst(long[] shape, float[] values, bool depthwise)
    {
        var (height, width, channelsIn, channelsOut) = (shape[0], shape[1], shape[2], shape[3]);
        var result = new float[values.Length];
        var from = 0L;
        for (var y = 0L; y < height; y++)
            for (var x = 0L; x < width; x++)
                for (var i = 0L; i < channelsIn; i++)
                    for (var o = 0L; o < channelsOut; o++)
                    {
                        var kernel = depthwise ? i * channelsOut + o : o * channelsIn + i;
                        result[(kernel * height + y) * width + x] = values[from++];
                    }
        return (result, depthwise ? [channelsIn * channelsOut, 1, height, width] : [channelsOut, channelsIn, height, width]);
    }

    private void MaxPool(TfjsNode node, string input)
    {
        var (size, strides) = (node.Integers("ksize"), node.Integers("strides"));
        var pooled = _graph.Add("MaxPool", [_graph.Add("Transpose", [input], ("perm", s_toChannelsFirst))],
            ("kernel_shape", new[] { size[1], size[2] }), ("strides", new[] { strides[1], strides[2] }), ("auto_pad", Padding(node)));
        _graph.AddAs([node.Name], "Transpose", [pooled], ("perm", s_toChannelsLast));
    }

    private void Resize(TfjsNode node, string input)
    {
        var mode = node.Flag("align_corners") ? "align_corners" : node.Flag("half_pixel_centers") ? "half_pixel" : "asymmetric";
        var first = _graph.Add("Transpose", [input], ("perm", s_toChannelsFirst));
        // Sizes of all four axes, though only two change: ONNX Runtime's optimizer loses those of a Resize with a list of axes when
        // it moves a transposition past it.
        var size = _graph.Add("Concat",
            [_graph.Add("Shape", [first], ("start", 0L), ("end", 2L)), _graph.Vector(_model.Integers(node.Inputs[1]))], ("axis", 0L));
        var resized = _graph.Add("Resize", [first, "", "", size], ("mode", "linear"), ("coordinate_transformation_mode", mode));
        _graph.AddAs([node.Name], "Transpose", [resized], ("perm", s_toChannelsLast));
    }

    private void Slice(TfjsNode node, string input)
    {
        if (node.Integer("ellipsis_mask") != 0 || node.Integer("new_axis_mask") != 0)
            throw new NotSupportedException($"Node '{node.Name}': a slice with an ellipsis or a new axis is not known.");
        if (_model.Integers(node.Inputs[3]).Any(step => step < 1))
            throw new NotSupportedException($"Node '{node.Name}': a slice that runs backwards is not known.");
        var begins = (long[])_model.Integers(node.Inputs[1]).Clone();
        var ends = (long[])_model.Integers(node.Inputs[2]).Clone();
        var dropped = new List<long>();
        for (var axis = 0; axis < begins.Length; axis++)
        {
            var bit = 1L << axis;
            if ((node.Integer("shrink_axis_mask") & bit) != 0)
            {
                ends[axis] = begins[axis] == -1 ? long.MaxValue : begins[axis] + 1;
                dropped.Add(axis);
                continue;
            }
            if ((node.Integer("begin_mask") & bit) != 0) begins[axis] = 0;
            if ((node.Integer("end_mask") & bit) != 0) ends[axis] = long.MaxValue;
        }
        long[] axes = [.. Enumerable.Range(0, begins.Length).Select(axis => (long)axis)];
        var slice = _graph.Add("Slice",
            [input, _graph.Vector(begins), _graph.Vector(ends), _graph.Vector(axes), _graph.Vector(_model.Integers(node.Inputs[3]))]);
        if (dropped.Count == 0) _graph.AddAs([node.Name], "Identity", [slice]);
        else _graph.AddAs([node.Name], "Squeeze", [slice, _graph.Vector([.. dropped])]);
    }

    private static string Padding(TfjsNode node) => node.Text("padding") switch
    {
        "SAME" => "SAME_UPPER",
        "VALID" => "VALID",
        var other => throw new NotSupportedException($"Node '{node.Name}': padding {other} is not known."),
    };
}
