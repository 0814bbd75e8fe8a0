using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Backend;

/// <summary>The configuration's section <c>Pipeline</c>: what may be under way at once. More is answered with 503.</summary>
internal sealed class ImagePipelineOptions
{
    /// <summary>Images that may wait for detection.</summary>
    [Range(1, 10_000)]
    public int DetectionQueue { get; set; } = 64;

    /// <summary>Bytes of the images that may wait for detection.</summary>
    [Range(1024 * 1024, 16L * 1024 * 1024 * 1024)]
    public long DetectionQueueBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Images detected at the same time.</summary>
    [Range(1, 64)]
    public int Detections { get; set; } = 2;

    /// <summary>Closed batches that may wait for analysis before no more images are taken.</summary>
    [Range(1, 10_000)]
    public int AnalysisQueue { get; set; } = 32;

    /// <summary>Batches analysed at the same time.</summary>
    [Range(1, 64)]
    public int Analyses { get; set; } = 2;
}
