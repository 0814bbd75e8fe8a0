using CsCheck;
using Throughline.Engine.Model;
using Throughline.Engine.Profiles;
using Throughline.Engine.Profiles.Decode;
using Throughline.Tests.Protos.Pprof;
using ValueType = Throughline.Tests.Protos.Pprof.ValueType;

namespace Throughline.Tests.Profiles;

/// <summary>A profile of pprof's own schema, what a request says of it, and its samples in words.</summary>
internal sealed record PprofCase(Profile Profile, ProfileOrigin Origin, IReadOnlyList<PlainSample> Samples)
{
    public byte[] Bytes => Google.Protobuf.MessageExtensions.ToByteArray(Profile);

    /// <summary>The case as a batch.</summary>
    public ProfileBatch Decode()
    {
        var batch = new ProfileBatch();
        var result = PprofDecoder.Decode(Bytes, Origin, new ProfileLimits(), batch);
        Assert.True(result.IsDecoded, result.Message);
        return batch;
    }
}

/// <summary>Makes profiles by pprof's schema with classes that were generated from it: few names, so that stacks share beginnings and functions call themselves.</summary>
internal static class PprofGen
{
    public const ulong Hour = 3_600_000_000_000;
    public const ulong Noon = 1_795_219_200_000_000_000;

    private static readonly string[] s_services = ["yolo26", "nemotron"];
    private static readonly (string Type, string Unit)[] s_types = [("cpu", "nanoseconds"), ("wall", "nanoseconds"), ("alloc_space", "bytes")];

    public static Gen<PprofCase> Case { get; } = Gen.Int[0, int.MaxValue].Select(seed => Make(new Random(seed)));

    public static TraceId TraceOf(int number) => new(7, (ulong)number);

    public static PprofCase Make(Random random)
    {
        var profile = new Profile();
        var texts = new Dictionary<string, long> { [""] = 0 };
        profile.StringTable.Add("");
        long Text(string text)
        {
            if (texts.TryGetValue(text, out var known)) return known;
            profile.StringTable.Add(text);
            texts.Add(text, profile.StringTable.Count - 1);
            return profile.StringTable.Count - 1;
        }
        var service = s_services[random.Next(s_services.Length)];
        var types = s_types.Take(1 + random.Next(s_types.Length)).ToArray();
        foreach (var (type, unit) in types) profile.SampleType.Add(new ValueType { Type = Text(type), Unit = Text(unit) });
        // Ids need not be in order, nor close to each other.
        var functions = Enumerable.Range(0, 1 + random.Next(6)).Select(i => (Id: (ulong)(i * 1000 + 1 + random.Next(999)), Name: $"f{random.Next(5)}", File: $"m{random.Next(2)}")).ToArray();
        foreach (var (id, name, file) in functions) profile.Function.Add(new Function { Id = id, Name = Text(name), Filename = Text(file) });
        profile.Mapping.Add(new Mapping { Id = 9, Filename = Text("lib.so") });
        var locations = new List<(ulong Id, string[] Frames)>();
        for (var i = 0; i < 1 + random.Next(8); i++)
        {
            var location = new Location { Id = (ulong)(i + 1) << random.Next(3) * 8, MappingId = 9, Address = (ulong)(0x1000 + i) };
            if (locations.Any(l => l.Id == location.Id)) continue;
            var lines = Enumerable.Range(0, random.Next(4)).Select(_ => functions[random.Next(functions.Length)]).ToArray();
            foreach (var (id, _, _) in lines) location.Line.Add(new Line { FunctionId = id, Line_ = random.Next(50) });
            profile.Location.Add(location);
            locations.Add((location.Id, lines.Length == 0 ? [$"0x{location.Address:x}|lib.so"] : [.. lines.Select(l => $"{l.Name}|{l.File}")]));
        }
        var (start, length) = (Noon + (ulong)random.Next(7200) * 1_000_000_000, (ulong)random.Next(20) * 1_000_000_000);
        (profile.TimeNanos, profile.DurationNanos) = ((long)start, (long)length);
        KeyValuePair<string, string>[] labels = random.Next(2) == 0 ? [] : [new("region", $"r{random.Next(2)}")];
        var plain = new List<PlainSample>();
        for (var i = 0; i < random.Next(12); i++)
        {
            var sample = new Sample();
            var stack = Enumerable.Range(0, random.Next(6)).Select(_ => locations[random.Next(locations.Count)]).ToArray();
            foreach (var (id, _) in stack) sample.LocationId.Add(id);
            var (trace, span) = random.Next(3) switch { 0 => (default, 0UL), 1 => (default, (ulong)(1 + random.Next(6))), _ => (TraceOf(random.Next(3)), (ulong)(1 + random.Next(6))) };
            if (trace.IsValid) sample.Label.Add(new Label { Key = Text("trace_id"), Str = Text(trace.ToString()) });
            if (span != 0) sample.Label.Add(new Label { Key = Text(random.Next(2) == 0 ? "span_id" : "profile_id"), Str = Text(new SpanId(span).ToString()) });
            sample.Label.Add(new Label { Key = Text("bytes"), Num = 7 });
            var own = new SortedDictionary<string, string>(labels.ToDictionary(), StringComparer.Ordinal);
            foreach (var key in new[] { "thread", "model", "region" }.Where(_ => random.Next(4) == 0))
            {
                own[key] = $"{key[0]}{random.Next(2)}";
                sample.Label.Insert(random.Next(sample.Label.Count + 1), new Label { Key = Text(key), Str = Text(own[key]) });
            }
            var frames = stack.Reverse().SelectMany(l => l.Frames.Reverse()).ToArray();
            foreach (var (type, unit) in types)
            {
                var value = random.Next(4) == 0 ? 0 : random.NextInt64(1, 1_000_000_000);
                sample.Value.Add(value);
                plain.Add(new PlainSample(service, type, unit, string.Join(',', own.Select(l => $"{l.Key}={l.Value}")), start, start + length, frames.Length == 0 ? ["[no stack]|"] : frames, trace, span, value));
            }
            profile.Sample.Add(sample);
        }
        return new PprofCase(profile, new ProfileOrigin(service, labels, null, null, Noon + Hour), plain);
    }
}
