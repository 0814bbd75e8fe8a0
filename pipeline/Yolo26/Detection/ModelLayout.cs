using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;

namespace Throughline.Pipeline.Yolo26.Detection;

/// <summary>
/// How a model wants its image and says what it found, read from the shapes and the metadata of its file. Known are images as
/// [1,height,width,3] of 0 to 255, stretched (CenterNet), and as [1,3,height,width] of 0 to 1, letterboxed (YOLO); outputs as
/// [1,n,6] rows of left, top, right, bottom, confidence, class (CenterNet, YOLO26) and as [1,4+classes,n] columns of centre, size
/// and a confidence for each class (YOLO11). Immutable.
/// </summary>
internal sealed partial record ModelLayout(
    string Name, string Version, string Input, string Output, int Width, int Height, bool ChannelsLast, bool Rows, IReadOnlyList<string> Labels)
{
    // The size at which YOLO is trained, for files that leave theirs open.
    private const int UsualSize = 640;

    public static ModelLayout Read(InferenceSession session, string path)
    {
        var (input, output) = (session.InputMetadata.First(), session.OutputMetadata.First());
        int[] image = input.Value.Dimensions, found = output.Value.Dimensions;
        var channelsLast = image is [_, _, _, 3];
        if (!channelsLast && image is not [_, 3, _, _])
            throw new InvalidDataException($"{path}: its input is [{string.Join(',', image)}], neither [1,h,w,3] nor [1,3,h,w].");
        var rows = found is [_, _, 6];
        if (!rows && found is not [_, > 4, > 4])
            throw new InvalidDataException($"{path}: its output is [{string.Join(',', found)}], neither [1,n,6] nor [1,4+classes,n].");

        var metadata = session.ModelMetadata.CustomMetadataMap;
        return new(
            metadata.GetValueOrDefault("model.name") ?? Path.GetFileNameWithoutExtension(path),
            metadata.GetValueOrDefault("model.version") ?? metadata.GetValueOrDefault("version") ?? "unknown",
            input.Key, output.Key,
            Width: Size(channelsLast ? image[2] : image[3]), Height: Size(channelsLast ? image[1] : image[2]),
            channelsLast, rows, metadata.TryGetValue("names", out var names) ? ParseLabels(names) : CocoLabels.All);
    }

    public string Label(int index) => index >= 0 && index < Labels.Count ? Labels[index] : $"class_{index}";

    /// <summary>YOLO's exporter writes the labels as a Python dictionary: <c>{0: 'person', 1: 'bicycle'}</c>.</summary>
    internal static IReadOnlyList<string> ParseLabels(string names) =>
        [.. PythonEntry().Matches(names).OrderBy(entry => int.Parse(entry.Groups[1].ValueSpan, provider: null)).Select(entry => entry.Groups[3].Value)];

    private static int Size(int dimension) => dimension > 0 ? dimension : UsualSize;

    [GeneratedRegex(@"(\d+)\s*:\s*(['""])(.*?)\2")]
    private static partial Regex PythonEntry();
}
