using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Pipeline.Backend.Images;

namespace Throughline.Tests.Pipeline;

public sealed class BatcherTests
{
    private readonly FakeTimeProvider _time = new(new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
    private readonly List<ClosedBatch> _closed = [];

    [Fact]
    public void DefaultsAreThoseOfTheDesign()
    {
        var options = new BatchOptions();
        Assert.Equal((90, 30, 50), (options.WindowSeconds, options.IdleSeconds, options.MaximumSize));
    }

    [Fact]
    public void BatchClosesWhenNoImageCameForTheIdleTime()
    {
        var batcher = Batcher();
        batcher.Join(Member(), urgent: false);
        _time.Advance(TimeSpan.FromSeconds(20));
        batcher.Join(Member(), urgent: false);
        _time.Advance(TimeSpan.FromSeconds(29.999));
        Assert.Empty(_closed);

        _time.Advance(TimeSpan.FromSeconds(0.001));

        var batch = Assert.Single(_closed);
        Assert.Equal(("idle", 2), (batch.CloseReason, batch.Members.Count));
        Assert.Equal(TimeSpan.FromSeconds(50), batch.ClosedAt - batch.OpenedAt);
        Assert.Equal([TimeSpan.Zero, TimeSpan.FromSeconds(20)], batch.Members.Select(member => member.JoinedAt - batch.OpenedAt));
    }

    [Fact]
    public void BatchClosesAtTheEndOfItsWindowThoughImagesKeepComing()
    {
        var batcher = Batcher();
        for (var second = 0; second < 90; second += 10)
        {
            batcher.Join(Member(), urgent: false);
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        var batch = Assert.Single(_closed);
        Assert.Equal(("window", 9), (batch.CloseReason, batch.Members.Count));
        Assert.Equal(TimeSpan.FromSeconds(90), batch.ClosedAt - batch.OpenedAt);
    }

    [Fact]
    public void ImageMayJoinABatchWhoseTimerIsLate()
    {
        var late = new LateTime(_time.GetUtcNow());
        var batcher = new Batcher(new BatchOptions { WindowSeconds = 3, IdleSeconds = 1 }, late, _closed.Add);
        batcher.Join(Member(), urgent: false);
        late.Now += TimeSpan.FromSeconds(5);

        Assert.Equal(2, batcher.Join(Member(), urgent: false).Size);
        Assert.Equal(TimeSpan.Zero, late.Due);

        late.Fire();
        Assert.Equal(("window", 2), (Assert.Single(_closed).CloseReason, _closed[0].Members.Count));
    }

    /// <summary>A clock whose one timer comes to run when the test says so, and refuses what a real one refuses.</summary>
    private sealed class LateTime(DateTimeOffset now) : TimeProvider, ITimer
    {
        private TimerCallback? _callback;

        public DateTimeOffset Now { get; set; } = now;

        public TimeSpan Due { get; private set; }

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _callback = callback;
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, Timeout.InfiniteTimeSpan);
            Due = dueTime;
            return true;
        }

        public void Fire() => _callback?.Invoke(null);

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    [Fact]
    public void FullBatchClosesAtOnceAndTheNextImageOpensAnother()
    {
        var batcher = Batcher(new BatchOptions { MaximumSize = 3 });
        var joined = Enumerable.Range(0, 4).Select(_ => batcher.Join(Member(), urgent: false)).ToList();

        Assert.Equal(("full", 3), (Assert.Single(_closed).CloseReason, _closed[0].Members.Count));
        Assert.Equal([1, 2, 3, 1], joined.Select(batch => batch.Size));
        Assert.NotEqual(joined[2].BatchId, joined[3].BatchId);
    }

    [Fact]
    public void UrgentImageClosesTheBatchAtOnceWithAllItsMembers()
    {
        var batcher = Batcher();
        batcher.Join(Member(), urgent: false);
        _time.Advance(TimeSpan.FromSeconds(1));
        batcher.Join(Member(), urgent: true);

        Assert.Equal(("fast_path", 2), (Assert.Single(_closed).CloseReason, _closed[0].Members.Count));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Single(_closed);
    }

    [Theory]
    [InlineData("person", 0.95f, true)]
    [InlineData("person", 0.85f, false)]
    [InlineData("car", 0.99f, false)]
    public void OnlyAVerySurePersonIsUrgent(string @class, float confidence, bool urgent) =>
        Assert.Equal(urgent, new BatchOptions().IsUrgent([new Detected("dog", 0.99f), new Detected(@class, confidence)]));

    [Fact]
    public void EachCameraHasABatchOfItsOwn()
    {
        var batcher = Batcher();
        batcher.Join(Member("front_door"), urgent: false);
        _time.Advance(TimeSpan.FromSeconds(10));
        batcher.Join(Member("driveway"), urgent: false);
        _time.Advance(TimeSpan.FromSeconds(20));

        Assert.Equal("front_door", Assert.Single(_closed).Camera.Id);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["front_door", "driveway"], _closed.Select(batch => batch.Camera.Id));
    }

