using System.Threading.Tasks.Sources;

namespace Throughline.Engine.Wal;

/// <summary>
/// One append on its way: made by the caller, owned by the writer's loop, handed to the commit handler when it is durable. Payload and
/// state belong to the caller again when its append has ended.
/// </summary>
public sealed class WalEntry<TState> : IValueTaskSource<WalAppend>
{
    // One object an append: the entry is the source of the task too. Continuations run elsewhere, so that no sender's code runs on the
    // log's loop.
    private ManualResetValueTaskSourceCore<WalAppend> _completion = new() { RunContinuationsAsynchronously = true };

    internal WalEntry(in WalRecordHeader header, ReadOnlyMemory<byte> payload, TState state)
    {
        Header = header;
        Payload = payload;
        State = state;
    }

    /// <summary>The record's number; set when it is written.</summary>
    public ulong Sequence { get; internal set; }

    /// <summary>What the log keeps beside the payload.</summary>
    public WalRecordHeader Header { get; }

    /// <summary>The payload.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>What the caller wants to see again in the commit handler.</summary>
    public TState State { get; }

    internal ValueTask<WalAppend> Task => new(this, _completion.Version);

    internal void Complete(in WalAppend result) => _completion.SetResult(result);

    WalAppend IValueTaskSource<WalAppend>.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<WalAppend>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<WalAppend>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);
}
