using System.Text.Json;
using Throughline.Server.Configuration;
using Throughline.Server.Forward;

namespace Throughline.Server.Api.Native;

/// <summary>Writes how forwarding stands, as part of GET /api/v1/status.</summary>
internal static class ForwardWriter
{
    internal static void Write(Utf8JsonWriter json, ForwardStatus? status)
    {
        if (status is null)
        {
            json.WriteNull("forwarding"u8);
            return;
        }
        json.WriteStartObject("forwarding"u8);
        json.WriteText("target"u8, status.Options.Target?.OriginalString);
        json.WriteString("protocol"u8, status.Options.Protocol == ForwardProtocol.Grpc ? "grpc"u8 : "http"u8);
        json.WriteNumber("share"u8, status.Options.Share);
        json.WriteStartObject("delivered"u8);
        json.WriteLong("requests"u8, status.DeliveredRequests);
        json.WriteLong("items"u8, status.DeliveredItems);
        json.WriteLong("bytes"u8, status.DeliveredBytes);
        json.WriteLong("lastUnixNano"u8, status.LastDeliveredUnixNano);
        json.WriteStartObject("signals"u8);
        foreach (var (signal, items) in status.DeliveredBySignal) json.WriteLong(System.Text.Encoding.UTF8.GetBytes(SignalNames.Of(signal)), items);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("queued"u8);
        json.WriteLong("items"u8, status.QueuedItems);
        json.WriteLong("bytes"u8, status.QueuedBytes);
        json.WriteLong("maxBytes"u8, status.Options.QueueBytes);
        json.WriteLong("oldestUnixNano"u8, status.OldestUnixNano);
        json.WriteEndObject();
        json.WriteLong("retries"u8, status.Retries);
        json.WriteText("lastError"u8, status.LastError);
        json.WriteLong("failingSinceUnixNano"u8, status.FailingSinceUnixNano);
        json.WriteLong("nextAttemptUnixNano"u8, status.NextAttemptUnixNano);
        json.WriteStartArray("lost"u8);
        foreach (var loss in status.Lost)
        {
            json.WriteStartObject();
            json.WriteString("reason"u8, Name(loss.Reason));
            json.WriteLong("items"u8, loss.Items);
            json.WriteString("lastMessage"u8, loss.LastMessage);
            json.WriteLong("lastUnixNano"u8, loss.LastUnixNano);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The reasons as the API and docs/operations.md name them.</summary>
    internal static string Name(ForwardLoss reason) => reason switch
    {
        ForwardLoss.QueueFull => "queue_full",
        ForwardLoss.Refused => "refused",
        ForwardLoss.TooLarge => "too_large",
        ForwardLoss.RejectedInPart => "rejected_in_part",
        ForwardLoss.NotWritten => "not_written",
        ForwardLoss.Unreadable => "unreadable",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "A reason without a name."),
    };
}
