using Throughline.Pipeline.Backend.Images;

namespace Throughline.Tests.Pipeline;

/// <summary>The bytes that uploads hold while they are read.</summary>
public sealed class UploadRoomTests
{
    [Fact]
    public void AnUploadThatWasRefusedHoldsNothingWhileTheRestOfItComes()
    {
        var room = new UploadRoom(new UploadOptions { MaximumConcurrentBytes = 100 });
        using var first = room.Enter();
        var second = room.Enter();
        first.Hold(40);
        second.Hold(50);
        Assert.Throws<UploadRefusedException>(() => second.Hold(80));
        // All that is left is room for the first, and the refused one takes nothing back when it ends.
        first.Hold(100);
        second.Dispose();
        using var third = room.Enter();
        Assert.Throws<UploadRefusedException>(() => third.Hold(1));
    }
}
