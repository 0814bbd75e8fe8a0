using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Server.Configuration;

namespace Throughline.Server.Health;

/// <summary>
/// Looks at disk and memory once a second. Below the free bytes that are to stay, nothing more is taken in, so that blocks can still be written and merged; above the memory that the process may take,
/// senders are told to come again. One per server, which ends it; thread safe.
/// </summary>
public sealed class HealthWatch : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    /// <summary>How often the collector is asked to give memory back, which takes it some hundred milliseconds.</summary>
    private static readonly TimeSpan s_collectEvery = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_diskRetry = TimeSpan.FromSeconds(10);

    /// <summary>A store that failed is tried again by its senders within seconds; when nobody has for as long, nobody knows whether it still would.</summary>
    private static readonly TimeSpan s_failureHolds = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan s_memoryRetry = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();

    /// <summary>Guards the failures alone: who stores something must not wait for a look, which asks the disk and may collect.</summary>
    private readonly Lock _failing = new();

    private readonly ReceiveLimits _limits;
    private readonly string _directory;
    private readonly IFileSystem _files;
    private readonly TimeProvider _time;
    private readonly Func<long> _memory;
    private readonly ITimer _timer;
    private long? _collectedAt;
    private readonly Failure?[] _failures = new Failure?[Enum.GetValues<SignalKind>().Length];
    private volatile HealthState _state = new(null, null, 0, false);

    /// <summary>Begins to look. <paramref name="memory"/> tells the memory of the process.</summary>
    public HealthWatch(ReceiveLimits limits, string directory, IFileSystem files, TimeProvider time, Func<long> memory)
    {
        (_limits, _directory, _files, _time, _memory) = (limits, directory, files, time, memory);
        Look();
        _timer = time.CreateTimer(_ => Look(), null, s_interval, s_interval);
    }

    /// <summary>What was found last.</summary>
    public HealthState State
    {
        get
        {
            var state = _state;
            return state.ReadOnly is null && Failed() is { } failure ? state with { ReadOnly = failure } : state;
        }
    }

    /// <summary>
    /// Why senders are refused before their requests are read; null when they are not. A disk that failed is not among the reasons: whether it does again is known only when it is tried.
    /// </summary>
    public AdmissionRefusal? Refusal
    {
        get
        {
            var state = _state;
            if (state.ReadOnly is { } readOnly) return new AdmissionRefusal(false, readOnly.Message, s_diskRetry);
            return state.IsMemoryFull
                ? new AdmissionRefusal(true, $"The server takes {state.MemoryBytes >> 20} MB of memory, more than the {_limits.MaxMemoryBytes >> 20} MB that it may (--max-memory-bytes). Try again.", s_memoryRetry)
                : null;
        }
    }

    /// <summary>The store of a signal could not write.</summary>
    public void StoreFailed(SignalKind signal, string message)
    {
        lock (_failing) _failures[(int)signal] = new Failure(signal, message.TrimEnd('.'), _failures[(int)signal]?.SinceUnixNano ?? Now(), _time.GetTimestamp());
    }

    /// <summary>It has written; what others could not holds on.</summary>
    public void StoreTook(SignalKind signal)
    {
        if (Volatile.Read(ref _failures[(int)signal]) is null) return;
        lock (_failing) _failures[(int)signal] = null;
    }

    private ReadOnlyState? Failed()
    {
        var present = new List<Failure>();
        lock (_failing)
        {
            foreach (var failure in _failures)
            {
                if (failure is not null && _time.GetElapsedTime(failure.At) <= s_failureHolds) present.Add(failure);
            }
        }
        if (present.Count == 0) return null;
        var stores = string.Join(" and ", present.Select(static f => SignalNames.Of(f.Signal)));
        var why = string.Join("; ", present.Select(static f => f.Message).Distinct());
        return new ReadOnlyState("disk_failed", $"The store of {stores} cannot write: {why}. What is stored is served.", present.Min(static f => f.SinceUnixNano));
    }

    /// <summary>Stops looking.</summary>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        // A collection may take longer than the interval; looks that come meanwhile are not made up for.
        if (!_gate.TryEnter()) return;
        try
        {
            var (free, memory) = (FreeBytes(), _memory());
            var isFull = _limits.MaxMemoryBytes > 0 && memory > _limits.MaxMemoryBytes;
            if (isFull && (_collectedAt is not { } last || _time.GetElapsedTime(last) >= s_collectEvery))
            {
                // What the last load has left need not be in use: only what is left after a collection counts.
                _collectedAt = _time.GetTimestamp();
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                memory = _memory();
                isFull = memory > _limits.MaxMemoryBytes;
            }
            _state = new HealthState(Disk(free), free, memory, isFull);
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Once full, a quarter more has to be free before anything is taken in again, so that it does not go back and forth.</summary>
    private ReadOnlyState? Disk(long? free)
    {
        var present = _state.ReadOnly;
        var again = _limits.MinFreeBytes + (_limits.MinFreeBytes / 4);
        if (free is not { } bytes || bytes >= (present is null ? _limits.MinFreeBytes : again)) return null;
        return new ReadOnlyState("disk_full",
            $"The disk of {_directory} has {bytes >> 20} MB left; {_limits.MinFreeBytes >> 20} MB are to stay free (--min-free-bytes), and nothing is taken in until {again >> 20} MB are. Make room, or shorten --retention. What is stored is served.",
            present?.SinceUnixNano ?? Now());
    }

    private long? FreeBytes()
    {
        try
        {
            return _files.FreeBytes(_directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that does not say how full it is may be written for all that.
            return null;
        }
    }

    private ulong Now() => (ulong)(_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>A store that could not write: since when, and when it last could not.</summary>
    private sealed record Failure(SignalKind Signal, string Message, ulong SinceUnixNano, long At);
}
