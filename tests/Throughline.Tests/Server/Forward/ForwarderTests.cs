using System.Text;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Wal;
using Throughline.Server.Configuration;
using Throughline.Server.Forward;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Server.Forward;

/// <summary>The queue in front of the target, and when it is tried again; the clock and the disk are the test's.</summary>
public sealed class ForwarderTests
{
    private const string Directory = "/data/0/forward";

    private static readonly ForwardOptions s_options = new() { Target = new Uri("http://target"), QueueBytes = 1 << 20, BatchBytes = 1 };

    [Theory]
    [InlineData(0.0, new[] { 1000, 2000, 4000, 5000, 30_000, 5000 })]
    [InlineData(1.0, new[] { 500, 1000, 2000, 2500, 30_000, 2500 })]
    public async Task WaitsDoubleUpToTheLimitLessByChanceAndAreNeverShorterThanTheTargetAsks(double random, int[] expectedMs)
    {
        var (time, client) = (new ManualTime(), new FakeClient());
        client.Answer = number => Again(number == 5 ? TimeSpan.FromSeconds(30) : null);
        await using var forwarder = Open(new MemoryFileSystem(), client, time, s_options with { MaxBackoff = TimeSpan.FromSeconds(5) }, random);
        await OfferAsync(forwarder, "a");
        await PassAsync(time, s_options.Linger);
        for (var attempt = 0; attempt < expectedMs.Length; attempt++)
        {
            await client.UntilAsync(() => forwarder.Status.Retries == attempt + 1 && time.TimerCount > 0);
            var status = forwarder.Status;
            Assert.Equal((ulong)expectedMs[attempt] * 1_000_000, status.NextAttemptUnixNano - NowNano(time));
            Assert.Equal(attempt + 1, client.Sent.Count);
            time.Advance(TimeSpan.FromMilliseconds(expectedMs[attempt]));
        }
        client.Answer = static _ => Taken;
        await client.UntilAsync(() => forwarder.Status.QueuedItems == 0 || time.TimerCount > 0);
        time.Advance(TimeSpan.FromSeconds(30));
        await client.UntilAsync(() => forwarder.Status.QueuedItems == 0);
        Assert.Equal((1, null, null), (forwarder.Status.DeliveredItems, forwarder.Status.LastError, forwarder.Status.NextAttemptUnixNano));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatWaitsIsSentInItsOrderByTheNextProcess(bool crashed)
    {
        var (files, time) = (new MemoryFileSystem(), new ManualTime());
        var away = new FakeClient { Answer = static _ => Again(null) };
        await using (var forwarder = Open(files, away, time, s_options))
        {
            foreach (var text in new[] { "a", "b", "c" }) await OfferAsync(forwarder, text);
            Assert.Equal(3, forwarder.Status.QueuedItems);
            if (crashed) files = files.Crash();
        }
        var client = new FakeClient();
        await using var next = Open(files, client, time, s_options);
        Assert.Equal(3, next.Status.QueuedItems + next.Status.DeliveredItems);
        await client.UntilAsync(() => next.Status.QueuedItems == 0);
        Assert.Equal(["a", "b", "c"], client.Sent);
        Assert.Equal((0, 0), (next.Status.QueuedBytes, next.Status.Lost.Count));
    }

    [Fact]
    public async Task WhatWasDeliveredBeforeAnOrderlyEndIsNotSentAgain()
    {
        var (files, time, client) = (new MemoryFileSystem(), new ManualTime(), new FakeClient());
        client.Answer = number => number <= 2 ? Taken : Again(null);
        await using (var forwarder = Open(files, client, time, s_options))
        {
            foreach (var text in new[] { "a", "b", "c" }) await OfferAsync(forwarder, text);
            await PassAsync(time, s_options.Linger);
            await client.UntilAsync(() => forwarder.Status.Retries == 1);
        }
        var other = new FakeClient();
        await using (var next = Open(files, other, time, s_options)) await other.UntilAsync(() => next.Status.QueuedItems == 0 && other.Sent.Count == 1);
        Assert.Equal(["c"], other.Sent);
        await using var last = Open(files, other, time, s_options);
        await OfferAsync(last, "d");
        await PassAsync(time, s_options.Linger);
        await other.UntilAsync(() => last.Status.QueuedItems == 0);
        Assert.Equal(["c", "d"], other.Sent);
    }

    [Theory]
    [InlineData(ForwardFull.DropOldest)]
    [InlineData(ForwardFull.RefuseNewest)]
    public async Task AFullQueueGivesUpWhatTheOptionSaysAndCountsIt(ForwardFull whenFull)
    {
        const int Offered = 40;
        var (files, time) = (new MemoryFileSystem(), new ManualTime());
        var options = s_options with { WhenFull = whenFull };
        await using (var away = Open(files, new FakeClient { Answer = static _ => Again(null) }, time, options))
        {
            for (var i = 0; i < Offered; i++) await OfferAsync(away, $"{i:D2}" + new string('x', 50_000));
            var status = away.Status;
            Assert.InRange(status.QueuedBytes, options.QueueBytes / 2, options.QueueBytes);
            var lost = Assert.Single(status.Lost);
            Assert.Equal((ForwardLoss.QueueFull, Offered - status.QueuedItems), (lost.Reason, lost.Items));
            Assert.Contains("--forward-queue-bytes", lost.LastMessage);
        }
        var client = new FakeClient();
        await using var back = Open(files, client, time, options);
        await client.UntilAsync(() => back.Status.QueuedItems == 0);
        var kept = client.Sent.Select(text => int.Parse(text[..2])).ToArray();
        Assert.Equal(Enumerable.Range(whenFull == ForwardFull.DropOldest ? Offered - kept.Length : 0, kept.Length), kept);
    }

    [Theory]
    [InlineData(ForwardFull.DropOldest)]
    [InlineData(ForwardFull.RefuseNewest)]
    public async Task ARequestThatTheTargetFailsAtCostsNoOtherWhereTheQueueIsFull(ForwardFull whenFull)
    {
        // As many as there is room for: none more has any at the queue's end.
        const int Offered = 20;
        var (time, client) = (new ManualTime(), new FakeClient());
        client.AnswerTo = static text => text.StartsWith("00", StringComparison.Ordinal) ? new ForwardReply(ForwardOutcome.Faulted, 0, "broken", null) : Taken;
        await using var forwarder = Open(new MemoryFileSystem(), client, time, s_options with { WhenFull = whenFull });
        for (var i = 0; i < Offered; i++) await OfferAsync(forwarder, $"{i:D2}" + new string('x', 50_000));
        Assert.Equal((Offered, 0), (forwarder.Status.QueuedItems, forwarder.Status.Lost.Count));
        await client.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return forwarder.Status.QueuedItems == 0;
        });
        var lost = Assert.Single(forwarder.Status.Lost);
        Assert.Equal((ForwardLoss.Refused, 1, Offered - 1), (lost.Reason, lost.Items, forwarder.Status.DeliveredItems));
        Assert.Equal([.. Enumerable.Repeat(0, 5), .. Enumerable.Range(1, Offered - 1), .. Enumerable.Repeat(0, 5)], client.Sent.Select(text => int.Parse(text[..2])));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ARequestIsQueuedOnceHoweverOftenItIsOfferedAlsoByTheNextProcess(bool crashed)
    {
        var (files, time) = (new MemoryFileSystem(), new ManualTime());
        var away = new FakeClient { Answer = static _ => Again(null) };
        await using (var forwarder = Open(files, away, time, s_options))
        {
            foreach (var text in new[] { "a", "b", "a" }) await OfferAsync(forwarder, text);
            Assert.Equal(2, forwarder.Status.QueuedItems);
            if (crashed) files = files.Crash();
        }
        await using var next = Open(files, away, time, s_options);
        foreach (var text in new[] { "b", "c", "a" }) await OfferAsync(next, text);
        Assert.Equal(3, next.Status.QueuedItems);
    }