    [Fact]
    public void ClosingAllGivesOutWhatIsOpenOnce()
    {
        var batcher = Batcher();
        batcher.Join(Member("front_door"), urgent: false);
        batcher.Join(Member("driveway"), urgent: false);

        batcher.CloseAll();
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(2, _closed.Count);
        Assert.All(_closed, batch => Assert.Equal("shutdown", batch.CloseReason));
    }

    [Fact]
    public void ClosingAllEndsAfterABatchThatItsTimerIsClosing()
    {
        Task? closing = null;
        bool? endedBefore = null;
        Batcher batcher = null!;
        batcher = new(new(), _time, batch =>
        {
            closing ??= Task.Run(batcher.CloseAll);
            // However long it took: it can't be over before the batch is handed over.
            endedBefore ??= closing.Wait(TimeSpan.FromMilliseconds(300));
            _closed.Add(batch);
        });
        batcher.Join(Member(), urgent: false);

        _time.Advance(TimeSpan.FromSeconds(30));

        Assert.True(closing?.Wait(Patience.Limit));
        Assert.Equal(("idle", false), (Assert.Single(_closed).CloseReason, endedBefore));
    }

    [Fact]
    public void CarrierIsTheEarliestMemberWhoseTraceIsSampled()
    {
        var batcher = Batcher();
        batcher.Join(Member(sampled: false), urgent: false);
        var second = Member();
        batcher.Join(second, urgent: false);
        batcher.Join(Member(), urgent: true);

        Assert.Equal(second.Trace.TraceId, _closed[0].Carrier.Trace.TraceId);
    }

    [Fact]
    public void CarrierOfABatchWithoutSampledMembersIsTheEarliest()
    {
        var batcher = Batcher();
        var first = Member(sampled: false);
        batcher.Join(first, urgent: false);
        batcher.Join(Member(sampled: false), urgent: true);

        Assert.Equal(first.Trace.TraceId, _closed[0].Carrier.Trace.TraceId);
    }

    [Fact]
    public void SpanOfTheJoiningMemberIsNotCurrentWhenTheBatchCloses()
    {
        // A timer of the real clock runs in the context that it captured; the fake one's callbacks run in the caller's.
        using var closing = new ManualResetEventSlim();
        Activity? current = null;
        var batcher = new Batcher(new() { WindowSeconds = 0.05 }, TimeProvider.System, _ =>
        {
            current = Activity.Current;
            closing.Set();
        });
        using (new Activity("batch_detection").Start())
            batcher.Join(Member(), urgent: false);

        Assert.True(closing.Wait(Patience.Limit), "The batch was never closed.");
        Assert.Null(current);
    }

    private Batcher Batcher(BatchOptions? options = null) => new(options ?? new(), _time, _closed.Add);

    private static BatchMember Member(string camera = "front_door", bool sampled = true) => new(
        ImageId: "img", new(camera, camera), Sha256: "00", DateTimeOffset.UnixEpoch,
        new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), sampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None),
        [new Detected("person", 0.7f)]);
}
