using Throughline.Pipeline.Yolo26.Weights;

namespace Throughline.Tests.Pipeline;

/// <summary>Graphs of a few nodes with the inputs and outputs of real detectors. What they find scales with the brightest value of the image, so that it has to have arrived.</summary>
internal static class TinyModels
{
    public const string Names = "{0: 'person', 1: 'bicycle', 2: 'car'}";

    /// <summary>YOLO26's end-to-end form: one row that is sure, and one that is not.</summary>
    public static byte[] Yolo26(params (string Key, string Value)[] metadata) => Build(
        [1, 3, 64, 64], [1, 2, 6],
        graph => graph.Constant("sure", [1, 2, 6], [0f, 0, 0, 0, 0.9f, 0, 0, 0, 0, 0, 0.1f, 0]),
        graph => graph.Constant("rest", [1, 2, 6], [8f, 20, 32, 32, 0, 1, 0, 0, 9, 9, 0, 0]), metadata);

    /// <summary>YOLO11's form: five candidates of three classes: a person, nearly the same one less sure, a car, and two that are too unsure. Its sizes may be left open, as an exporter with dynamic=True does.</summary>
    public static byte[] Yolo11(bool open, params (string Key, string Value)[] metadata) => Build(
        open ? [-1, 3, -1, -1] : [1, 3, 64, 64], open ? [-1, 7, -1] : [1, 7, 5],
        graph => graph.Constant("sure", [1, 7, 5],
        [
            20f, 21, 20, 50, 50,
            20, 20, 20, 50, 50,
            20, 20, 20, 10, 10,
            20, 20, 20, 10, 10,
            0.9f, 0.8f, 0.1f, 0.2f, 0,
            0, 0.1f, 0, 0, 0.1f,
            0.1f, 0, 0.7f, 0, 0.2f,
        ]), rest: null, metadata);

    /// <summary>A model whose output is fine for a white image, and on any other has a value that is none: NaN or infinite.</summary>
    public static byte[] BreaksUnlessWhite(float value)
    {
        var graph = new OnnxGraph();
        graph.Input("images", 1, 3, 64, 64);
        var darkest = graph.Add("ReduceMin", ["images"], ("keepdims", 0L));
        var white = graph.Add("Greater", [darkest, graph.Scalar(0.5f)]);
        var broken = graph.Constant("broken", [1, 1, 6], [8f, 20, 32, 32, value, 1]);
        var whole = graph.Constant("whole", [1, 1, 6], [8f, 20, 32, 32, 0.9f, 1]);
        graph.AddAs(["output0"], "Where", [white, whole, broken]);
        graph.Output("output0", 1, 1, 6);
        return graph.Build("tiny", []);
    }

    private static byte[] Build(
        long[] input, long[] output, Func<OnnxGraph, string> sure, Func<OnnxGraph, string>? rest, (string Key, string Value)[] metadata)
    {
        var graph = new OnnxGraph();
        graph.Input("images", input);
        var found = graph.Add("Mul", [sure(graph), graph.Add("ReduceMax", ["images"], ("keepdims", 0L))]);
        graph.AddAs(["output0"], "Add", [found, rest?.Invoke(graph) ?? graph.Scalar(0)]);
        graph.Output("output0", output);
        return graph.Build("tiny", metadata.Select(entry => KeyValuePair.Create(entry.Key, entry.Value)));
    }
}
