using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Throughline.Pipeline.Yolo26.Weights;

namespace Throughline.Tests.Pipeline;

/// <summary>Converts small hand-made graphs and compares what ONNX Runtime makes of them with TensorFlow's definitions, worked out naively.</summary>
public sealed class TfjsToOnnxTests : IDisposable
{
    private const int Seed = 20261122;

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-tfjs-").FullName;
    private readonly Random _random = new(Seed);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("SAME", 1)]
    [InlineData("SAME", 2)]
    [InlineData("VALID", 1)]
    public void ConvolutionWithBiasAndReluIsTensorFlows(string padding, int stride)
    {
        var image = Floats(6 * 5 * 2);
        var (kernel, bias) = (Floats(3 * 3 * 2 * 4), Floats(4));
        var model = Model(
            [Placeholder(6, 5, 2), Convolution("_FusedConv2D", padding, stride, fused: ["BiasAdd", "Relu"], "x", "kernel", "bias")],
            ("kernel", [3, 3, 2, 4], kernel), ("bias", [4], bias));

        var expected = Naive(image, (6, 5, 2), kernel, (3, 3), 4, padding, stride,
            (y, x, i, o) => ((y * 3 + x) * 2 + i) * 4 + o, channelOf: null).Select((value, at) => Math.Max(0, value + bias[at % 4]));
        AssertClose(expected, Run(model, image, [1, 6, 5, 2], [1, Length(6, padding, stride), Length(5, padding, stride), 4]));
    }

    [Theory]
    [InlineData("SAME", 1)]
    [InlineData("SAME", 2)]
    public void DepthwiseConvolutionHasAKernelForEachChannel(string padding, int stride)
    {
        var image = Floats(5 * 6 * 3);
        var kernel = Floats(3 * 3 * 3 * 2);
        var model = Model([Placeholder(5, 6, 3), Convolution("DepthwiseConv2dNative", padding, stride, fused: [], "x", "kernel")],
            ("kernel", [3, 3, 3, 2], kernel));

        var expected = Naive(image, (5, 6, 3), kernel, (3, 3), 6, padding, stride,
            (y, x, i, o) => ((y * 3 + x) * 3 + i) * 2 + o % 2, channelOf: o => o / 2);
        AssertClose(expected, Run(model, image, [1, 5, 6, 3], [1, Length(5, padding, stride), Length(6, padding, stride), 6]));
    }

    [Fact]
    public void BilinearResizeWithoutHalfPixelsTakesTheUpperLeftCorner()
    {
        var model = Model(
            [Placeholder(2, 2, 1), Node("out", "ResizeBilinear", ["x", "size"], new { align_corners = new { b = false }, half_pixel_centers = new { b = false } })],
            integers: [("size", [2], [4, 4])]);

        float[] expected = [0, 1, 2, 2, 2, 3, 4, 4, 4, 5, 6, 6, 4, 5, 6, 6];
        AssertClose(expected, Run(model, [0, 2, 4, 6], [1, 2, 2, 1], [1, 4, 4, 1]));
    }

    [Fact]
    public void HalfPrecisionAndByteWeightsAreExpanded()
    {
        var half = MemoryMarshal.AsBytes<Half>([(Half)0.5, (Half)(-2)]).ToArray();
        File.WriteAllBytes(Path.Combine(_folder, "w.bin"), [.. half, 0, 10]);
        Write([Placeholder(1, 1, 2), Node("sum", "AddV2", ["x", "a"], new { }), Node("out", "Mul", ["sum", "b"], new { })],
        [
            new { name = "a", shape = new[] { 2 }, dtype = "float32", quantization = new { dtype = "float16" } },
            new { name = "b", shape = new[] { 2 }, dtype = "float32", quantization = new { dtype = "uint8", scale = 0.5, min = 1.0 } },
        ]);

        AssertClose([(1 + 0.5f) * 1, (1 - 2f) * 6], Run(Load(), [1, 1], [1, 1, 1, 2], [1, 1, 1, 2]));
    }

    [Fact]
    public void UnknownOperationIsAnErrorThatNamesTheNode()
    {
        var model = Model([Placeholder(1, 1, 1), Node("out", "FancyOp", ["x"], new { })]);

        var problem = Assert.Throws<NotSupportedException>(() => TfjsToOnnx.Convert(model, "out", [1], []));
        Assert.Contains("'out'", problem.Message);
        Assert.Contains("FancyOp", problem.Message);
    }

    [Fact]
    public void TruncatedWeightFileIsAnErrorThatNamesTheWeight()
    {
        File.WriteAllBytes(Path.Combine(_folder, "w.bin"), new byte[7]);
        Write([Placeholder(1, 1, 2)], [new { name = "a", shape = new[] { 2 }, dtype = "float32" }]);

        Assert.Contains("'a'", Assert.Throws<InvalidDataException>(Load).Message);
    }

    private static int Length(int size, string padding, int stride) => padding == "SAME" ? (size + stride - 1) / stride : (size - 3) / stride + 1;

    /// <summary>A convolution by its definition: <paramref name="weight"/> finds a kernel's value, <paramref name="channelOf"/> the one input channel of a depthwise one.</summary>
    private static IEnumerable<float> Naive(
        float[] image, (int Height, int Width, int Channels) size, float[] kernel, (int Height, int Width) window, int channelsOut,
        string padding, int stride, Func<int, int, int, int, int> weight, Func<int, int>? channelOf)
    {
        var (height, width) = (Length(size.Height, padding, stride), Length(size.Width, padding, stride));
        var top = padding == "SAME" ? Math.Max(0, (height - 1) * stride + window.Height - size.Height) / 2 : 0;
        var left = padding == "SAME" ? Math.Max(0, (width - 1) * stride + window.Width - size.Width) / 2 : 0;
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                for (var o = 0; o < channelsOut; o++)
                {
                    var sum = 0f;
                    for (var ky = 0; ky < window.Height; ky++)
                        for (var kx = 0; kx < window.Width; kx++)
                        {
                            var (sy, sx) = (y * stride + ky - top, x * stride + kx - left);
                            if (sy < 0 || sx < 0 || sy >= size.Height || sx >= size.Width) continue;
                            for (var i = 0; i < size.Channels; i++)
                                if (channelOf is null || channelOf(o) == i)
                                    sum += image[(sy * size.Width + sx) * size.Channels + i] * kernel[weight(ky, kx, i, o)];
                        }
                    yield return sum;
                }
    }

    private static void AssertClose(IEnumerable<float> expected, float[] actual)
    {
        var wanted = expected.ToArray();
        Assert.Equal(wanted.Length, actual.Length);
        for (var i = 0; i < wanted.Length; i++)
            Assert.True(Math.Abs(wanted[i] - actual[i]) < 1e-4, $"value {i}: expected {wanted[i]}, was {actual[i]} (seed {Seed})");
    }

    private static float[] Run(TfjsModel model, float[] input, long[] shape, long[] outputShape)
    {
        using var session = new InferenceSession(TfjsToOnnx.Convert(model, "out", outputShape, []));
        using var value = OrtValue.CreateTensorValueFromMemory(input, shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["x"], [value], ["out"]);
        Assert.Equal(outputShape, outputs[0].GetTensorTypeAndShape().Shape);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private float[] Floats(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(_random.NextDouble() * 2 - 1))];

    private TfjsModel Model(object[] nodes, params (string Name, int[] Shape, float[] Values)[] floats) => Model(nodes, floats, []);

    private TfjsModel Model(object[] nodes, (string Name, int[] Shape, int[] Values)[] integers) => Model(nodes, [], integers);

    private TfjsModel Model(object[] nodes, (string Name, int[] Shape, float[] Values)[] floats, (string Name, int[] Shape, int[] Values)[] integers)
    {
        File.WriteAllBytes(Path.Combine(_folder, "w.bin"),
        [
            .. floats.SelectMany(weight => MemoryMarshal.AsBytes<float>(weight.Values).ToArray()),
            .. integers.SelectMany(weight => MemoryMarshal.AsBytes<int>(weight.Values).ToArray()),
        ]);
        Write(nodes,
        [
            .. floats.Select(weight => (object)new { name = weight.Name, shape = weight.Shape, dtype = "float32" }),
            .. integers.Select(weight => (object)new { name = weight.Name, shape = weight.Shape, dtype = "int32" }),
        ]);
        return Load();
    }

    private void Write(object[] nodes, object[] weights) => File.WriteAllText(Path.Combine(_folder, "model.json"), JsonSerializer.Serialize(new
    {
        format = "graph-model",
        modelTopology = new { node = nodes },
        weightsManifest = new[] { new { paths = new[] { "w.bin" }, weights } },
    }));

    private TfjsModel Load() => TfjsModel.Load(Path.Combine(_folder, "model.json"));

    private static object Placeholder(int height, int width, int channels) => Node("x", "Placeholder", [], new
    {
        shape = new { shape = new { dim = new[] { "1", $"{height}", $"{width}", $"{channels}" }.Select(size => new { size }) } },
    });

    private static object Convolution(string op, string padding, int stride, string[] fused, params string[] inputs) => Node("out", op, inputs, new
    {
        data_format = Text("NHWC"),
        padding = Text(padding),
        strides = new { list = new { i = new[] { "1", $"{stride}", $"{stride}", "1" } } },
        fused_ops = new { list = new { s = fused.Select(name => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(name))) } },
    });

    private static object Text(string value) => new { s = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(value)) };

    private static object Node(string name, string op, string[] input, object attr) => new { name, op, input, attr };
}
