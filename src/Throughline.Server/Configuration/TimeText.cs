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

    /// <summary>Writes one as <see cref="TryParse"/> reads it, in the largest unit that leaves nothing over.</summary>
    public static string Write(TimeSpan time)
    {
        var seconds = (long)time.TotalSeconds;
        if (seconds == 0) return "0";
        var (unit, size) = seconds % 86_400 == 0 ? ("d", 86_400) : seconds % 3600 == 0 ? ("h", 3600) : seconds % 60 == 0 ? ("m", 60) : ("s", 1);
        return (seconds / size).ToString(CultureInfo.InvariantCulture) + unit;
    }
}
