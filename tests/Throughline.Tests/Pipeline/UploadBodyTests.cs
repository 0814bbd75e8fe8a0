using Microsoft.AspNetCore.Http;
using Throughline.Pipeline.Backend.Images;

namespace Throughline.Tests.Pipeline;

/// <summary>How much memory an upload takes while it is read.</summary>
public sealed class UploadBodyTests
{
    private const int MegaByte = 1024 * 1024;

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(UploadBody.FirstBytes, true)]
    [InlineData(UploadBody.FirstBytes, false)]
    [InlineData(300_001, true)]
    [InlineData(300_001, false)]
    [InlineData(MegaByte, false)]
    public async Task BodyIsReadWholeWhetherItsLengthIsToldOrNot(int length, bool told)
    {
        var options = new UploadOptions { MaximumBytes = MegaByte };
        var sent = new byte[length];
        new Random(1).NextBytes(sent);
        using var place = new UploadRoom(options).Enter();

        Assert.Equal(sent, await new UploadBody(options).ReadAsync(Request(new MemoryStream(sent), told ? length : null), place, CancellationToken.None));
    }

    [Fact]
    public async Task MemoryGrowsAsTheBytesComeNotAsTheSenderClaims()
    {
        var options = new UploadOptions();
        var body = new Trickle(length: 200_000, piece: 10_000);
        using var place = new UploadRoom(options).Enter();

        var read = await new UploadBody(options).ReadAsync(Request(body, options.MaximumBytes), place, CancellationToken.None);

        Assert.Equal(200_000, read.Length);
        Assert.Equal((0, UploadBody.FirstBytes), body.Offered[0]);
        // Never more than as much again as has come.
        Assert.All(body.Offered, one => Assert.True(one.Room <= Math.Max(UploadBody.FirstBytes, one.Came), $"{one}"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BodyAboveTheLimitIsReadToItsEndAndNotKept(bool told)
    {
        var options = new UploadOptions { MaximumBytes = 1024 };
        var body = new MemoryStream(new byte[100_000]);
        using var place = new UploadRoom(options).Enter();

        var refusal = await Assert.ThrowsAsync<UploadRefusedException>(
            () => new UploadBody(options).ReadAsync(Request(body, told ? body.Length : null), place, CancellationToken.None));

        Assert.Equal((StatusCodes.Status413PayloadTooLarge, body.Length), (refusal.Status, body.Position));
    }

    [Fact]
    public async Task UploadForWhichThereAreNoBytesLeftIsRefusedAndTakesNoneFromTheOthers()
    {
        var options = new UploadOptions { MaximumConcurrentBytes = 100_000 };
        var (room, body) = (new UploadRoom(options), new UploadBody(options));
        using (var first = room.Enter())
        {
            // It is alone, and may have as many as it needs.
            Assert.Equal(MegaByte, (await body.ReadAsync(Request(new MemoryStream(new byte[MegaByte]), null), first, CancellationToken.None)).Length);
            using var second = room.Enter();
            var sent = new MemoryStream(new byte[1000]);
            var refusal = await Assert.ThrowsAsync<UploadRefusedException>(() => body.ReadAsync(Request(sent, 1000), second, CancellationToken.None));
            Assert.Equal((StatusCodes.Status503ServiceUnavailable, "overloaded", sent.Length), (refusal.Status, refusal.ErrorType, sent.Position));
        }

        using var third = room.Enter();
        using var fourth = room.Enter();
        foreach (var place in new[] { third, fourth })
            Assert.Equal(50_000, (await body.ReadAsync(Request(new MemoryStream(new byte[50_000]), 50_000), place, CancellationToken.None)).Length);
    }

    private static HttpRequest Request(Stream body, long? length) => new DefaultHttpContext { Request = { Body = body, ContentLength = length } }.Request;

    /// <summary>A body that comes in pieces, and remembers how much had come before each and how much room there was for it.</summary>
    private sealed class Trickle(int length, int piece) : MemoryStream
    {
        private int _came;

        public List<(int Came, int Room)> Offered { get; } = [];

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Offered.Add((_came, buffer.Length));
            var read = Math.Min(Math.Min(piece, buffer.Length), length - _came);
            _came += read;
            return ValueTask.FromResult(read);
        }
    }
}
