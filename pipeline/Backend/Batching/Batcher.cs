namespace Throughline.Pipeline.Backend.Batching;

/// <summary>
/// Gathers each camera's images into batches and closes them by time, size or urgency. Thread-safe. A closed batch is handed to
/// <paramref name="closed"/> once, on the thread of the timer or of the member that closed it, and before another one joins or closes anything: when
/// <see cref="CloseAll"/> is done, every batch has been handed over. It must not block.
/// </summary>
internal sealed class Batcher(BatchOptions options, TimeProvider time, Action<ClosedBatch> closed)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, OpenBatch> _open = [];

    /// <summary>Puts a member into its camera's batch, which is opened if there is none. An urgent one closes it at once.</summary>
    public JoinedBatch Join(BatchMember member, bool urgent)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (!_open.TryGetValue(member.Camera.Id, out var batch)) _open.Add(member.Camera.Id, batch = Open(member, now));
            batch.Members.Add(member with { JoinedAt = now });
            var joined = new JoinedBatch(batch.Id, batch.OpenedAt, batch.Members.Count);
            if (urgent) Close(batch, now, CloseReasons.FastPath);
            else if (batch.Members.Count >= options.MaximumSize) Close(batch, now, CloseReasons.Full);
            else batch.Timer.Change(Until(DueAt(batch), now), Timeout.InfiniteTimeSpan);
            return joined;
        }
    }

    /// <summary>Closes what is open, since no more images will come.</summary>
    public void CloseAll()
    {
        lock (_gate)
            foreach (var batch in _open.Values.ToList())
                Close(batch, time.GetUtcNow(), CloseReasons.Shutdown);
    }

    /// <summary>The open batches with how many images they hold.</summary>
    public IReadOnlyList<(string Camera, int Size)> Fill()
    {
        lock (_gate) return [.. _open.Select(entry => (entry.Key, entry.Value.Members.Count))];
    }

    private OpenBatch Open(BatchMember first, DateTimeOffset now)
    {
        var batch = new OpenBatch($"batch_{Guid.CreateVersion7(now):n}", first.Camera, now);
        // A timer keeps the context of its maker: without this the first member's span would be current when the batch closes.
        using (ExecutionContext.SuppressFlow())
            batch.Timer = time.CreateTimer(_ => OnDue(batch), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return batch;
    }

    private void OnDue(OpenBatch batch)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_open.GetValueOrDefault(batch.Camera.Id), batch)) return;
            var now = time.GetUtcNow();
            var due = DueAt(batch);
            if (now < due)
            {
                batch.Timer.Change(Until(due, now), Timeout.InfiniteTimeSpan);
                return;
            }
            Close(batch, now, now >= batch.OpenedAt + options.Window ? CloseReasons.Window : CloseReasons.Idle);
        }
    }

    private DateTimeOffset DueAt(OpenBatch batch)
    {
        var (window, idle) = (batch.OpenedAt + options.Window, batch.Members[^1].JoinedAt + options.Idle);
        return window < idle ? window : idle;
    }

    /// <summary>
    /// Never negative, which a timer refuses: on a busy machine an image may join when the batch is overdue and its timer has not come to run.
    /// </summary>
    private static TimeSpan Until(DateTimeOffset due, DateTimeOffset now) => due > now ? due - now : TimeSpan.Zero;

    /// <summary>Under the gate, handing over included: at the end of the service, a batch that a timer closes must not come after the last one.</summary>
    private void Close(OpenBatch batch, DateTimeOffset now, string reason)
    {
        _open.Remove(batch.Camera.Id);
        batch.Timer.Dispose();
        closed(new(batch.Id, batch.Camera, batch.OpenedAt, now, reason, batch.Members));
    }

    private sealed class OpenBatch(string id, Images.Camera camera, DateTimeOffset openedAt)
    {
        private ITimer? _timer;

        public string Id => id;

        public Images.Camera Camera => camera;

        public DateTimeOffset OpenedAt => openedAt;

        public List<BatchMember> Members { get; } = [];

        public ITimer Timer
        {
            get => _timer ?? throw new InvalidOperationException("The batch has no timer yet.");
            set => _timer = value;
        }
    }
}
