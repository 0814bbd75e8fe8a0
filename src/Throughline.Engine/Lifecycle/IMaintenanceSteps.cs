namespace Throughline.Engine.Lifecycle;

/// <summary>What <see cref="BlockMaintenance"/> does in its loop, one thing at a time. Used by one thread but for <see cref="Excluded"/>.</summary>
internal interface IMaintenanceSteps : IDisposable
{
    /// <summary>Blocks that cannot be merged until the store is opened again, and why.</summary>
    IReadOnlyList<string> Excluded { get; }

    /// <summary>Does what is due; false when nothing is. An <see cref="IOException"/> when the disk refuses: the step is done again later.</summary>
    bool Next(bool everything, CancellationToken stop);
}
