using System.Globalization;
using System.Text.RegularExpressions;
using Throughline.Tests.Pipeline;
using Throughline.Tests.Server;

namespace Throughline.Tests.Telemetry.Profiling;

/// <summary>A real process (tests/ProfiledService) that works in known methods under known spans, and the profiles that it writes of itself.</summary>
public sealed partial class ProfiledServiceTests : IDisposable
{
    private const string Namespace = "Throughline.ProfiledService.Work.";

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-profiles-").FullName;

    private string Profiles => Path.Combine(_folder, "profiles");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task SamplesOfEveryMethodCarryTheSpanThatItRanUnder()
    {
        await using var service = Start("--Telemetry:Profiles:WindowSeconds", "2", "--Telemetry:Profiles:IntervalSeconds", "2");
        var (first, second, waiting) = (await SpanAsync(service, "first"), await SpanAsync(service, "second"), await SpanAsync(service, "waiting"));
        var profile = await SecondProfileAsync(service);
        Assert.Equal(0, await service.StopAsync());

        AssertAll(profile, "First", sample => sample.SpanId == first.Span && sample.Labels["trace_id"] == first.Trace && sample.Labels["span_name"] == "first");
        AssertAll(profile, "Second", sample => sample.SpanId == second.Span && sample.Labels["trace_id"] == second.Trace && sample.Labels["span_name"] == "second");
        // A span each time, each below the first's: one of the trace and none of the parent.
        AssertAll(profile, "UnderChild", sample => sample.SpanId != first.Span && sample.Labels["trace_id"] == first.Trace && sample.Labels["span_name"] == "child");
        AssertAll(profile, "WithoutSpan", sample => sample.Labels.Count == 0);
        AssertAll(profile, "Unsampled", sample => sample.Labels.Count == 0);
        AssertAll(profile, "Waiting", sample => sample.SpanId == waiting.Span && sample.Labels["span_name"] == "waiting");

        // The span's own method is what its processor time went to.
        var top = profile.Samples.Where(sample => sample.SpanId == first.Span).GroupBy(sample => sample.Stack[0].Function)
            .MaxBy(function => function.Sum(sample => sample.CpuNanos));
        Assert.Equal(Namespace + "First", top?.Key);
        Assert.Equal("profiled-service.dll", Path.GetFileName(top?.First().Stack[0].Module));
    }

    [Fact]
    public async Task ProfileSaysWhatItsNumbersMeanAndTheyAddUp()
    {
        await using var service = Start("--Telemetry:Profiles:WindowSeconds", "2", "--Telemetry:Profiles:IntervalSeconds", "2");
        var profile = await SecondProfileAsync(service);
        Assert.Equal(0, await service.StopAsync());

        Assert.Equal(["samples/count", "cpu/nanoseconds", "wall/nanoseconds"], profile.Types);
        Assert.Equal(("wall/nanoseconds", "cpu"), (profile.PeriodType, profile.DefaultType));
        Assert.InRange(profile.DurationNanos, 2_000_000_000, long.MaxValue);
        Assert.Equal(Number(profile, "samples"), profile.Samples.Sum(sample => sample.Count));
        Assert.Equal("0", profile.Comments["above_stack_limit"]);
        // On a busy machine the reader may fall behind; what it lost then is said, and never made up for.
        Assert.True(Number(profile, "lost_events") == 0 || service.Output.Contains("warn: Throughline.Telemetry.Profiles", StringComparison.Ordinal), service.Output);
        Assert.All(profile.Samples, sample => Assert.InRange(sample.WallNanos, sample.Count * profile.Period - sample.Count, (sample.Count + 1) * (profile.Period + 1)));
        Assert.All(profile.Samples, sample => Assert.InRange(sample.CpuNanos, 0, sample.WallNanos));
        // The waiting thread was there in every round and used no processor; no time is longer than the window.
        var waited = profile.Samples.Where(sample => sample.Has(Namespace + "Waiting")).ToList();
        if (Number(profile, "lost_events") == 0) Assert.InRange(waited.Sum(sample => sample.Count), Number(profile, "rounds") - 1, Number(profile, "rounds"));
        Assert.InRange(waited.Sum(sample => sample.WallNanos), 1, profile.DurationNanos + 2 * profile.Period);
        Assert.InRange(waited.Sum(sample => sample.CpuNanos), 0, waited.Sum(sample => sample.WallNanos) / 4);
        Assert.InRange(profile.Samples.Sum(sample => sample.CpuNanos), 1, profile.DurationNanos * 2 * Environment.ProcessorCount);
    }

    [Fact]
    public async Task StoppingWritesWhatWasSampledUntilThen()
    {
        await using var service = Start("--Telemetry:Profiles:WindowSeconds", "300", "--Telemetry:Profiles:IntervalSeconds", "300");
        await service.LineAsync(new Regex("A profile has begun"));
        // What it did before that is in no profile.
        await service.LineAsync(Worked(), service.Count(Worked()) + 2);
        Assert.Equal(0, await service.StopAsync());

        var profile = new StoredProfile(Assert.Single(Directory.GetFiles(Profiles)));
        Assert.InRange(profile.DurationNanos, 1, 200_000_000_000);
        Assert.Contains(profile.Samples, sample => sample.Has(Namespace + "First"));
    }