    [Fact]
    public async Task WhatTheDiskRefusedIsQueuedWhenItIsOfferedAgain()
    {
        var files = new FailingFileSystem(new MemoryFileSystem());
        await using var forwarder = Open(files, new FakeClient { Answer = static _ => Again(null) }, new ManualTime(), s_options);
        files.Fails = true;
        await OfferAsync(forwarder, "a");
        files.Fails = false;
        using (var limit = new CancellationTokenSource(Patience.Limit))
            while (forwarder.Status.QueuedItems == 0)
            {
                Assert.False(limit.IsCancellationRequested, "The disk takes it again, and it is not queued.");
                await OfferAsync(forwarder, "a");
            }
        Assert.Equal(1, forwarder.Status.QueuedItems);
    }

    [Fact]
    public async Task ADiskThatRefusesCostsTheForwardedCopyOnlyAndIsCounted()
    {
        var files = new FailingFileSystem(new MemoryFileSystem());
        var client = new FakeClient();
        await using var forwarder = Open(files, client, new ManualTime(), s_options);
        files.Fails = true;
        await OfferAsync(forwarder, "a");
        files.Fails = false;
        var lost = Assert.Single(forwarder.Status.Lost);
        Assert.Equal((ForwardLoss.NotWritten, 1), (lost.Reason, lost.Items));
        Assert.Contains("No space left", lost.LastMessage);
    }

