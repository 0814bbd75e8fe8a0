using Google.Protobuf;
using Throughline.Engine.Profiles;
using Throughline.Engine.Profiles.Decode;
using Throughline.Tests.Properties;
using Throughline.Tests.Protos.Pprof;
using ValueType = Throughline.Tests.Protos.Pprof.ValueType;

namespace Throughline.Tests.Profiles;

/// <summary>What pprof's own schema writes comes back sample by sample, and what is no profile is refused at once, by name.</summary>
public sealed class PprofDecoderTests
{
    private static readonly ProfileOrigin s_origin = new("yolo26", [], null, null, PprofGen.Noon);

    [Fact]
    public void EverySampleComesBackWithItsStackItsSpanAndItsValues() =>
        Property.Check(PprofGen.Case, 400, static one => Assert.Equal(PlainSample.Canonical(one.Samples), PlainSample.Canonical(PlainSample.Of(one.Decode()))));

    [Fact]
    public void TablesMayComeBehindTheSamples()
    {
        var one = PprofGen.Make(new Random(3));
        var samples = new Profile();
        samples.Sample.Add(one.Profile.Sample);
        var tables = one.Profile.Clone();
        tables.Sample.Clear();
        var batch = new ProfileBatch();
        Assert.True(PprofDecoder.Decode([.. samples.ToByteArray(), .. tables.ToByteArray()], one.Origin, new ProfileLimits(), batch).IsDecoded);
        Assert.NotEmpty(one.Samples);
        Assert.Equal(PlainSample.Canonical(one.Samples), PlainSample.Canonical(PlainSample.Of(batch)));
    }

    [Fact]
    public void TheRequestsTimesCountAboveTheProfiles()
    {
        var batch = new ProfileBatch();
        Assert.True(PprofDecoder.Decode(Small().ToByteArray(), s_origin with { FromUnixNano = 5, UntilUnixNano = 9 }, new ProfileLimits(), batch).IsDecoded);
        Assert.Equal((5UL, 9UL), (batch.Windows.Span[0].StartUnixNano, batch.Windows.Span[0].EndUnixNano));
        Assert.Contains("before it begins", Refused(Small().ToByteArray(), s_origin with { FromUnixNano = 9, UntilUnixNano = 5 }), StringComparison.Ordinal);
    }

    [Fact]
    public void AProfileWithoutATimeEndedWhenItCame()
    {
        var profile = Small();
        profile.DurationNanos = 10;
        var batch = new ProfileBatch();
        Assert.True(PprofDecoder.Decode(profile.ToByteArray(), s_origin, new ProfileLimits(), batch).IsDecoded);
        Assert.Equal((PprofGen.Noon - 10, PprofGen.Noon), (batch.Windows.Span[0].StartUnixNano, batch.Windows.Span[0].EndUnixNano));
    }

    [Fact]
    public void LabelsThatAreNoIdsAreToldAndTheSamplesKept()
    {
        var profile = Small();
        profile.StringTable.Add("span_id");
        profile.StringTable.Add("not an id");
        profile.Sample[0].Label.Add(new Label { Key = profile.StringTable.Count - 2, Str = profile.StringTable.Count - 1 });
        var batch = new ProfileBatch();
        var result = PprofDecoder.Decode(profile.ToByteArray(), s_origin, new ProfileLimits(), batch);
        Assert.True(result.IsDecoded);
        Assert.StartsWith("1 sample(s) have a span_id or trace_id that is not one", result.Message, StringComparison.Ordinal);
        Assert.Equal(1, batch.SampleCount);
    }

    [Theory]
    [InlineData("", "The profile is empty")]
    [InlineData("68656C6C6F", "The body is not a pprof profile: ")]
    [InlineData("12FFFFFFFF0F", "a length of 4294967295 goes past the end of its message")]
    [InlineData("32FFFFFFFFFFFFFFFFFF01", "goes past the end of its message")]
    [InlineData("FFFFFFFFFFFFFFFFFFFF01", "a varint is longer than 10 bytes")]
    [InlineData("320161", "the first text of the string table is not the empty one")]
    [InlineData("12001200", "2 samples and no sample_type")]
    [InlineData("48FFFFFFFFFFFFFFFFFF01", "time_nanos is -1; it can't be negative")]
    [InlineData("2200", "a location without an id")]
    [InlineData("2A0208012A020801", "two functions with the id 1")]
    public void WhatIsNoProfileIsRefusedByName(string hex, string said) => Assert.Contains(said, Refused(Convert.FromHexString(hex)), StringComparison.Ordinal);

