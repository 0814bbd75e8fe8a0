namespace Throughline.Server.Health;

/// <summary>Why nothing is taken in just now, while what is stored is served.</summary>
/// <param name="Reason">One word: <c>disk_full</c> or <c>disk_failed</c>.</param>
/// <param name="Message">What happened and what to do, for people.</param>
/// <param name="SinceUnixNano">Since when.</param>
public sealed record ReadOnlyState(string Reason, string Message, ulong SinceUnixNano);

/// <summary>How the machine under the server is. Immutable.</summary>
/// <param name="ReadOnly">Set while nothing can be written.</param>
/// <param name="FreeBytes">Free bytes of the disk; null when that cannot be known.</param>
/// <param name="MemoryBytes">Memory of the process.</param>
/// <param name="IsMemoryFull">Whether that is more than it may take; senders are told to come again.</param>
public sealed record HealthState(ReadOnlyState? ReadOnly, long? FreeBytes, long MemoryBytes, bool IsMemoryFull);

/// <summary>What a sender is told who cannot be served now.</summary>
/// <param name="IsOverload">Too much memory is taken; else nothing can be written.</param>
public sealed record AdmissionRefusal(bool IsOverload, string Message, TimeSpan RetryAfter);
