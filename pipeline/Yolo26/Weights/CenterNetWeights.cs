namespace Throughline.Pipeline.Yolo26.Weights;

/// <summary>The weights that set-up fetches: MobileNetV3-CenterNet for COCO's 80 classes, as npm's @vladmandic/human ships it (MIT).</summary>
internal static class CenterNetWeights
{
    /// <summary>Converts <c>centernet.json</c> and its weight file to an ONNX file, which appears whole or not at all.</summary>
    public static void Convert(string json, string onnx, string origin)
    {
        var bytes = TfjsToOnnx.Convert(TfjsModel.Load(json), "tower_0/detections", [1, 100, 6],
            [new("model.name", "mb3-centernet"), new("model.version", origin)]);
        var partial = onnx + ".partial";
        File.WriteAllBytes(partial, bytes);
        File.Move(partial, onnx, overwrite: true);
    }
}
