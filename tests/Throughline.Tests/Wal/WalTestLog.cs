using Throughline.Engine.Files;
using Throughline.Engine.Wal;

namespace Throughline.Tests.Wal;

/// <summary>A log in a test: opens it as recovery would, appends, and keeps what was seen.</summary>
internal static class WalTestLog
{
    public const string Root = "/log";

    public static WalOptions Options { get; } = new() { Directory = Root, SegmentBytes = 4_000, QueueBytes = 1 << 20, MaxPayloadBytes = 1 << 20 };

    public static WalRecordHeader Header(ulong id) => new(WalSignal.Traces, WalForm.Received, 0, 1_000 + id, 3, id);

    /// <summary>A payload that its id decides.</summary>
    public static byte[] Payload(ulong id, int size)
    {
        var payload = new byte[size];
        new Random((int)id).NextBytes(payload);
        return payload;
    }

    public static WalContents Read(IFileSystem files, WalOptions? options = null, long firstSegment = 0)
    {
        using var reader = new WalReader(files, options ?? Options, firstSegment);
        var records = new List<WalRecord>();
        while (reader.TryRead(out var record))
            records.Add(record with { Payload = record.Payload.ToArray() });
        return new WalContents(records, reader.End, reader.Problems);
    }

    public static WalWriter<ulong> Open(IFileSystem files, WalCommitHandler<ulong>? committed = null, WalOptions? options = null) =>
        WalWriter<ulong>.Open(files, options ?? Options, Read(files, options).End, committed ?? (_ => { }));

    public static ValueTask<WalAppend> AppendAsync(this WalWriter<ulong> log, ulong id, int size = 100) => log.AppendAsync(Header(id), Payload(id, size), id);

    public static string PathOf(long segment) => $"{Root}/{segment:D10}.wal";
}

internal sealed record WalContents(IReadOnlyList<WalRecord> Records, WalEnd End, IReadOnlyList<WalProblem> Problems)
{
    public ulong[] Ids => [.. Records.Select(r => (ulong)r.Header.Digest)];
}
