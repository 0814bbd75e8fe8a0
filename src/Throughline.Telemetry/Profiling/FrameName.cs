using System.Text.RegularExpressions;

namespace Throughline.Telemetry.Profiling;

/// <summary>Names of frames as their source has them: the compiler puts asynchronous methods, iterators and lambdas into types of its own.</summary>
internal static partial class FrameName
{
    public static string Of(string type, string method)
    {
        var dotted = type.Replace('+', '.');
        if (method == "MoveNext" && StateMachine().Match(dotted) is { Success: true } machine)
            return $"{machine.Groups["type"].Value}.{machine.Groups["method"].Value}";
        return dotted.Length == 0 ? method : $"{dotted}.{method}";
    }

    [GeneratedRegex(@"^(?<type>.*)\.<(?<method>[^>]+)>d(__\d+)?(`\d+)?(\[.*\])?$")]
    private static partial Regex StateMachine();
}