    [Fact]
    public async Task DirectoryThatCannotBeWrittenIsToldOnceAndTheServiceGoesOnUntilItCan()
    {
        // A file stands where the directory should be; permissions would not stop root.
        await File.WriteAllTextAsync(Profiles, "in the way");
        await using var service = Start("--Telemetry:Profiles:WindowSeconds", "1", "--Telemetry:Profiles:IntervalSeconds", "1");
        await service.LineAsync(new Regex("No profile was written to .*IOException"));
        await service.LineAsync(new Regex("No profile was written to .*IOException"), number: 2);
        File.Delete(Profiles);
        await service.LineAsync(new Regex("Profiles are written again"));
        Assert.Equal(0, await service.StopAsync());

        Assert.Single(Warned().Matches(service.Output));
        Assert.NotEmpty(Directory.GetFiles(Profiles, "profiled-service-*.pb.gz"));
    }

    /// <summary>The first one begins with the service, which has threads and spans a moment later only.</summary>
    private static async Task<StoredProfile> SecondProfileAsync(PipelineProcess service) => new((await service.LineAsync(Written(), number: 2)).Groups["path"].Value);

    [Fact]
    public async Task ProfilesAreSentToTheServerWhereASpanFindsItsOwn()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var service = Start("--Telemetry:Profiles:Endpoint", server.Addresses.OtlpHttp.ToString(), "--Telemetry:Profiles:WindowSeconds", "2", "--Telemetry:Profiles:IntervalSeconds", "2");
        var first = await SpanAsync(service, "first");
        await SecondProfileAsync(service);
        // What waits is sent before the service ends.
        Assert.Equal(0, await service.StopAsync());
        var types = (await server.GetAsync("/api/v1/profiles/services")).GetProperty("services")[0].GetProperty("types");
        Assert.Equal(["cpu", "samples", "wall"], types.EnumerateArray().Select(type => type.GetProperty("type").GetString()).Order());
        var flame = await server.GetAsync($"/api/v1/profiles/flame?service=profiled-service&type=wall&trace={first.Trace}");
        Assert.Equal("labels", flame.GetProperty("matchedBy").GetString());
        var names = flame.GetProperty("names").EnumerateArray().Select(name => name.GetString()).ToList();
        Assert.Contains(Namespace + "First", names);
        Assert.DoesNotContain(Namespace + "Second", names);
        Assert.DoesNotContain("was not sent", service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServerThatIsNotThereCostsTheServiceNothingButALine()
    {
        await using var service = Start("--Telemetry:Profiles:Endpoint", "http://127.0.0.1:9", "--Telemetry:Profiles:DeliverySeconds", "1", "--Telemetry:Profiles:WindowSeconds", "1", "--Telemetry:Profiles:IntervalSeconds", "1");
        await service.LineAsync(new Regex(@"A profile was not sent to http://127\.0\.0\.1:9/api/v1/profiles: .* 1 were dropped so far"));
        Assert.Equal(0, await service.StopAsync());
    }

    private PipelineProcess Start(params string[] options) => PipelineProcess.Start(
        PipelineFiles.Program("tests/ProfiledService", "profiled-service"),
        // Nobody listens there; what becomes of the spans is not the matter.
        new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9", ["OTEL_TRACES_SAMPLER"] = "parentbased_always_on" },
        ["--Telemetry:Profiles:Directory", Profiles,
            // A reader that falls behind on a busy machine still finds the span of every sample.
            "--Telemetry:Profiles:SpanChangeLimit", "200000", "--Logging:LogLevel:Throughline.Telemetry.Profiles", "Debug", .. options]);

    private static async Task<(string Trace, string Span)> SpanAsync(PipelineProcess service, string name)
    {
        var line = await service.LineAsync(new Regex($"^span {name} trace=(?<trace>[0-9a-f]{{32}}) span=(?<span>[0-9a-f]{{16}})$"));
        return (line.Groups["trace"].Value, line.Groups["span"].Value);
    }

    private static void AssertAll(StoredProfile profile, string method, Func<StoredSample, bool> holds)
    {
        var samples = profile.Samples.Where(sample => sample.Has(Namespace + method)).ToList();
        Assert.NotEmpty(samples);
        Assert.All(samples, sample => Assert.True(holds(sample),
            $"A sample of {method} has the labels {string.Join(", ", sample.Labels)}.\n{string.Join('\n', sample.Stack.Select(frame => frame.Function))}"));
    }

    private static long Number(StoredProfile profile, string comment) => long.Parse(profile.Comments[comment], CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Wrote (?<path>\S+\.pb\.gz):")]
    private static partial Regex Written();

    [GeneratedRegex(@"^warn: .*\n\s+No profile was written", RegexOptions.Multiline)]
    private static partial Regex Warned();

    [GeneratedRegex("has worked")]
    private static partial Regex Worked();
}
