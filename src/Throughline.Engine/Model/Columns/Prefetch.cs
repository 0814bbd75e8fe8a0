using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Throughline.Engine.Model.Columns;

/// <summary>Begins to load memory that is needed soon, so that several waits for memory overlap.</summary>
internal static class Prefetch
{
    /// <summary>Begins to load what lies at <paramref name="place"/>; nothing on processors without such an instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe void Of<T>(ref T place)
    {
        // When the collector moves the object meanwhile, the address is only a useless one.
        if (Sse.IsSupported) Sse.Prefetch0(Unsafe.AsPointer(ref place));
    }
}
