using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;

namespace Throughline.Pipeline.Yolo26.Detection;

/// <summary>
/// How a model wants its image and says what it found, read from the shapes and the metadata of its file. Known are images as
/// [1,height,width,3] of 0 to 255, stretched (CenterNet), and as [1,3,height,width] of 0 to 1, letterboxed (YOLO); outputs as
/// [1,n,6] rows of left, top, right, bottom, confidence, class (CenterNet, YOLO26) and as [1,4+classes,n] columns of centre, size
/// and a confidence for each class (YOLO11, YOLO26 without its end-to-end head). Sizes may be open. Immutable.
/// </summary>
internal sealed partial record ModelLayout(
    string Name, string Version, string Input, string Output, int Width, int Height, bool ChannelsLast, bool Rows, IReadOnlyList<string> Labels)
{
    // The size at which YOLO is trained, for files that leave theirs open and don't tell it.
    private const int UsualSize = 640;

    // 800 MB of input; a file that claims more is broken rather than meant.
    private const int LargestSize = 8192;

    private const int Open = -1;

    /// <exception cref="InvalidDataException">The model is none that this service can run; the message says why.</exception>
    public static ModelLayout Read(InferenceSession session, string path)
    {
        var (input, output) = (session.InputMetadata.First(), session.OutputMetadata.First());
        var metadata = session.ModelMetadata.CustomMetadataMap;
        if (metadata.TryGetValue("task", out var task) && task != "detect")
            throw new InvalidDataException($"{path}: its task is '{task}'; this service runs models whose task is 'detect'.");
        foreach (var (what, value) in new[] { ("input", input.Value), ("output", output.Value) })
            if (value.ElementType != typeof(float))
                throw new InvalidDataException($"{path}: its {what} is of {value.ElementType.Name}; export it with 32-bit numbers (half=False).");

        int[] image = input.Value.Dimensions, found = output.Value.Dimensions;
        var channelsLast = image is [_, _, _, 3];
        if (!channelsLast && image is not [_, 3, _, _])
            throw new InvalidDataException($"{path}: its input is [{string.Join(',', image)}], neither [1,h,w,3] nor [1,3,h,w].");
        if (image[0] is not (1 or Open))
            throw new InvalidDataException($"{path}: it takes {image[0]} images at a time; export it with a batch of 1.");
        var rows = found is [_, _, 6];
        if (!rows && found is not [_, > 4, > 4 or Open])
            throw new InvalidDataException($"{path}: its output is [{string.Join(',', found)}], neither [1,n,6] nor [1,4+classes,n].");

        var usual = Sizes(metadata.GetValueOrDefault("imgsz"));
        var (width, height) = (Told(channelsLast ? image[2] : image[3], usual.Width), Told(channelsLast ? image[1] : image[2], usual.Height));
        if (width > LargestSize || height > LargestSize)
            throw new InvalidDataException($"{path}: it wants images of {width} x {height}; this service goes up to {LargestSize} x {LargestSize}.");
        return new(
            metadata.GetValueOrDefault("model.name") ?? Path.GetFileNameWithoutExtension(path),
            metadata.GetValueOrDefault("model.version") ?? metadata.GetValueOrDefault("version") ?? "unknown",
            input.Key, output.Key, width, height, channelsLast, rows, LabelsOf(metadata.GetValueOrDefault("names"), rows ? null : found[1] - 4));
    }

    public string Label(int index) => index >= 0 && index < Labels.Count ? Labels[index] : $"class_{index}";

    /// <summary>YOLO's exporter writes the labels as a Python dictionary: <c>{0: 'person', 1: 'bicycle'}</c>; others write JSON.</summary>
    internal static IReadOnlyList<string> ParseLabels(string names)
    {
        var entries = new Dictionary<int, string>();
        foreach (Match entry in LabelEntry().Matches(names))
            entries[int.Parse(entry.Groups[1].ValueSpan, CultureInfo.InvariantCulture)] = entry.Groups[3].Value;
        return entries.Count == 0 ? [] : [.. Enumerable.Range(0, entries.Keys.Max() + 1).Select(index => entries.GetValueOrDefault(index, $"class_{index}"))];
    }

    /// <summary>The file's own names; COCO's only where they can be meant, since a wrong name is worse than a number.</summary>
    private static IReadOnlyList<string> LabelsOf(string? names, int? classes) =>
        names is not null ? ParseLabels(names) : classes is null || classes == CocoLabels.All.Count ? CocoLabels.All : [];

    private static (int Width, int Height) Sizes(string? imgsz) =>
        imgsz is not null && SizePair().Match(imgsz) is { Success: true } pair
            ? (int.Parse(pair.Groups[2].ValueSpan, CultureInfo.InvariantCulture), int.Parse(pair.Groups[1].ValueSpan, CultureInfo.InvariantCulture))
            : (UsualSize, UsualSize);

    private static int Told(int dimension, int otherwise) => dimension > 0 ? dimension : otherwise;

    // No data set has as many classes as four digits count.
    [GeneratedRegex(@"\b(\d{1,4})['""]?\s*:\s*(['""])(.*?)\2", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LabelEntry();

    [GeneratedRegex(@"^\[(\d{1,5}), ?(\d{1,5})\]$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SizePair();
}
