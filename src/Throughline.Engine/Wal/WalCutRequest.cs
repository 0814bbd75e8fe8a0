namespace Throughline.Engine.Wal;

/// <summary>A caller's wish to cut the log; answered by the writer's loop between two groups; the first answer counts.</summary>
internal sealed class WalCutRequest(Action<WalCut> atCut)
{
    private readonly TaskCompletionSource<WalCut> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Action<WalCut> AtCut { get; } = atCut;

    public Task<WalCut> Task => _completion.Task;

    public void Complete(WalCut cut) => _completion.TrySetResult(cut);

    public void Fail(string message, Exception? inner) => _completion.TrySetException(new IOException(message, inner));
}
