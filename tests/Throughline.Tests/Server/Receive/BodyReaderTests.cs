using Throughline.Server.Configuration;
using Throughline.Server.Receive;

namespace Throughline.Tests.Server.Receive;

public sealed class BodyReaderTests
{
    private static readonly ReceiveLimits Limits = new() { MaxBodyBytes = 50_000, MaxExpandedBodyBytes = 100_000 };

    private static async Task<(BodyStatus Status, byte[] Bytes)> ReadAsync(byte[] body, ContentCoding coding, ReceiveLimits? limits = null)
    {
        limits ??= Limits;
        using var share = new ReceiveBudget(limits).TryBegin();
        Assert.NotNull(share);
        using var buffer = new PooledBuffer();
        var status = await new BodyReader(limits).ReadAsync(new TrickleStream(body), null, coding, buffer, share, CancellationToken.None);
        return (status, buffer.Written.ToArray());
    }

    [Theory]
    [InlineData(ContentCoding.Identity)]
    [InlineData(ContentCoding.Gzip)]
    [InlineData(ContentCoding.Deflate)]
    public async Task ABodyComesOutAsItWentIn(ContentCoding coding)
    {
        foreach (var length in new[] { 0, 1, 4095, 4096, 4097, 40_000 })
        {
            var body = new byte[length];
            new Random(7).NextBytes(body);
            var (status, bytes) = await ReadAsync(Encoded(body, coding), coding);
            Assert.Equal(BodyStatus.Read, status);
            Assert.Equal(body, bytes);
        }
    }

    [Theory]
    [InlineData(ContentCoding.Gzip)]
    [InlineData(ContentCoding.Deflate)]
    public async Task EveryTruePrefixOfACompressedBodyIsCorrupt(ContentCoding coding)
    {
        // A prefix that passed would be a request of which a part is silently missing.
        var encoded = Encoded(Export.Protobuf(Export.OneSpan(1)), coding);
        for (var length = 1; length < encoded.Length; length++)
            Assert.True((await ReadAsync(encoded[..length], coding)).Status == BodyStatus.Corrupt, $"{length} of {encoded.Length} bytes");
    }

    [Fact]
    public async Task AFlippedBitInACompressedBodyIsCorruptOrChangesNothing()
    {
        var body = Export.Protobuf(Export.OneSpan(1));
        var encoded = Export.Gzip(body);
        for (var bit = 0; bit < encoded.Length * 8; bit++)
        {
            var flipped = encoded.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            var (status, bytes) = await ReadAsync(flipped, ContentCoding.Gzip);
            // The header has bits that mean nothing to the data (time, system).
            Assert.True(status == BodyStatus.Corrupt || bytes.AsSpan().SequenceEqual(body), $"bit {bit}: {status}");
        }
    }

    [Fact]
    public async Task SeveralGzipMembersAreOneBody()
    {
        var (status, bytes) = await ReadAsync([.. Export.Gzip("ab"u8), .. Export.Gzip("cd"u8)], ContentCoding.Gzip);
        Assert.Equal(BodyStatus.Read, status);
        Assert.Equal("abcd"u8.ToArray(), bytes);
    }

    [Fact]
    public async Task TheLimitsHoldToTheByte()
    {
        Assert.Equal(BodyStatus.Read, (await ReadAsync(new byte[50_000], ContentCoding.Identity)).Status);
        Assert.Equal(BodyStatus.TooLarge, (await ReadAsync(new byte[50_001], ContentCoding.Identity)).Status);
        Assert.Equal(BodyStatus.Read, (await ReadAsync(Export.Gzip(new byte[100_000]), ContentCoding.Gzip)).Status);
        Assert.Equal(BodyStatus.TooLargeExpanded, (await ReadAsync(Export.Gzip(new byte[100_001]), ContentCoding.Gzip)).Status);
        var noise = new byte[60_000];
        new Random(7).NextBytes(noise);
        Assert.Equal(BodyStatus.TooLarge, (await ReadAsync(Export.Gzip(noise), ContentCoding.Gzip)).Status);
    }

    [Fact]
    public async Task InflatingStopsAtTheLimit()
    {
        var bomb = Export.Bomb(64);
        var source = new TrickleStream(bomb);
        using var share = new ReceiveBudget(Limits).TryBegin();
        Assert.NotNull(share);
        using var buffer = new PooledBuffer();
        var limits = Limits with { MaxBodyBytes = bomb.Length };
        var status = await new BodyReader(limits).ReadAsync(source, null, ContentCoding.Gzip, buffer, share, CancellationToken.None);
        Assert.Equal(BodyStatus.TooLargeExpanded, status);
        Assert.Equal(limits.MaxExpandedBodyBytes + 1, buffer.Length);
        // What was read of the bomb is about its part of the limit, rounded up to the decompressor's buffer.
        Assert.InRange(source.Consumed, 1, bomb.Length / 4);
    }

    [Fact]
    public async Task WhatARequestTookOfTheBudgetIsGivenBack()
    {
        var budget = new ReceiveBudget(Limits with { MaxBytesInFlight = 200_000, MaxConcurrentRequests = 1 });
        for (var i = 0; i < 10; i++)
        {
            using var share = budget.TryBegin();
            Assert.NotNull(share);
            Assert.Null(budget.TryBegin());
            using var buffer = new PooledBuffer();
            var status = await new BodyReader(Limits).ReadAsync(new MemoryStream(new byte[40_000]), 40_000, ContentCoding.Identity, buffer, share, CancellationToken.None);
            Assert.Equal(BodyStatus.Read, status);
        }
    }

    private static byte[] Encoded(byte[] body, ContentCoding coding) => coding switch
    {
        ContentCoding.Gzip => Export.Gzip(body),
        ContentCoding.Deflate => Export.Deflate(body),
        _ => body,
    };

    /// <summary>Gives its bytes in pieces of odd sizes, as a network does.</summary>
    private sealed class TrickleStream(byte[] bytes) : Stream
    {
        private int _next;
        private int _reads;

        /// <summary>Bytes that were asked for and given.</summary>
        internal int Consumed => _next;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(Math.Min(buffer.Length, bytes.Length - _next), 1 + (_reads++ * 37 % 5000));
            bytes.AsSpan(_next, count).CopyTo(buffer);
            _next += count;
            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
