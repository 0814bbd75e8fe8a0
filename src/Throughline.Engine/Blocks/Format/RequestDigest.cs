using System.Runtime.InteropServices;

namespace Throughline.Engine.Blocks.Format;

/// <summary>A request that a block's spans came with: its digest and when it was received. Kept so that a retry is recognised after a restart.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal readonly record struct RequestDigest(UInt128 Digest, ulong ReceivedUnixNano);
