using System.Text.Json.Serialization;

namespace Throughline.Server.Api.Jaeger;

/// <summary>What is read from JSON in parameters.</summary>
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class JaegerJson : JsonSerializerContext;
