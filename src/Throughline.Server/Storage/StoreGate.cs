using Throughline.Engine;
using Throughline.Engine.Signals;

namespace Throughline.Server.Storage;

/// <summary>
/// Where the parts of the server find the stores: closed while they are recovered and once the server stops. Owned by the host, which opens and closes it. Thread safe.
/// </summary>
public sealed class StoreGate
{
    private volatile TraceStore? _store;
    private volatile IReadOnlyList<ISignalStore> _signals = [];

    /// <summary>The traces, or null while the stores are not open.</summary>
    public TraceStore? Store => _store;

    /// <summary>The stores of the other signals; none while they are not open.</summary>
    public IReadOnlyList<ISignalStore> Signals => _signals;

    /// <summary>The store of a signal, or null while the stores are not open.</summary>
    public TStore? Find<TStore>()
        where TStore : class, ISignalStore => _signals.OfType<TStore>().FirstOrDefault();

    /// <summary>Lets everyone at the stores.</summary>
    public void Open(TraceStore store, IReadOnlyList<ISignalStore> signals)
    {
        _signals = signals;
        _store = store;
    }

    /// <summary>Keeps everyone from the stores; who has one already may finish.</summary>
    public void Close()
    {
        _store = null;
        _signals = [];
    }
}
