namespace Throughline.Engine.Signals;

/// <summary>A store of logs, metrics or profiles as those see it who open and close it and tell its figures. Thread safe.</summary>
public interface ISignalStore : IAsyncDisposable
{
    /// <summary>The signal's name: <c>logs</c>, <c>metrics</c>, <c>profiles</c>.</summary>
    string Name { get; }

    /// <summary>What is stored, and what could not be read or done.</summary>
    SignalStatistics GetStatistics();

    /// <summary>Makes the head a block now and waits until it is one; an <see cref="IOException"/> when the log cannot be cut or no block can be written.</summary>
    Task FlushAsync(CancellationToken cancellationToken);

    /// <summary>Merges small blocks as far as they go and applies retention, and returns when nothing is left to do; an <see cref="IOException"/> when the disk refuses.</summary>
    Task CompactAsync(CancellationToken cancellationToken);
}
