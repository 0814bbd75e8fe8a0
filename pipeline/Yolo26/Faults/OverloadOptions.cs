using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Yolo26.Faults;

/// <summary>The configuration's section <c>Overload</c>: how busy the fault <c>detector-overload</c> keeps the detector.</summary>
internal sealed class OverloadOptions
{
    /// <summary>How long the competing inferences keep a turn. More than the callers' time for all their tries, or these only come late.</summary>
    [Range(0.1, 3600)]
    public double HoldSeconds { get; set; } = 10;

    /// <summary>The pause between two such turns, in which images come through.</summary>
    [Range(0.0, 3600)]
    public double RestSeconds { get; set; } = 2;
}
