using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline;

/// <summary>
/// Reads options from the configuration (command line and environment) and refuses what can't be, in a line that says which option and why.
/// Compiled into each program of the pipeline.
/// </summary>
internal static class Settings
{
    /// <summary>The exit code of a program whose options can't be.</summary>
    public const int Refused = 3;

    /// <summary>Reads a section of the configuration over the defaults that <paramref name="options"/> has.</summary>
    /// <exception cref="InvalidOperationException">A value is not of its type.</exception>
    /// <exception cref="ValidationException">A value is not one that may be.</exception>
    public static TOptions Read<TOptions>(this IConfiguration configuration, string section, TOptions options) where TOptions : class
    {
        configuration.GetSection(section).Bind(options);
        try
        {
            Validator.ValidateObject(options, new(options), validateAllProperties: true);
        }
        catch (ValidationException problem) when (!problem.Message.Contains(section + ":", StringComparison.Ordinal))
        {
            throw new ValidationException($"{section}: {problem.Message}", problem);
        }
        return options;
    }

    /// <summary>Whether it says, while the configuration is read, that an option can't be.</summary>
    public static bool AreWrong(Exception problem) => problem is ValidationException or InvalidOperationException;

    /// <summary>Says in a line why the program ends, and answers its exit code.</summary>
    public static int Refuse(string program, Exception problem)
    {
        Console.Error.WriteLine($"{program}: {problem.Message}");
        return Refused;
    }
}

/// <summary>An address that requests can be sent to; with any other, the first request would be what fails.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class HttpAddressAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null or Uri { IsAbsoluteUri: true, Scheme: "http" or "https" }
            ? ValidationResult.Success
            : new($"The field {validationContext.MemberName} is '{(value as Uri)?.OriginalString}'; it has to be an address like http://127.0.0.1:8000.");
}
