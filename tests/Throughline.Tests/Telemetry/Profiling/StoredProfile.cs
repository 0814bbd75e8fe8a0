using System.IO.Compression;
using Throughline.Tests.Protos.Pprof;

namespace Throughline.Tests.Telemetry.Profiling;

/// <summary>A profile's file, read with generated classes of pprof's schema, in words.</summary>
internal sealed class StoredProfile
{
    private readonly Profile _profile;

    public StoredProfile(string path)
    {
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        _profile = Profile.Parser.ParseFrom(file);
        Assert.Equal("", _profile.StringTable[0]);
        Types = [.. _profile.SampleType.Select(type => $"{Text(type.Type)}/{Text(type.Unit)}")];
        Comments = _profile.Comment.Select(comment => Text(comment).Split('=')).ToDictionary(parts => parts[0], parts => parts[1]);
        var functions = _profile.Function.ToDictionary(function => function.Id);
        var mappings = _profile.Mapping.ToDictionary(mapping => mapping.Id, mapping => Text(mapping.Filename));
        var frames = _profile.Location.ToDictionary(location => location.Id,
            location => new StoredFrame(Text(functions[Assert.Single(location.Line).FunctionId].Name), mappings[location.MappingId]));
        Samples =
        [
            .. _profile.Sample.Select(sample => new StoredSample(
                [.. sample.LocationId.Select(id => frames[id])], [.. sample.Value], sample.Label.ToDictionary(label => Text(label.Key), label => Text(label.Str)))),
        ];
    }

    public IReadOnlyList<string> Types { get; }

    public IReadOnlyDictionary<string, string> Comments { get; }

    public IReadOnlyList<StoredSample> Samples { get; }

    public string PeriodType => $"{Text(_profile.PeriodType.Type)}/{Text(_profile.PeriodType.Unit)}";

    public string DefaultType => Text(_profile.DefaultSampleType);

    public long Period => _profile.Period;

    public long TimeNanos => _profile.TimeNanos;

    public long DurationNanos => _profile.DurationNanos;

    private string Text(long index) => _profile.StringTable[(int)index];
}

internal sealed record StoredFrame(string Function, string Module);

/// <param name="Stack">The innermost frame first.</param>
internal sealed record StoredSample(IReadOnlyList<StoredFrame> Stack, IReadOnlyList<long> Values, IReadOnlyDictionary<string, string> Labels)
{
    public long Count => Values[0];

    public long CpuNanos => Values[1];

    public long WallNanos => Values[2];

    public string? SpanId => Labels.GetValueOrDefault("span_id");

    public bool Has(string function) => Stack.Any(frame => frame.Function == function);
}
