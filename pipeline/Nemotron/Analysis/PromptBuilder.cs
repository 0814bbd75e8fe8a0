using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>Puts what was seen into words for a language model. Pure.</summary>
internal static class PromptBuilder
{
    private const string Task = """
        You are the analyst of a home security system. You get what an object detector found on the images of one camera over a
        short time, and judge how risky it is for the people who live there. Ordinary passers-by and neighbours' cars are low
        risk; people who stay, gather, carry tools or come at night are more. Answer with one JSON object and nothing else:
        {"risk_score": 0 to 100, "risk_level": "low" | "medium" | "high" | "critical", "summary": "one sentence", "reasoning": "why"}
        """;

    public static IList<ChatMessage> Build(AnalysisRequest request)
    {
        var seen = new StringBuilder();
        seen.Append(CultureInfo.InvariantCulture,
            $"Camera: {request.CameraName}\nFrom {request.OpenedAt:yyyy-MM-dd HH:mm:ss} to {request.ClosedAt:HH:mm:ss} UTC, {request.Images.Count} {(request.Images.Count == 1 ? "image" : "images")}:\n");
        for (var i = 0; i < request.Images.Count; i++)
        {
            var image = request.Images[i];
            var objects = image.Detections.Select(found => string.Create(CultureInfo.InvariantCulture, $"{found.Class} {found.Confidence:0.00}"));
            seen.Append(CultureInfo.InvariantCulture, $"image {i + 1} at {image.ReceivedAt:HH:mm:ss}: {string.Join("; ", objects)}\n");
        }
        return [new(ChatRole.System, Task), new(ChatRole.User, seen.ToString())];
    }
}
