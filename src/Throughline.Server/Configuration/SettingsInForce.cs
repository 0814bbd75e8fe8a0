using System.Collections;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Throughline.Server.Configuration;

/// <summary>One option of the server and the value that holds: as it was given, or its default. Immutable.</summary>
/// <param name="Option">As on the command line, with its dashes.</param>
/// <param name="Value">As on the command line; null when it is not set and has no default. A secret is only said to be set.</param>
/// <param name="IsDefault">Whether nobody gave it.</param>
public sealed record SettingInForce(string Option, string Description, string? Value, bool IsDefault);

/// <summary>Reads from a parsed command line what holds for every option, so that the page can say which option sets a limit. Stateless.</summary>
internal static class SettingsInForce
{
    private static readonly string[] Secrets = ["token", "password", "secret", "key", "forward-header"];

    /// <summary>The options of the command that was parsed, but for those that only ask for help.</summary>
    internal static IReadOnlyList<SettingInForce> Read(ParseResult result, IEnumerable<Option> options) =>
        [.. options.Where(static option => !option.Hidden && option.Name is not ("--help" or "--version")).Select(option => Of(result, option))];

    private static SettingInForce Of(ParseResult result, Option option)
    {
        var given = result.GetResult(option) is { Implicit: false } found ? found : null;
        var value = given is null ? Text(option.HasDefaultValue ? option.GetDefaultValue() : null) : Given(given);
        if (value is not null && Secrets.Any(word => option.Name.Contains(word, StringComparison.Ordinal))) value = "set";
        return new SettingInForce(option.Name, option.Description ?? "", value, given is null);
    }

    private static string Given(OptionResult given) => given.Tokens.Count == 0 ? "true" : string.Join(", ", given.Tokens.Select(static token => token.Value));

    private static string? Text(object? value) => value switch
    {
        null => null,
        string text => text,
        bool flag => flag ? "true" : "false",
        ForwardProtocol protocol => protocol == ForwardProtocol.Grpc ? "grpc" : "http",
        ForwardFull full => full == ForwardFull.DropOldest ? "drop-oldest" : "refuse-newest",
        Engine.Model.SignalKind[] signals => string.Join(",", signals.Select(SignalNames.Of)),
        TimeSpan time => TimeText.Write(time),
        IEnumerable list => string.Join(", ", list.Cast<object>()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}
