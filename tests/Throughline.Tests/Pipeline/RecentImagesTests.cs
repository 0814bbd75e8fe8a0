using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Pipeline.Backend.Images;

namespace Throughline.Tests.Pipeline;

public sealed class RecentImagesTests
{
    private readonly FakeTimeProvider _time = new(new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void ImageIsForgottenAtTheEndOfTheWindow()
    {
        var recent = new RecentImages(new() { DuplicateWindowSeconds = 10 }, _time);
        Assert.Equal(Admission.Taken, Admit(recent, Image("one", "aa")));
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(Admission.Duplicate, Admit(recent, Image("one", "aa")));

        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(Admission.Taken, Admit(recent, Image("one", "aa")));
    }

    [Fact]
    public void OldestIsForgottenWhenThereAreTooMany()
    {
        var recent = new RecentImages(new() { DuplicateLimit = 2 }, _time);
        foreach (var id in new[] { "1", "2", "3" }) Admit(recent, Image(id, id));

        Assert.Equal([Admission.Duplicate, Admission.Duplicate], [Admit(recent, Image("2", "2")), Admit(recent, Image("3", "3"))]);
        Assert.Equal(Admission.Taken, Admit(recent, Image("1", "1")));
    }

    [Fact]
    public void ImageIsKnownByItsContentAndByItsIdButOnlyOfTheSameCamera()
    {
        var recent = new RecentImages(new(), _time);
        Admit(recent, Image("one", "aa"));

        Assert.Equal(Admission.Duplicate, Admit(recent, Image("two", "aa")));
        Assert.Equal(Admission.IdTaken, Admit(recent, Image("one", "bb")));
        Assert.Equal(Admission.Taken, Admit(recent, Image("one", "aa", "driveway")));
    }

    [Fact]
    public void ImageThatWasNotTakenIsNotRemembered()
    {
        var recent = new RecentImages(new(), _time);
        Assert.Equal((Admission.Overloaded, null), recent.Admit(Image("one", "aa"), _ => false));

        Assert.Equal(Admission.Taken, Admit(recent, Image("one", "aa")));
    }

    [Fact]
    public void ImageThatIsForgottenIsANewOneAndItsPlaceIsNotTakenFromWhoHasItNext()
    {
        var recent = new RecentImages(new() { DuplicateWindowSeconds = 10 }, _time);
        var (first, again) = (Image("one", "aa"), Image("one", "aa"));
        Admit(recent, first);
        _time.Advance(TimeSpan.FromSeconds(5));
        recent.Forget(first);
        Assert.Equal(Admission.Taken, Admit(recent, again with { ReceivedAt = _time.GetUtcNow() }));
        // The first one's time is over, and it takes nothing with it; nor does forgetting it again.
        _time.Advance(TimeSpan.FromSeconds(6));
        recent.Forget(first);

        Assert.Equal(Admission.Duplicate, Admit(recent, Image("one", "aa")));
    }

    [Fact]
    public void DuplicateIsToldHowFarTheFirstHasCome()
    {
        var recent = new RecentImages(new(), _time);
        var first = Image("one", "aa");
        Admit(recent, first);
        Assert.Equal(("queued", null), Told());

        recent.Note(first.Camera, first.Id, first.Trace, ImageStates.EventSaved, eventId: 7);
        Assert.Equal(("event_saved", 7), Told());
        // Nothing of another sending of it, which was forgotten.
        recent.Note(first.Camera, first.Id, Image("one", "aa").Trace, ImageStates.Detecting);
        Assert.Equal(("event_saved", 7), Told());

        (string?, long?) Told() => recent.Admit(Image("one", "aa"), _ => false).First is { } known ? (known.State, known.EventId) : default;
    }

    [Fact]
    public void WindowOfZeroTakesEveryImageForANewOne()
    {
        var recent = new RecentImages(new() { DuplicateWindowSeconds = 0 }, _time);

        Assert.Equal([Admission.Taken, Admission.Taken], [Admit(recent, Image("one", "aa")), Admit(recent, Image("one", "aa"))]);
    }

    [Fact]
    public void OfEqualImagesAtOnceOneIsTaken()
    {
        var recent = new RecentImages(new(), _time);
        var answers = new Admission[64];

        Parallel.For(0, answers.Length, i => answers[i] = recent.Admit(Image($"id-{i}", "aa"), _ => true).Admission);

        Assert.Single(answers, answer => answer == Admission.Taken);
        Assert.Equal(63, answers.Count(answer => answer == Admission.Duplicate));
    }

    [Fact]
    public async Task ImageOfHigherPriorityIsLookedAtFirstAndAmongEqualsTheOldest()
    {
        var queue = new DetectionQueue(limit: 5, byteLimit: 100);
        foreach (var (id, priority) in new[] { ("1", "low"), ("2", "normal"), ("3", "high"), ("4", "normal"), ("5", "high") })
            Assert.True(queue.TryAdd(Image(id, id, priority: priority)));

        Assert.False(queue.TryAdd(Image("6", "6", priority: "high")));
        queue.Complete();
        var order = new List<string>();
        await foreach (var image in queue.TakeAllAsync()) order.Add(image.Id);

        Assert.Equal(["3", "5", "2", "4", "1"], order);
        Assert.False(queue.TryAdd(Image("7", "7")));
    }

    [Fact]
    public async Task QueueIsBoundedByBytesToo()
    {
        var queue = new DetectionQueue(limit: 5, byteLimit: 5);
        Assert.True(queue.TryAdd(Image("1", "1")));
        Assert.False(queue.TryAdd(Image("2", "2")));
        await foreach (var _ in queue.TakeAllAsync()) break;

        // The place is free again, and one image is taken though it alone is above the limit.
        Assert.True(queue.TryAdd(Image("3", "3") with { Bytes = new byte[50] }));
        Assert.False(queue.TryAdd(Image("4", "4")));
    }

    private static Admission Admit(RecentImages recent, ReceivedImage image) => recent.Admit(image, _ => true).Admission;

    private ReceivedImage Image(string id, string sha256, string camera = "front_door", string priority = Priorities.Normal) => new(
        id, new(camera, camera, priority), [1, 2, 3], new(JpegState.Whole, 1, 1), sha256, _time.GetUtcNow(),
        new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded));
}
