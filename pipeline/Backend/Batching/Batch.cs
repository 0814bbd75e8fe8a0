using System.Diagnostics;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Pipeline.Backend.Images;

namespace Throughline.Pipeline.Backend.Batching;

/// <summary>An image that waits in a batch: whose it is, what was found on it, and the root of its trace.</summary>
internal sealed record BatchMember(
    string ImageId, Camera Camera, string Sha256, DateTimeOffset ReceivedAt, ActivityContext Trace, IReadOnlyList<Detected> Detections)
{
    /// <summary>Set by the batcher.</summary>
    public DateTimeOffset JoinedAt { get; init; }
}

/// <summary>What a member learns when it joins.</summary>
internal readonly record struct JoinedBatch(string BatchId, DateTimeOffset OpenedAt, int Size);

/// <summary>A batch that takes no more images. Its members are in the order in which they joined. Immutable.</summary>
internal sealed record ClosedBatch(
    string Id, Camera Camera, DateTimeOffset OpenedAt, DateTimeOffset ClosedAt, string CloseReason, IReadOnlyList<BatchMember> Members)
{
    /// <summary>The earliest member whose trace is sampled, else the earliest: the analysis is told in its trace.</summary>
    public BatchMember Carrier =>
        Members.FirstOrDefault(member => (member.Trace.TraceFlags & ActivityTraceFlags.Recorded) != 0) ?? Members[0];

    /// <summary>Says on a span which batch it is about.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Tags() =>
    [
        new("batch.id", Id), new("batch.opened_at", OpenedAt.ToString("O")), new("batch.closed_at", ClosedAt.ToString("O")),
        new("batch.close_reason", CloseReason), new("batch.size", Members.Count), new("camera.id", Camera.Id), new("camera.name", Camera.Name),
    ];
}

/// <summary>Why a batch was closed, the values of <c>batch.close_reason</c>.</summary>
internal static class CloseReasons
{
    public const string Window = "window", Idle = "idle", Full = "full", FastPath = "fast_path", Shutdown = "shutdown";
}