    private static ForwardReply Taken => new(ForwardOutcome.Delivered, 0, "", null);

    private static ForwardReply Again(TimeSpan? after) => new(ForwardOutcome.Retry, 0, "away", after);

    private static Forwarder Open(IFileSystem files, IForwardClient client, TimeProvider time, ForwardOptions options, double random = 0) =>
        Forwarder.Open(options, Directory, files, client, time, () => random);

    private static Task OfferAsync(Forwarder forwarder, string text)
    {
        var batch = new SpanBatch();
        Engine.Decode.DecodeResult decoded = new Engine.Decode.OtlpTraceDecoder().Decode(PlainOtlp.Request([new PlainSpan { TraceId = new(0, 1), SpanId = 1 }]), batch);
        Assert.Equal(1, decoded.Accepted);
        var request = Encoding.ASCII.GetBytes(text);
        return forwarder.OfferAsync(batch, request, isAltered: false, System.IO.Hashing.XxHash128.HashToUInt128(request)).AsTask();
    }

    private static ulong NowNano(ManualTime time) => (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>Lets time pass once somebody waits for it.</summary>
    private static async Task PassAsync(ManualTime time, TimeSpan by)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (time.TimerCount == 0)
        {
            Assert.False(limit.IsCancellationRequested, "Nobody waits.");
            await Task.Yield();
        }
        time.Advance(by);
    }

    /// <summary>A target that answers as it is told to, by the number of the attempt.</summary>
    private sealed class FakeClient : IForwardClient
    {
        private readonly Lock _gate = new();
        private readonly List<string> _sent = [];

        public Func<int, ForwardReply> Answer { get; set; } = static _ => Taken;

        /// <summary>Answers by what is sent instead, where it is set.</summary>
        public Func<string, ForwardReply>? AnswerTo { get; set; }

        public IReadOnlyList<string> Sent
        {
            get
            {
                lock (_gate) return [.. _sent];
            }
        }

        public Task<ForwardReply> SendAsync(WalSignal signal, ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                _sent.Add(Encoding.ASCII.GetString(request.Span));
                return Task.FromResult(AnswerTo is { } answer ? answer(_sent[^1]) : Answer(_sent.Count));
            }
        }

        public async Task UntilAsync(Func<bool> isSo)
        {
            using var limit = new CancellationTokenSource(Patience.Limit);
            while (!isSo())
            {
                Assert.False(limit.IsCancellationRequested, $"It did not come to that; sent: {string.Join(", ", Sent.Select(static s => s[..Math.Min(s.Length, 9)]))}");
                await Task.Yield();
            }
        }

        public void Dispose()
        {
        }
    }
}
