using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Throughline.Pipeline.Backend.Batching;

/// <summary>The configuration's section <c>Batch</c>: when a batch of a camera's images is closed and analysed.</summary>
internal sealed class BatchOptions
{
    /// <summary>At the latest this long after its first image.</summary>
    [Range(0.01, 86_400)]
    public double WindowSeconds { get; set; } = 90;

    /// <summary>This long after its last image.</summary>
    [Range(0.01, 86_400)]
    public double IdleSeconds { get; set; } = 30;

    /// <summary>As soon as it has this many images.</summary>
    [Range(1, 10_000)]
    public int MaximumSize { get; set; } = 50;

    /// <summary>At once when an object of one of these classes (separated by commas) is at least this sure: the fast path.</summary>
    public string FastPathClasses { get; set; } = "person";

    [Range(0, 1.01)]
    public double FastPathConfidence { get; set; } = 0.9;

    /// <summary>Said with the window on each wait for it, like why it is not what it is in the field; empty: nothing.</summary>
    [MaxLength(200)]
    public string Note { get; set; } = "";

    /// <summary>When a batch closes, in words: <c>wait.detail</c> of the waits for it.</summary>
    public string Detail => string.Create(CultureInfo.InvariantCulture, $"closes after {WindowSeconds} s, or {IdleSeconds} s without an image{(Note.Length > 0 ? "; " : "")}{Note}");

    public TimeSpan Window => TimeSpan.FromSeconds(WindowSeconds);

    public TimeSpan Idle => TimeSpan.FromSeconds(IdleSeconds);

    public bool IsUrgent(IEnumerable<Detection.Detected> detections)
    {
        var classes = FastPathClasses.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return detections.Any(found => found.Confidence >= FastPathConfidence && classes.Contains(found.Class));
    }
}
