using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Profiles.Decode;

/// <summary>
/// Reads a pprof profile, uncompressed (google/pprof, proto/profile.proto), into windows, one for each type of value and each set of labels that has samples. The labels <c>trace_id</c> and
/// <c>span_id</c>, or <c>profile_id</c> as Pyroscope's older libraries call it, name the sample's span; the other texts among the labels become labels of the series. Numbers among them are left out. Stateless; thread safe.
/// </summary>
public static class PprofDecoder
{
    /// <summary>Adds the profile's windows to <paramref name="into"/>. When it is refused, nothing of the batch may be used.</summary>
    public static ProfileDecodeResult Decode(ReadOnlySpan<byte> body, ProfileOrigin origin, ProfileLimits limits, ProfileBatch into)
    {
        if (body.IsEmpty) return ProfileDecodeResult.Refused("The profile is empty: it has 0 bytes.");
        try
        {
            var tables = new PprofTables(body, limits);
            if (tables.SampleCount == 0) return new(true, "The profile has no samples.");
            if (tables.Types.Count == 0) return ProfileDecodeResult.Refused($"The profile has {tables.SampleCount} samples and no sample_type that says what they measure.");
            if (tables.Types.Count > limits.MaxSampleTypes) return ProfileDecodeResult.Refused($"The profile has {tables.Types.Count} sample types; at most {limits.MaxSampleTypes} are taken.");
            // Times are the profile's only where the request says nothing.
            var (start, end) = origin.Times(tables.TimeNano, tables.DurationNano);
            if (end < start) return ProfileDecodeResult.Refused($"The profile ends at {end}, before it begins at {start} (Unix nanoseconds).");
            return new PprofSamples(body, tables, origin, limits, into).Read(start, end);
        }
        catch (ProfileTooLargeException problem)
        {
            return ProfileDecodeResult.Refused(problem.Message);
        }
        catch (MalformedInputException problem)
        {
            return ProfileDecodeResult.Refused($"The body is not a pprof profile: {problem.Message} (at byte {problem.Offset} of {body.Length}, uncompressed).");
        }
    }
}
