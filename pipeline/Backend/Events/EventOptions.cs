using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Backend.Events;

/// <summary>
/// The configuration's section <c>Events</c>: where events and their images are kept, for how long, and who may watch. Read once, at the
/// start.
/// </summary>
internal sealed class EventOptions
{
    /// <summary>The SQLite file.</summary>
    [Required]
    public string Database { get; set; } = "events.db";

    /// <summary>How long a statement waits for somebody else's lock before it fails.</summary>
    [Range(1, 600)]
    public int BusyTimeoutSeconds { get; set; } = 10;

    /// <summary>How often an event is tried to be saved while the database is locked.</summary>
    [Range(1, 100)]
    public int SaveAttempts { get; set; } = 3;

    /// <summary>The newest events that are kept.</summary>
    [Range(1, 100_000_000)]
    public int MaximumCount { get; set; } = 10_000;

    /// <summary>The oldest age of an event that is kept.</summary>
    [Range(0.0001, 36_500)]
    public double MaximumAgeDays { get; set; } = 30;

    /// <summary>How often the database is pruned to the two limits.</summary>
    [Range(0.1, 86_400)]
    public double PruneIntervalSeconds { get; set; } = 60;

    /// <summary>Where the images of events lie; empty: a folder <c>images</c> beside the database.</summary>
    public string ImageDirectory { get; set; } = "";

    /// <summary>The latest images that are kept; 0 keeps none.</summary>
    [Range(0, 1_000_000)]
    public int ImageCount { get; set; } = 1000;

    /// <summary>Clients that may watch the live stream at once.</summary>
    [Range(0, 10_000)]
    public int MaximumStreams { get; set; } = 100;
}
