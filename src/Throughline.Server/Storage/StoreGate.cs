using Throughline.Engine;
using Throughline.Engine.Profiles.Store;

namespace Throughline.Server.Storage;

/// <summary>
/// Where the parts of the server find the stores: closed while they are recovered and once the server stops. Owned by the host, which opens and
/// closes it. Thread safe.
/// </summary>
public sealed class StoreGate
{
    private volatile TraceStore? _store;
    private volatile ProfileStore? _profiles;

    /// <summary>The store of traces, or null while it is not open.</summary>
    public TraceStore? Store => _store;

    /// <summary>The store of profiles, or null while it is not open.</summary>
    public ProfileStore? Profiles => _profiles;

    /// <summary>Lets everyone at the stores.</summary>
    public void Open(TraceStore store, ProfileStore profiles) => (_profiles, _store) = (profiles, store);

    /// <summary>Keeps everyone from the stores; who has one already may finish.</summary>
    public void Close() => (_store, _profiles) = (null, null);
}
