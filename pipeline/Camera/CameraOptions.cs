using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Camera;

/// <summary>The configuration's section <c>Camera</c>: what the cameras show, to whom, and how often.</summary>
internal sealed class CameraOptions
{
    /// <summary>The backend that takes the images.</summary>
    [Required]
    public Uri Backend { get; set; } = new("http://127.0.0.1:8000");

    /// <summary>The folder of JPEG frames to replay, in the order of their names. Set-up makes one from footage.</summary>
    [Required(ErrorMessage = "Camera:Frames is not set. Run pipeline/setup, or give a folder of JPEG files with --Camera:Frames DIR.")]
    public string Frames { get; set; } = "";

    /// <summary>The cameras' ids, separated by commas; each plays the frames from another place.</summary>
    [Required]
    public string Names { get; set; } = "front_door,driveway";

    /// <summary>How many images a camera sends when it sees motion, separated by commas: one number a burst, over and over.</summary>
    [RegularExpression(@"\d{1,4}(,\d{1,4})*", ErrorMessage = "Camera:BurstSizes has to be numbers separated by commas, like 3,6,2.")]
    public string BurstSizes { get; set; } = "3,6,2";

    /// <summary>Time between the images of a burst.</summary>
    [Range(0, 3600)]
    public double IntervalSeconds { get; set; } = 0.7;

    /// <summary>Time from the last image of a burst to the next burst.</summary>
    [Range(0, 86_400)]
    public double PauseSeconds { get; set; } = 6;

    /// <summary>Bursts that each camera sends; 0 for no end.</summary>
    [Range(0, 1_000_000)]
    public int Bursts { get; set; }
}
