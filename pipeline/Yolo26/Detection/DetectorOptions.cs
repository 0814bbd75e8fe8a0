using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Yolo26.Detection;

/// <summary>The configuration's section <c>Model</c>. Immutable once the service runs.</summary>
internal sealed class DetectorOptions
{
    /// <summary>The ONNX file to run. Set-up makes one; a user may bring YOLO26 or YOLO11 weights of their own.</summary>
    [Required(ErrorMessage = "Model:Path is not set. Run pipeline/setup, or give the path of an ONNX file with --Model:Path FILE.")]
    public string Path { get; set; } = "";

    /// <summary>Found objects below this confidence are left out.</summary>
    [Range(0.01, 1)]
    public float MinimumConfidence { get; set; } = 0.35f;

    /// <summary>Of two boxes of one class that overlap by more (intersection over union), the less sure one is left out.</summary>
    [Range(0.05, 1)]
    public float MaximumOverlap { get; set; } = 0.45f;

    /// <summary>Threads inside one inference.</summary>
    [Range(1, 64)]
    public int Threads { get; set; } = 1;

    /// <summary>Inferences at the same time; further images wait.</summary>
    [Range(1, 64)]
    public int Parallel { get; set; } = 1;
}
