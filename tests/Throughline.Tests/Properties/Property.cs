using System.Runtime.CompilerServices;
using CsCheck;

namespace Throughline.Tests.Properties;

/// <summary>Runs a property over the same cases every time; a case that fails is named by a seed that <c>gen.Sample(..., seed: ...)</c> takes.</summary>
public static class Property
{
    private const ulong Seed = 20260101;

    /// <summary>Checks the property on as many cases.</summary>
    public static void Check<T>(Gen<T> gen, int cases, Action<T> property, [CallerMemberName] string name = "")
    {
        for (var i = 0u; i < cases; i++)
        {
            var pcg = new PCG(i + 1, Seed);
            var seed = pcg.ToString();
            var value = gen.Generate(pcg, null, out _);
            try
            {
                property(value);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{name} fails on case {i}, seed \"{seed}\": {e.Message}", e);
            }
        }
    }
}
