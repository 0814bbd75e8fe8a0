using System.Globalization;

namespace Throughline.Engine.Wal;

/// <summary>Names of segment files: the number in ten digits and ".wal".</summary>
internal static class WalSegmentName
{
    private const string Extension = ".wal";
    private const int Digits = 10;

    public static string Of(long number) => number.ToString("D10", CultureInfo.InvariantCulture) + Extension;

    public static bool TryParse(string name, out long number)
    {
        number = 0;
        return name.Length == Digits + Extension.Length && name.EndsWith(Extension, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
