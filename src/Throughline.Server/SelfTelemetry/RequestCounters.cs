using System.Collections.Concurrent;

namespace Throughline.Server.SelfTelemetry;

/// <summary>How often the query APIs were asked and how long they took, by route and status, for /metrics. Bounded by the routes that there are. One per server; thread safe.</summary>
public sealed class RequestCounters(TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Route, int Status), Row> _rows = new();
    private int _underWay;

    /// <summary>Requests that are being answered.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    /// <summary>Counts one request around what answers it; stands behind the routing, whose route it reads.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if ((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is not { } route || !route.StartsWith("/api/", StringComparison.Ordinal))
        {
            await next(context);
            return;
        }
        var started = time.GetTimestamp();
        var status = 0;
        Interlocked.Increment(ref _underWay);
        try
        {
            await next(context);
            status = context.Response.StatusCode;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            status = 499;
            throw;
        }
        catch
        {
            status = StatusCodes.Status500InternalServerError;
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
            _rows.GetOrAdd((route, status), static key => new Row(key.Route, key.Status)).Add((ulong)time.GetElapsedTime(started).Ticks * 100);
        }
    }

    /// <summary>The figures so far, by route and status.</summary>
    public IReadOnlyList<RequestFigures> Read() => [.. _rows.Values.Select(static row => row.Read()).OrderBy(static r => r.Route, StringComparer.Ordinal).ThenBy(static r => r.Status)];

    private sealed class Row(string route, int status)
    {
        private readonly Lock _lock = new();
        private readonly long[] _counts = new long[RedBuckets.Count];
        private double _seconds;

        public void Add(ulong nano)
        {
            lock (_lock)
            {
                _counts[RedBuckets.Of(nano)]++;
                _seconds += nano / 1e9;
            }
        }

        public RequestFigures Read()
        {
            lock (_lock)
            {
                return new RequestFigures(route, status, [.. _counts], _seconds);
            }
        }
    }
}

/// <summary>The requests of one route that were answered with one status; 499 when the caller had gone. Immutable.</summary>
/// <param name="Counts">Requests by bucket of <see cref="RedBuckets"/>, each counted once.</param>
public sealed record RequestFigures(string Route, int Status, long[] Counts, double Seconds);
