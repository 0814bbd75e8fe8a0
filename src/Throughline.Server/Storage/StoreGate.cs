using Throughline.Engine;

namespace Throughline.Server.Storage;

/// <summary>
/// Where the parts of the server find the store: closed while it is recovered and once the server stops. Owned by the host, which opens and
/// closes it. Thread safe.
/// </summary>
public sealed class StoreGate
{
    private volatile TraceStore? _store;

    /// <summary>The store, or null while it is not open.</summary>
    public TraceStore? Store => _store;

    /// <summary>Lets everyone at the store.</summary>
    public void Open(TraceStore store) => _store = store;

    /// <summary>Keeps everyone from the store; who has it already may finish.</summary>
    public void Close() => _store = null;
}
