namespace Throughline.Engine.Wal;

/// <summary>What a record carries. The numbers are the log's format.</summary>
public enum WalSignal : byte
{
    /// <summary>Spans.</summary>
    Traces = 1,
    /// <summary>Log entries.</summary>
    Logs = 2,
    /// <summary>Points of metrics.</summary>
    Metrics = 3,
    /// <summary>Profiles.</summary>
    Profiles = 4,
}

/// <summary>The form of a record's payload. The numbers are the log's format.</summary>
public enum WalForm : byte
{
    /// <summary>The request as it came: in OTLP protobuf, or as a signal's format says.</summary>
    Received = 1,
    /// <summary>What processing left of the request, in OTLP protobuf, or as a signal's format says.</summary>
    Processed = 2,
}

/// <summary>What the log keeps about a record beside its payload (docs/format/wal.md).</summary>
/// <param name="Signal">What the payload carries.</param>
/// <param name="Form">How the payload is written.</param>
/// <param name="Tenant">Whose it is; 0 for now.</param>
/// <param name="ReceiveUnixNano">When the request arrived.</param>
/// <param name="PolicyVersion">The version of the rules that processing applied.</param>
/// <param name="Digest">Identifies the request as its sender made it.</param>
public readonly record struct WalRecordHeader(WalSignal Signal, WalForm Form, uint Tenant, ulong ReceiveUnixNano, uint PolicyVersion, UInt128 Digest);
