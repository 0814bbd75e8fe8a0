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

    /// <summary>Images that may wait for an inference; what comes on top is answered with 503. 32 images take a small CPU model about two seconds.</summary>
    [Range(0, 10_000)]
    public int Queue { get; set; } = 32;

    /// <summary>
    /// Pixels that an image may have: a few kilobytes can claim to be one of gigabytes, and each pixel takes 4 bytes while it is decoded, which as many
    /// images are at once as there are inferences (<see cref="Parallel"/>). The largest cameras make 50 million.
    /// </summary>
    [Range(1_000, 500_000_000)]
    public int MaximumPixels { get; set; } = 64_000_000;

    /// <summary>Images in one request to <c>/detect/batch</c>; more than the queue has places for can never be taken.</summary>
    [Range(1, 1000)]
    public int BatchLimit { get; set; } = 16;
}
