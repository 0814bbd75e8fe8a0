using System.Text.Json;
using Throughline.Server.Configuration;

namespace Throughline.Server.Api.Native;

/// <summary>Writes GET /api/v1/settings: what the server was started with.</summary>
internal static class SettingsWriter
{
    internal static void Write(Utf8JsonWriter json, IReadOnlyList<SettingInForce> settings)
    {
        json.WriteStartObject();
        json.WriteStartArray("settings"u8);
        foreach (var setting in settings)
        {
            json.WriteStartObject();
            json.WriteString("option"u8, setting.Option);
            json.WriteString("description"u8, setting.Description);
            json.WriteText("value"u8, setting.Value);
            json.WriteBoolean("isDefault"u8, setting.IsDefault);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
