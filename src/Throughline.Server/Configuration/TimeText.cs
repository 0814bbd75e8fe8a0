using System.Globalization;

namespace Throughline.Server.Configuration;

/// <summary>Times of days and weeks as operators write them: a whole number and a unit, <c>7d</c>, <c>36h</c>, <c>90m</c>; 0 for none.</summary>
internal static class TimeText
{
    private const int MostDays = 36_500;

    /// <summary>Reads one; false when it is something else, or longer than a hundred years.</summary>
    public static bool TryParse(string text, out TimeSpan time)
    {
        time = TimeSpan.Zero;
        if (text == "0") return true;
        if (text.Length < 2 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        var unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => TimeSpan.Zero,
        };
        if (unit == TimeSpan.Zero || number > TimeSpan.FromDays(MostDays) / unit) return false;
        time = unit * number;
        return true;
    }
}
