using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>A benchmark's command line: <c>--name value</c> options, and the rest.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _options = [];

    public Arguments(ReadOnlySpan<string> arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal)) Rest.Add(arguments[i]);
            else if (i + 1 < arguments.Length) _options[arguments[i]] = arguments[++i];
            else throw new ArgumentException($"{arguments[i]} needs a value.");
        }
    }

    /// <summary>What is no option.</summary>
    public List<string> Rest { get; } = [];

    /// <summary>An option's value, or what stands for it.</summary>
    public string Option(string name, string otherwise) => _options.GetValueOrDefault(name, otherwise);

    /// <summary>An option's value.</summary>
    /// <exception cref="ArgumentException">It is not there.</exception>
    public string Required(string name) => _options.GetValueOrDefault(name) ?? throw new ArgumentException($"{name} is needed.");

    /// <summary>An option's number, or what stands for it.</summary>
    public double Number(string name, double otherwise) => !_options.TryGetValue(name, out var text) ? otherwise
        : double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : throw new ArgumentException($"{name} needs a number, not '{text}'.");

    /// <summary>Whether an option says yes.</summary>
    public bool Flag(string name, bool otherwise) => !_options.TryGetValue(name, out var text) ? otherwise
        : text is "yes" or "no" ? text == "yes" : throw new ArgumentException($"{name} needs yes or no, not '{text}'.");
}
