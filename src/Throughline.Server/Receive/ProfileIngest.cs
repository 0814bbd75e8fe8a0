using System.IO.Hashing;
using System.Text;
using Throughline.Engine;
using Throughline.Engine.Model;
using Throughline.Engine.Profiles;
using Throughline.Engine.Profiles.Decode;
using Throughline.Engine.Profiles.Store;
using Throughline.Server.Health;
using Throughline.Server.Process;
using Throughline.Server.SelfTelemetry;
using Throughline.Server.Storage;

namespace Throughline.Server.Receive;

/// <summary>How a request with profiles ended, for its protocol to say.</summary>
/// <param name="Windows">Windows that are stored.</param>
/// <param name="Samples">Samples in them.</param>
internal readonly record struct ProfileOutcome(IngestStatus Status, int Windows, long Samples, string Message, TimeSpan RetryAfter);

/// <summary>
/// What the receiver of profiles hands its requests to: decode, redact, store, count. When it answers <see cref="IngestStatus.Stored"/> the windows are durable and visible. One per server; thread safe.
/// </summary>
public sealed class ProfileIngest(StoreGate gate, IngestCounters counters, HealthWatch health, bool redact, ProfileLimits limits)
{
    /// <summary>Limits of a profile.</summary>
    internal ProfileLimits Limits => limits;

    /// <summary>The time now.</summary>
    internal ulong NowUnixNano => counters.UnixNano();

    /// <summary>The origin of a profile, without the values of sensitive labels; <paramref name="redacted"/> is called for each.</summary>
    internal ProfileOrigin OriginOf(ProfileRequest request, Action redacted)
    {
        var origin = request.Origin(NowUnixNano);
        if (!redact) return origin;
        var labels = new List<KeyValuePair<string, string>>(origin.Labels.Count);
        foreach (var label in origin.Labels)
        {
            var isSecret = SensitiveKeys.Contains(Encoding.UTF8.GetBytes(label.Key));
            if (isSecret) redacted();
            labels.Add(isSecret ? new(label.Key, ProfileOrigin.Withheld) : label);
        }
        return origin with { Labels = labels, Withholds = IsSecret };

        bool IsSecret(string key)
        {
            var isSecret = SensitiveKeys.Contains(Encoding.UTF8.GetBytes(key));
            if (isSecret) redacted();
            return isSecret;
        }
    }

    /// <summary>A request that is no profile, or one over a limit.</summary>
    internal ProfileOutcome Malformed(string message) => Refuse(RefusalReason.Malformed, IngestStatus.Malformed, message, default);

    /// <summary>
    /// Stores what a request brought. <paramref name="body"/> and <paramref name="address"/> are the request as it came, by which a retry is known. There is nothing to cancel: what was begun is finished.
    /// </summary>
    internal async ValueTask<ProfileOutcome> StoreAsync(ProfileBatch batch, ReadOnlyMemory<byte> body, string address, string note, int redacted)
    {
        if (gate.Find<ProfileStore>() is not { } store) return Refuse(RefusalReason.Unavailable, IngestStatus.Unavailable, IngestService.ClosedMessage, IngestOutcome.StandardRetry);
        var isNew = true;
        if (batch.WindowCount > 0)
        {
            // Text without times or names says nothing of whose it is: the address is part of the request.
            var digest = XxHash128.HashToUInt128(body.Span, (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(address)));
            AppendResult appended;
            try
            {
                appended = await store.AppendAsync(batch, digest);
            }
            catch (ObjectDisposedException)
            {
                return Refuse(RefusalReason.Unavailable, IngestStatus.Unavailable, IngestService.ClosedMessage, IngestOutcome.StandardRetry);
            }
            if (appended.Status is AppendStatus.Overloaded) return Refuse(RefusalReason.Overloaded, IngestStatus.Overloaded, appended.Message, appended.RetryAfter);
            if (appended.Status is AppendStatus.Failed)
            {
                health.StoreFailed(SignalKind.Profiles, appended.Message);
                return Refuse(RefusalReason.Unavailable, IngestStatus.Unavailable, appended.Message, appended.RetryAfter);
            }
            health.StoreTook(SignalKind.Profiles);
            isNew = appended.Status != AppendStatus.Duplicate;
        }
        counters.CountReceived(SignalKind.Profiles, isNew ? batch.WindowCount : 0, isNew ? redacted : 0);
        return new ProfileOutcome(IngestStatus.Stored, batch.WindowCount, batch.SampleCount, note, default);
    }

    private ProfileOutcome Refuse(RefusalReason reason, IngestStatus status, string message, TimeSpan retryAfter)
    {
        counters.CountRefused(SignalKind.Profiles, reason, message);
        return new ProfileOutcome(status, 0, 0, message, retryAfter);
    }
}
