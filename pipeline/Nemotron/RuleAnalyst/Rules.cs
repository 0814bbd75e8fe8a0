using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Throughline.Pipeline.Nemotron.RuleAnalyst;

/// <summary>
/// Judges the risk of what a prompt says was seen, by rules that are all written here. It is no language model and understands
/// nothing but the lines of detections that <see cref="Analysis.PromptBuilder"/> writes. Pure.
/// </summary>
internal static partial class Rules
{
    private static readonly string[] s_vehicles = ["bicycle", "car", "motorcycle", "bus", "truck"];
    private static readonly string[] s_animals = ["bird", "cat", "dog", "horse", "sheep", "cow", "bear"];
    private static readonly string[] s_bags = ["backpack", "handbag", "suitcase"];
    private static readonly string[] s_weapons = ["knife", "baseball bat"];

    /// <summary>The answer to a prompt: a verdict as JSON, or a plain sentence when the prompt has nothing that could be judged.</summary>
    public static string Answer(string prompt)
    {
        var images = Read(prompt);
        if (images.Count == 0)
            return "I am a set of rules, not a language model. I judge lines of the form 'image 1 at 12:00:00: person 0.80; car 0.40' and found none.";

        var reasons = new List<string>();
        var score = 5.0;
        var people = images.Max(image => image.Count("person"));
        Weigh(6 * people, 30, people == 1 ? "1 person" : $"up to {people} people at once");
        var lasting = images.Count(image => image.Count("person") > 0);
        if (lasting >= 3) Weigh(10, 10, $"people stay in view over {lasting} images");
        Weigh(2 * images.Max(image => image.Count(s_vehicles)), 6, "vehicles in view");
        Weigh(2 * images.Max(image => image.Count(s_animals)), 6, "animals in view");
        Weigh(6 * images.Max(image => image.Count(s_bags)), 12, "bags are carried");
        Weigh(40 * images.Max(image => image.Count(s_weapons)), 80, "an object that may be a weapon");
        if (images.Any(image => image.Hour is >= 22 or < 6)) Weigh(15, 15, "it is night");
        var surest = images.SelectMany(image => image.Objects).Max(found => found.Confidence);
        if (surest < 0.45) Weigh(-5, 0, "no detection is sure");

        var risk = (int)Math.Clamp(Math.Round(score), 0, 100);
        var level = risk switch { < 25 => "low", < 50 => "medium", < 75 => "high", _ => "critical" };
        var seen = images.SelectMany(image => image.Objects).GroupBy(found => found.Class)
            .OrderByDescending(group => group.Count()).Select(group => $"{group.Key} ({group.Count()})");
        return JsonSerializer.Serialize(new
        {
            risk_score = risk,
            risk_level = level,
            summary = $"{images.Count} {(images.Count == 1 ? "image" : "images")}, most at once: {people} {(people == 1 ? "person" : "people")}; risk {level}.",
            reasoning = $"Seen in all images: {string.Join(", ", seen)}. Starting from 5: {string.Join("; ", reasons)}.",
        });

        void Weigh(double points, double limit, string reason)
        {
            points = Math.Min(points, limit);
            if (points == 0) return;
            score += points;
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"{reason} {points:+0;-0}"));
        }
    }

    private static List<SeenImage> Read(string prompt) =>
        [.. ImageLine().Matches(prompt).Select(line => new SeenImage(
            int.Parse(line.Groups["hour"].ValueSpan, CultureInfo.InvariantCulture),
            [.. ObjectEntry().Matches(line.Groups["objects"].Value).Select(entry => new SeenObject(
                entry.Groups["class"].Value, double.Parse(entry.Groups["confidence"].ValueSpan, CultureInfo.InvariantCulture)))]))
            .Where(image => image.Objects.Count > 0)];

    private sealed record SeenObject(string Class, double Confidence);

    private sealed record SeenImage(int Hour, IReadOnlyList<SeenObject> Objects)
    {
        public int Count(params string[] classes) => Objects.Count(found => classes.Contains(found.Class));
    }

    [GeneratedRegex(@"^image [0-9]+ at (?<hour>[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][^:]*: (?<objects>.+)$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ImageLine();

    [GeneratedRegex(@"(?<class>[a-z][a-z_ ]*?) (?<confidence>[01]\.[0-9]+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ObjectEntry();
}
