using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Throughline.Server.Receive;

/// <summary>
/// The body of a gRPC call, charged to the call's part of the budget as it arrives: gRPC waits for a whole message, so all of it lies in the server's buffers before anyone else sees it. Belongs
/// to the call; used by one reader at a time.
/// </summary>
/// <param name="body">What is read.</param>
/// <param name="share">What is charged.</param>
/// <param name="overloaded">Makes the exception that ends the call when there is no more room.</param>
internal sealed class CountedBody(PipeReader body, ReceiveBudget.RequestShare share, Func<Exception> overloaded) : PipeReader, IRequestBodyPipeFeature
{
    /// <inheritdoc/>
    PipeReader IRequestBodyPipeFeature.Reader => this;

    private long _charged;

    /// <summary>The message has been taken out of the buffers that were charged.</summary>
    public void GiveBack()
    {
        share.GiveBack(_charged);
        _charged = 0;
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => Charged(await body.ReadAsync(cancellationToken));

    public override bool TryRead(out ReadResult result)
    {
        if (!body.TryRead(out result)) return false;
        result = Charged(result);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => body.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => body.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => body.CancelPendingRead();

    public override void Complete(Exception? exception = null) => body.Complete(exception);

    // Only what is more than ever before is charged: gRPC looks at the bytes of its message again and again until all are there.
    private ReadResult Charged(ReadResult result)
    {
        var more = result.Buffer.Length - _charged;
        if (more <= 0) return result;
        if (!share.TryTake(more))
        {
            // A reader that throws has given nothing out.
            body.AdvanceTo(result.Buffer.End);
            throw overloaded();
        }
        _charged += more;
        return result;
    }
}
