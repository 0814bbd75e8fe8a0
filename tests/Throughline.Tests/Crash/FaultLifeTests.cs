using System.Globalization;

namespace Throughline.Tests.Crash;

/// <summary>
/// Random lives of a store on a disk that cuts, fails, tears, fills up and rots: afterwards everything that was acknowledged is there once, or the damage is told and the rest is served. A failure names the
/// seed that repeats it; <c>THROUGHLINE_LIVES</c> asks for other lives than the usual ones: for a number of them (<c>500</c>), or for certain seeds (<c>17-17</c>).
/// </summary>
public sealed class FaultLifeTests
{
    private const int UsualLives = 60;

    private static (int First, int Last) Seeds()
    {
        var asked = (Environment.GetEnvironmentVariable("THROUGHLINE_LIVES") ?? "").Split('-', StringSplitOptions.RemoveEmptyEntries);
        var numbers = asked.Select(a => int.Parse(a, CultureInfo.InvariantCulture)).ToArray();
        return numbers.Length switch
        {
            0 => (1, UsualLives),
            1 => (1, numbers[0]),
            _ => (numbers[0], numbers[1]),
        };
    }

    [Fact]
    public async Task WhatWasAcknowledgedIsThereOnceOrItsDamageIsTold()
    {
        var (first, last) = Seeds();
        var lives = last - first + 1;
        var all = new List<LifeFigures>();
        for (var seed = first; seed <= last; seed++)
        {
            var life = new FaultLife(seed);
            var wrong = await life.RunAsync();
            Assert.True(wrong is null, wrong);
            all.Add(life.Figures);
        }
        var reached = $"{all.Sum(l => l.Cuts)} cuts, {all.Sum(l => l.Refused)} refused operations, {all.Sum(l => l.RefusedOpenings)} refused openings, {all.Sum(l => l.RefusedManifests)} refused manifests, "
            + $"{all.Sum(l => l.Flips)} flipped bits, {all.Sum(l => l.ToldSpans)} lost spans told, {all.Sum(l => l.Merges)} merges";
        TestContext.Current.TestOutputHelper?.WriteLine(reached);
        Assert.True(all.Sum(l => l.Cuts) >= lives / 4 && all.Sum(l => l.Refused) >= 10 * lives && all.Sum(l => l.RefusedOpenings) >= lives / 4 && all.Sum(l => l.RefusedManifests) >= lives / 10
            && all.Sum(l => l.Flips) >= lives && all.Sum(l => l.ToldSpans) >= lives && all.Sum(l => l.Merges) >= lives, $"the lives did not reach everything: {reached}");
    }
}
