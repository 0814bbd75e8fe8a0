using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Camera;

/// <summary>The configuration's section <c>Camera</c>: what the cameras show, to whom, and how often. Read once, at the start.</summary>
internal sealed class CameraOptions
{
    /// <summary>The backend that takes the images.</summary>
    [Required, HttpAddress]
    public Uri Backend { get; set; } = new("http://127.0.0.1:8000");

    /// <summary>The folder of JPEG frames to replay, in the order of their names. Set-up makes one from footage.</summary>
    [Required(ErrorMessage = "Camera:Frames is not set. Run pipeline/setup, or give a folder of JPEG files with --Camera:Frames DIR.")]
    public string Frames { get; set; } = "";

    /// <summary>The cameras' ids, separated by commas; each plays the frames from another place.</summary>
    [Required, RegularExpression(@"[A-Za-z0-9_-]{1,64}( *, *[A-Za-z0-9_-]{1,64})*", ErrorMessage = "Camera:Names has to be ids separated by commas, each of 1 to 64 letters, digits, '-' or '_'.")]
    public string Names { get; set; } = "front_door,driveway";

    /// <summary>So many cameras, camera-01 and so on, in place of the named ones; 0 for those.</summary>
    [Range(0, 1000)]
    public int Count { get; set; }

    /// <summary>Images per second of all cameras together: the pattern is played faster or slower to come to it. 0 plays it as it is.</summary>
    [Range(0.0, 10_000)]
    public double Rate { get; set; }

    /// <summary>When images come: steady, bursty or night, see <see cref="ArrivalPattern"/>.</summary>
    [RegularExpression("steady|bursty|night", ErrorMessage = "Camera:Pattern has to be steady, bursty or night.")]
    public string Pattern { get; set; } = "bursty";

    /// <summary>Where chance begins, in the pattern night: the same seed brings the same times.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>Bursty: how many images a camera sends when it sees motion, separated by commas: one number a burst, over and over.</summary>
    [RegularExpression(@"[1-9]\d{0,3}(,[1-9]\d{0,3})*", ErrorMessage = "Camera:BurstSizes has to be numbers from 1 separated by commas, like 3,6,2.")]
    public string BurstSizes { get; set; } = "3,6,2";

    /// <summary>Bursty: time between the images of a burst.</summary>
    [Range(0.0, 3600)]
    public double IntervalSeconds { get; set; } = 0.7;

    /// <summary>Bursty: time from the last image of a burst to the next burst.</summary>
    [Range(0.0, 86_400)]
    public double PauseSeconds { get; set; } = 6;

    /// <summary>Bursts that each camera sends; 0 for no end. A lone image is a burst of one.</summary>
    [Range(0, 1_000_000)]
    public int Bursts { get; set; }

    /// <summary>How often an image is sent in all when the backend doesn't answer in time, or with 5xx; always with the same id.</summary>
    [Range(1, 10)]
    public int Attempts { get; set; } = 3;

    /// <summary>How long an answer may take.</summary>
    [Range(0.1, 600)]
    public double TimeoutSeconds { get; set; } = 10;

    /// <summary>The pause before the second attempt, doubled each time; never shorter than the backend asks for.</summary>
    [Range(0.0, 60)]
    public double RetryPauseSeconds { get; set; } = 0.5;

    /// <summary>With the fault invalid-image: one image in so many is cut off.</summary>
    [Range(1, 1_000_000)]
    public int InvalidEvery { get; set; } = 4;

    /// <summary>The ids of all cameras.</summary>
    public IReadOnlyList<string> Ids() => Count > 0
        ? [.. Enumerable.Range(1, Count).Select(number => $"camera-{number:00}")]
        : Names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
