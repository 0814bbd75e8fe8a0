namespace Throughline.Pipeline.Camera;

/// <summary>How many images were sent and what became of them, of all cameras together. Thread-safe.</summary>
internal sealed class UploadCount
{
    private readonly Lock _gate = new();
    private long _accepted, _known, _overloaded, _refused, _unanswered, _skipped, _again;

    public void Add(UploadOutcome outcome)
    {
        lock (_gate)
        {
            if (outcome.Attempts > 1) _again++;
            switch (outcome.Status)
            {
                case 202: _accepted++; break;
                case >= 200 and < 300: _known++; break;
                case 503: _overloaded++; break;
                case null: _unanswered++; break;
                default: _refused++; break;
            }
        }
    }

    /// <summary>Counts an image that was not sent, since its camera was far behind.</summary>
    public void Skip()
    {
        lock (_gate) _skipped++;
    }

    public override string ToString()
    {
        lock (_gate)
            return $"accepted={_accepted} known={_known} overloaded={_overloaded} refused={_refused} unanswered={_unanswered} "
                + $"skipped={_skipped} sent-again={_again}";
    }
}
