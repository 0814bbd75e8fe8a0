namespace Throughline.Pipeline.Yolo26.Detection;

/// <summary>A box in the model's own pixels, before it is scaled back.</summary>
internal readonly record struct Box(float Left, float Top, float Right, float Bottom, float Confidence, int Class)
{
    /// <summary>Intersection over union, 0 to 1.</summary>
    public float Overlap(Box other)
    {
        var width = Math.Min(Right, other.Right) - Math.Max(Left, other.Left);
        var height = Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top);
        if (width <= 0 || height <= 0) return 0;
        var both = width * height;
        return both / (Area + other.Area - both);
    }

    private float Area => (Right - Left) * (Bottom - Top);
}

/// <summary>Reads boxes from what a model puts out, and picks one of those that show the same object.</summary>
internal static class Boxes
{
    /// <summary>The boxes of at least <paramref name="minimumConfidence"/> in an output of the shape [1,n,6] (rows) or [1,4+classes,n].</summary>
    /// <exception cref="ModelOutputException">A number is NaN or infinite, or the shape is another one. A box made of it would be a made-up detection.</exception>
    public static List<Box> Read(ReadOnlySpan<float> output, ReadOnlySpan<long> shape, bool rows, float minimumConfidence)
    {
        if (shape is not [1, var first, var second] || (rows ? second != 6 : first < 5))
            throw new ModelOutputException($"The model put out [{string.Join(',', shape.ToArray())}], not {(rows ? "[1,n,6]" : "[1,4+classes,n]")}.");
        var unusable = 0;
        foreach (var value in output)
            if (!float.IsFinite(value)) unusable++;
        if (unusable > 0)
            throw new ModelOutputException($"{unusable} of the {output.Length} numbers that the model put out are NaN or infinite; nothing was made of the others.");
        return rows ? FromRows(output, minimumConfidence) : FromColumns(output, (int)first, (int)second, minimumConfidence);
    }

    /// <summary>Rows of left, top, right, bottom, confidence, class.</summary>
    public static List<Box> FromRows(ReadOnlySpan<float> output, float minimumConfidence)
    {
        var boxes = new List<Box>();
        for (; output.Length >= 6; output = output[6..])
            if (output[4] >= minimumConfidence)
                boxes.Add(new(output[0], output[1], output[2], output[3], output[4], (int)output[5]));
        return boxes;
    }

    /// <summary>Columns, one a candidate: centre x, centre y, width, height, then a confidence for each class.</summary>
    public static List<Box> FromColumns(ReadOnlySpan<float> output, int rows, int candidates, float minimumConfidence)
    {
        var boxes = new List<Box>();
        for (var i = 0; i < candidates; i++)
        {
            var (best, confidence) = (-1, minimumConfidence);
            for (var row = 4; row < rows; row++)
                if (output[row * candidates + i] >= confidence) (best, confidence) = (row - 4, output[row * candidates + i]);
            if (best < 0) continue;
            float x = output[i], y = output[candidates + i], width = output[2 * candidates + i], height = output[3 * candidates + i];
            boxes.Add(new(x - width / 2, y - height / 2, x + width / 2, y + height / 2, confidence, best));
        }
        return boxes;
    }

    /// <summary>The boxes that no surer box of their class overlaps by more than <paramref name="maximumOverlap"/>, surest first.</summary>
    public static List<Box> WithoutDuplicates(IEnumerable<Box> boxes, float maximumOverlap)
    {
        var kept = new List<Box>();
        foreach (var box in boxes.OrderByDescending(box => box.Confidence))
            if (!kept.Exists(other => other.Class == box.Class && other.Overlap(box) > maximumOverlap))
                kept.Add(box);
        return kept;
    }
}
