using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Backend.Calls;

/// <summary>How another service is called; the sections <c>Detector</c> and <c>Analyst</c>. Read once, at the start.</summary>
internal sealed class ServiceOptions : IValidatableObject
{
    /// <summary>The service's address.</summary>
    [Required]
    public Uri? Url { get; set; }

    /// <summary>How often a call is tried in all.</summary>
    [Range(1, 10)]
    public int Attempts { get; set; } = 3;

    /// <summary>How long one try may take.</summary>
    [Range(0.05, 3600)]
    public double TimeoutSeconds { get; set; } = 10;

    /// <summary>The pause before the second try, give or take some, so that callers don't try in step; each later one is about twice as long.</summary>
    [Range(0.0, 60)]
    public double PauseSeconds { get; set; } = 0.2;

    /// <summary>The longest pause that the service itself may ask for, by Retry-After; a longer one is cut to this. 0 takes none.</summary>
    [Range(0.0, 3600)]
    public double RetryAfterLimitSeconds { get; set; } = 10;

    /// <summary>The circuit breaker opens when at least this share of the tries within its window failed ...</summary>
    [Range(0.01, 1)]
    public double BreakerFailureRatio { get; set; } = 0.5;

    /// <summary>... and there were this many tries.</summary>
    [Range(2, 10_000)]
    public int BreakerMinimumTries { get; set; } = 10;

    /// <summary>The window over which the breaker counts.</summary>
    [Range(0.5, 86_400)]
    public double BreakerWindowSeconds { get; set; } = 30;

    /// <summary>How long an open breaker keeps calls away before it lets one through to see whether the service is back.</summary>
    [Range(0.5, 86_400)]
    public double BreakerOpenSeconds { get; set; } = 10;

    /// <summary>Where a path of the service is; the service may stand below a path itself.</summary>
    public Uri AddressOf(string path) => new((Url?.GetLeftPart(UriPartial.Path).TrimEnd('/') ?? "") + path);

    /// <summary>The address has to be one that a request can be sent to; with any other the first request would fail.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Url is not { IsAbsoluteUri: true, Scheme: "http" or "https" })
            yield return new($"The field Url is '{Url?.OriginalString}'; it has to be an address like http://127.0.0.1:8095.", [nameof(Url)]);
    }
}
