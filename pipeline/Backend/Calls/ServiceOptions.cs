using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Backend.Calls;

/// <summary>How another service is called; the sections <c>Detector</c> and <c>Analyst</c>.</summary>
internal sealed class ServiceOptions
{
    /// <summary>The service's address.</summary>
    [Required]
    public Uri? Url { get; set; }

    /// <summary>How often a call is tried in all.</summary>
    [Range(1, 10)]
    public int Attempts { get; set; } = 3;

    /// <summary>How long one try may take.</summary>
    [Range(0.05, 3600)]
    public double TimeoutSeconds { get; set; } = 10;

    /// <summary>The pause before the second try; each later one is twice as long.</summary>
    [Range(0, 60)]
    public double PauseSeconds { get; set; } = 0.2;
}
