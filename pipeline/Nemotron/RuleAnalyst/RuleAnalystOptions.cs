using System.ComponentModel.DataAnnotations;

namespace Throughline.Pipeline.Nemotron.RuleAnalyst;

/// <summary>The configuration's section <c>Analyst</c>.</summary>
internal sealed class RuleAnalystOptions
{
    /// <summary>
    /// The pace at which the analyst gives out its answer, which it knows at once: about that of a small language model on a desktop
    /// machine, so that the pipeline has the timing of one. The answer of some hundred tokens then takes around a second.
    /// </summary>
    [Range(1.0, 100_000)]
    public double TokensPerSecond { get; set; } = 120;
}
