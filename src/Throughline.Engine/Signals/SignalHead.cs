using Throughline.Engine.Blocks.Format;

namespace Throughline.Engine.Signals;

/// <summary>
/// A head with what the store knows of it: the requests in it, when they were received, how much it is. Written under the lock of <see cref="SignalContent{TBatch, THead, TView, TBlock}"/>; <see cref="Size"/> may be
/// read by anyone, the rest once the head is frozen.
/// </summary>
internal sealed class SignalHead<THead>(THead content, ulong beganUnixNano)
    where THead : class
{
    private readonly List<RequestDigest> _digests = [];
    private volatile SignalHeadSize _size = SignalHeadSize.Empty;

    /// <summary>The items.</summary>
    public THead Content { get; } = content;

    /// <summary>When it was begun.</summary>
    public ulong BeganUnixNano { get; } = beganUnixNano;

    /// <summary>How much it holds.</summary>
    public SignalHeadSize Size
    {
        get => _size;
        set => _size = value;
    }

    /// <summary>The requests in it.</summary>
    public IReadOnlyCollection<RequestDigest> Digests => _digests;

    /// <summary>True when no request is in it.</summary>
    public bool IsEmpty => _digests.Count == 0;

    /// <summary>When the first request of it was received.</summary>
    public ulong FirstReceivedUnixNano { get; private set; } = ulong.MaxValue;

    /// <summary>When the last request of it was received.</summary>
    public ulong LastReceivedUnixNano { get; private set; }

    /// <summary>A request is in it.</summary>
    public void Remember(in RequestDigest request)
    {
        _digests.Add(request);
        FirstReceivedUnixNano = Math.Min(FirstReceivedUnixNano, request.ReceivedUnixNano);
        LastReceivedUnixNano = Math.Max(LastReceivedUnixNano, request.ReceivedUnixNano);
    }
}

/// <summary>A head that takes no more items; its records lie in log segments below <paramref name="EndSegment"/>. Immutable.</summary>
internal sealed record FrozenSignalHead<THead>(SignalHead<THead> Head, long EndSegment)
    where THead : class;