    public static TheoryData<string, string> Wrong => new()
    {
        { "string", "a string index of 99 in a string table of" },
        { "negative string", "a string index of -7 in a string table of" },
        { "location", "Sample 1 of 1 has the location 77, which is not in the profile." },
        { "function", "location 1 is in function 88, which is not in the profile" },
        { "values", "Sample 1 of 1 has 2 values, but the profile has 1 sample types." },
        { "negative", "has the value -5; a difference of profiles can't be stored." },
        { "types", "The profile has 33 sample types; at most 32 are taken." },
        { "deep", "has a stack of more than 4096 frames, which is the limit." },
        { "inlined", "has a stack of more than 4096 frames, which is the limit." },
        { "frames", "above 4194304, which is the limit (--profile-max-frames)" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void WhatPointsToNothingOrUnfoldsTooFarIsRefused(string what, string said)
    {
        var profile = Small();
        var sample = profile.Sample[0];
        switch (what)
        {
            case "string": profile.Function[0].Name = 99; break;
            case "negative string": profile.Function[0].Name = -7; break;
            case "location": sample.LocationId.Add(77); break;
            case "function": profile.Location[0].Line[0].FunctionId = 88; break;
            case "values": sample.Value.Add(1); break;
            case "negative": sample.Value[0] = -5; break;
            case "types":
                for (var i = 0; i < 32; i++) profile.SampleType.Add(new ValueType());
                break;
            case "deep":
                for (var i = 0; i < 4096; i++) sample.LocationId.Add(1);
                break;
            case "inlined":
                // A location that stands for many frames makes a few bytes a long stack.
                for (var i = 0; i < 2000; i++) profile.Location[0].Line.Add(new Line { FunctionId = 1 });
                for (var i = 0; i < 3; i++) sample.LocationId.Add(1);
                break;
            case "frames":
                for (var i = 0; i < 4000; i++) profile.Location[0].Line.Add(new Line { FunctionId = 1 });
                for (var i = 0; i < 1100; i++) profile.Sample.Add(sample.Clone());
                break;
        }
        Assert.Contains(said, Refused(profile.ToByteArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void NoMutationOfAProfileBreaksTheDecoder()
    {
        var random = new Random(11);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = PprofGen.Make(new Random(i % 40)).Bytes;
            for (var flips = random.Next(1, 5); flips > 0 && bytes.Length > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0) bytes = bytes[..random.Next(bytes.Length + 1)];
            var batch = new ProfileBatch();
            var result = PprofDecoder.Decode(bytes, s_origin, new ProfileLimits(), batch);
            Assert.True(result.IsDecoded || result.Message.Length > 0);
            if (result.IsDecoded) PlainSample.Of(batch);
        }
    }

    [Fact]
    public void NamesThatAreTooLongAreCutAtAWholeCharacter()
    {
        var profile = Small();
        profile.StringTable.Add(new string('é', 3000));
        profile.Function[0].Name = profile.StringTable.Count - 1;
        var batch = new ProfileBatch();
        Assert.True(PprofDecoder.Decode(profile.ToByteArray(), s_origin, new ProfileLimits { MaxNameBytes = 101 }, batch).IsDecoded);
        Assert.Equal($"{new string('é', 50)}|", PlainSample.Of(batch)[0].Stack[0]);
    }

    [Fact]
    public void TheTextsAmongTheLabelsOfSamplesBecomeLabelsOfTheSeries()
    {
        var profile = Labelled(("thread", "worker 1"), ("model", "yolo"));
        profile.Sample.Add(new Sample { LocationId = { 1 }, Value = { 5 } });
        profile.Sample.Add(new Sample { LocationId = { 1 }, Value = { 0 }, Label = { profile.Sample[0].Label[0] } });
        var batch = new ProfileBatch();
        Assert.True(PprofDecoder.Decode(profile.ToByteArray(), s_origin with { Labels = [new("model", "of the request"), new("region", "eu")] }, new ProfileLimits(), batch).IsDecoded);
        Assert.Equal(["model=of the request,region=eu 5", "model=yolo,region=eu,thread=worker 1 10"], PlainSample.Of(batch).Select(static s => $"{s.Labels} {s.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void SecretsAmongTheLabelsAreNotStored()
    {
        var batch = new ProfileBatch();
        Assert.True(PprofDecoder.Decode(Labelled(("password", "x"), ("user", "y")).ToByteArray(), s_origin with { Withholds = static key => key == "password" }, new ProfileLimits(), batch).IsDecoded);
        Assert.Equal("password=[redacted],user=y", Assert.Single(PlainSample.Of(batch)).Labels);
    }

    [Fact]
    public void SetsOfLabelsAboveTheLimitAreToldAndTheSamplesKept()
    {
        var profile = Labelled(("user", "0"));
        for (var i = 1; i < 5; i++)
        {
            profile.StringTable.Add($"{i}");
            profile.Sample.Add(new Sample { LocationId = { 1 }, Value = { 10 }, Label = { new Label { Key = profile.Sample[0].Label[0].Key, Str = profile.StringTable.Count - 1 } } });
        }
        profile.Sample.Add(profile.Sample[0].Clone());
        var batch = new ProfileBatch();
        var result = PprofDecoder.Decode(profile.ToByteArray(), s_origin, new ProfileLimits { MaxLabelSets = 2 }, batch);
        Assert.StartsWith("3 sample(s) have more labels than are kept: 2 different sets (--profile-max-label-sets)", result.Message, StringComparison.Ordinal);
        Assert.Equal([" 30", "user=0 20", "user=1 10"], PlainSample.Of(batch).GroupBy(static s => s.Labels).Select(static g => $"{g.Key} {g.Sum(s => s.Value)}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ASampleWithoutAValueLeavesNothingBehind()
    {
        var profile = Labelled(("trace_id", PprofGen.TraceOf(1).ToString()));
        profile.Sample[0].Value[0] = 0;
        var batch = new ProfileBatch();
        Assert.True(PprofDecoder.Decode(profile.ToByteArray(), s_origin, new ProfileLimits(), batch).IsDecoded);
        Assert.Equal((0, 0), (batch.WindowCount, batch.Links.Length));
    }

    [Theory]
    [InlineData("texts")]
    [InlineData("types")]
    [InlineData("lines")]
    public void TablesOfManyTinyEntriesAreRefusedBeforeTheyTakeMemory(string what)
    {
        var bytes = new List<byte>();
        for (byte i = 1; i <= 120; i++)
        {
            for (var entry = 0; entry < 3 && what != "lines"; entry++) bytes.AddRange([(byte)(what == "texts" ? 0x32 : 0x0A), 0]);
            // A location with three lines that say nothing.
            if (what == "lines") bytes.AddRange([0x22, 8, 0x08, i, 0x22, 0, 0x22, 0, 0x22, 0]);
        }
        var result = PprofDecoder.Decode([.. bytes], s_origin, new ProfileLimits { MaxFrames = 300 }, new ProfileBatch());
        Assert.Equal("The profile has more than 300 texts, functions, locations and lines together, which is the limit (--profile-max-frames). Send shorter windows.", result.Message);
    }

    [Fact]
    public void TheLimitIsOneForAllProfilesOfARequest()
    {
        var batch = new ProfileBatch();
        var limits = new ProfileLimits { MaxFrames = 15 };
        for (var i = 0; i < 7; i++) Assert.True(PprofDecoder.Decode(Small().ToByteArray(), s_origin, limits, batch).IsDecoded);
        var result = PprofDecoder.Decode(Small().ToByteArray(), s_origin, limits, batch);
        Assert.Equal((false, "Sample 1 of 1 brings the frames and values of the request's profiles above 15, which is the limit (--profile-max-frames). Send shorter windows."), (result.IsDecoded, result.Message));
    }

    /// <summary>A profile of one sample with these labels.</summary>
    private static Profile Labelled(params (string Key, string Value)[] labels)
    {
        var profile = Small();
        foreach (var (key, value) in labels)
        {
            profile.StringTable.Add([key, value]);
            profile.Sample[0].Label.Add(new Label { Key = profile.StringTable.Count - 2, Str = profile.StringTable.Count - 1 });
        }
        return profile;
    }

    private static string Refused(byte[] bytes, ProfileOrigin? origin = null)
    {
        var result = PprofDecoder.Decode(bytes, origin ?? s_origin, new ProfileLimits(), new ProfileBatch());
        Assert.False(result.IsDecoded);
        return result.Message;
    }

    private static Profile Small()
    {
        var profile = new Profile { StringTable = { "", "cpu", "nanoseconds", "main" }, SampleType = { new ValueType { Type = 1, Unit = 2 } } };
        profile.Function.Add(new Function { Id = 1, Name = 3 });
        profile.Location.Add(new Location { Id = 1, Line = { new Line { FunctionId = 1 } } });
        profile.Sample.Add(new Sample { LocationId = { 1 }, Value = { 10 } });
        return profile;
    }
}
