using System.Text.Json;
using Throughline.Server.Configuration;
using Throughline.Server.Health;

namespace Throughline.Server.Api.Native;

/// <summary>Writes how the machine under the server is, as part of GET /api/v1/status.</summary>
internal static class HealthWriter
{
    internal static void Write(Utf8JsonWriter json, HealthState state, ReceiveLimits limits)
    {
        json.WriteStartObject("health"u8);
        if (state.ReadOnly is { } readOnly)
        {
            json.WriteStartObject("readOnly"u8);
            json.WriteString("reason"u8, readOnly.Reason);
            json.WriteString("message"u8, readOnly.Message);
            json.WriteLong("sinceUnixNano"u8, readOnly.SinceUnixNano);
            json.WriteEndObject();
        }
        else json.WriteNull("readOnly"u8);
        json.WriteStartObject("disk"u8);
        json.WriteLong("freeBytes"u8, (ulong?)state.FreeBytes);
        json.WriteLong("minFreeBytes"u8, limits.MinFreeBytes);
        json.WriteEndObject();
        json.WriteStartObject("memory"u8);
        json.WriteLong("bytes"u8, state.MemoryBytes);
        json.WriteLong("maxBytes"u8, limits.MaxMemoryBytes);
        json.WriteBoolean("isFull"u8, state.IsMemoryFull);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
