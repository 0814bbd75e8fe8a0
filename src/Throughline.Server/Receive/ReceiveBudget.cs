using Throughline.Server.Configuration;

namespace Throughline.Server.Receive;

/// <summary>How many requests, and how many bytes of them, may be under way at once over both protocols. Thread safe.</summary>
public sealed class ReceiveBudget(ReceiveLimits limits)
{
    private int _requests;
    private long _bytes;

    /// <summary>Begins a request; null when there are too many. Disposing what it answers ends it.</summary>
    public RequestShare? TryBegin()
    {
        if (Interlocked.Increment(ref _requests) <= limits.MaxConcurrentRequests) return new RequestShare(this);
        Interlocked.Decrement(ref _requests);
        return null;
    }

    private bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) <= limits.MaxBytesInFlight) return true;
        Interlocked.Add(ref _bytes, -bytes);
        return false;
    }

    /// <summary>One request's part of the budget. Not thread safe.</summary>
    public sealed class RequestShare(ReceiveBudget budget) : IDisposable
    {
        private long _taken;
        private bool _ended;

        /// <summary>Takes bytes for the rest of the request; false when there are none left.</summary>
        public bool TryTake(long bytes)
        {
            if (!budget.TryTake(bytes)) return false;
            _taken += bytes;
            return true;
        }

        /// <summary>Gives bytes back before the request's end: they are not in memory any more.</summary>
        public void GiveBack(long bytes)
        {
            _taken -= bytes;
            Interlocked.Add(ref budget._bytes, -bytes);
        }

        /// <summary>Gives everything back.</summary>
        public void Dispose()
        {
            if (_ended) return;
            _ended = true;
            Interlocked.Add(ref budget._bytes, -_taken);
            Interlocked.Decrement(ref budget._requests);
        }
    }
}
