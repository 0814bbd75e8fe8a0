using Throughline.Engine.Blocks;
using Throughline.Engine.Model;
using Throughline.Engine.Query;

namespace Throughline.Engine.Lifecycle;

/// <summary>How adding a pin ended.</summary>
public enum PinResult
{
    /// <summary>The trace is pinned, durably.</summary>
    Pinned,
    /// <summary>There is no such trace, or retention hides it.</summary>
    NotFound,
    /// <summary>As many traces are pinned as may be.</summary>
    TooMany,
}

/// <summary>The traces that retention keeps, in the manifest. Owned by the store; thread safe.</summary>
internal sealed class PinnedTraces(BlockCatalog catalog, IBlockSet blocks, int most)
{
    /// <summary>What queries show by a manifest.</summary>
    public static TraceVisibility Visibility(Manifest manifest) => new(manifest.HiddenBeforeUnixNano, manifest.Pinned.ToHashSet());

    /// <summary>The pinned traces, in the order in which they were pinned.</summary>
    public IReadOnlyList<TraceId> All => catalog.Current.Pinned;

    /// <summary>Pins a trace that is there; durable on return.</summary>
    public PinResult Pin(TraceId id)
    {
        var result = PinResult.Pinned;
        catalog.Commit(
            manifest =>
            {
                if (manifest.Pinned.Contains(id)) return manifest;
                if (manifest.Pinned.Count < most) return manifest with { Pinned = [.. manifest.Pinned, id] };
                result = PinResult.TooMany;
                return manifest;
            },
            Show);
        return result;
    }

    /// <summary>Takes a pin away; durable on return. False when there was none.</summary>
    public bool Unpin(TraceId id)
    {
        var was = false;
        catalog.Commit(
            manifest =>
            {
                was = manifest.Pinned.Contains(id);
                return was ? manifest with { Pinned = [.. manifest.Pinned.Where(p => p != id)] } : manifest;
            },
            Show);
        return was;
    }

    private void Show(Manifest manifest) => blocks.Replace([], null, Visibility(manifest));
}
