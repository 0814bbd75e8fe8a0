namespace Throughline.Tests.Files;

/// <summary>A closed gate in the way of other threads. Who disposes of it opens it: declared after what has those threads, it never keeps that from ending.</summary>
internal sealed class Gate : IDisposable
{
    // Not disposed of: threads may stand at it still.
    private readonly ManualResetEventSlim _open = new();

    /// <summary>Stands still until the gate is open.</summary>
    public void Pass()
    {
        if (!_open.Wait(Patience.Limit)) throw new TimeoutException($"Nobody opened the gate for {Patience.Limit.TotalMinutes} minutes.");
    }

    public void Open() => _open.Set();

    public void Dispose() => Open();
}
