namespace Throughline.Telemetry.Profiling;

/// <summary>A method that was compiled: the names that its frames have in a profile. Immutable.</summary>
/// <param name="Module">The path of its assembly, empty for code that was made while running.</param>
internal sealed record Method(string Name, string Signature, string Module);
