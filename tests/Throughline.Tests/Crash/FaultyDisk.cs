using Throughline.Tests.Files;

namespace Throughline.Tests.Crash;

/// <summary>What is wrong with a disk for a while.</summary>
internal enum DiskFault
{
    None,

    /// <summary>The power goes at some operation.</summary>
    PowerCut,

    /// <summary>Any operation fails now and then.</summary>
    Errors,

    /// <summary>Syncs of files and of directories fail often.</summary>
    FailingSyncs,

    /// <summary>Appends fail often, with a part of their bytes written.</summary>
    TornAppends,

    /// <summary>There is little room left, and then none, until some is made.</summary>
    FullDisk,
}

/// <summary>
/// Lets a file system in memory fail in one way, by a seed. Whether an operation fails is decided by its path and by how often that was asked for before, so that it does not depend on how the threads
/// of a store take turns. Thread safe.
/// </summary>
internal sealed class FaultyDisk
{
    /// <summary>Operations after which whoever waits in one step is told to give up: the store itself tries for ever.</summary>
    private const int MostOperationsInAStep = 600;

    private readonly Lock _gate = new();
    private readonly MemoryFileSystem _files;
    private readonly DiskFault _fault;
    private readonly int _seed;
    private readonly Dictionary<(FileOperation, string), int> _asked = [];
    private CancellationTokenSource _patience = new();
    private int _cutIn;
    private int _inStep;

    /// <summary>Begins to fail.</summary>
    public FaultyDisk(MemoryFileSystem files, DiskFault fault, int seed)
    {
        (_files, _fault, _seed) = (files, fault, seed);
        var random = new Random(seed);
        _cutIn = fault == DiskFault.PowerCut ? random.Next(1, 220) : int.MaxValue;
        if (fault == DiskFault.FullDisk) files.Capacity = files.UsedBytes + random.Next(0, 8_000);
        files.Before = Before;
    }

    /// <summary>Operations that were refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Ends when the power goes, or when the step takes too many operations.</summary>
    public CancellationToken Patience
    {
        get
        {
            lock (_gate) return _patience.Token;
        }
    }

    /// <summary>Another step begins.</summary>
    public void BeginStep()
    {
        lock (_gate)
        {
            _inStep = 0;
            if (_patience.IsCancellationRequested && !_files.IsStopped) _patience = new CancellationTokenSource();
        }
    }

    /// <summary>Makes room on a disk that is full.</summary>
    public void MakeRoom() => _files.Capacity = long.MaxValue;

    /// <summary>Fails no more.</summary>
    public void End()
    {
        _files.Before = null;
        MakeRoom();
    }

    private void Before(FileOperation operation, string path)
    {
        CancellationTokenSource? over = null;
        double? share;
        lock (_gate)
        {
            if (--_cutIn == 0) _files.Stop();
            if (_cutIn == 0 || ++_inStep == MostOperationsInAStep) over = _patience;
            share = Fails(operation, path);
            if (share is not null) Refused++;
        }
        over?.Cancel();
        if (share is { } written) throw new TornAppendException(written, $"Input/output error: {operation} of '{path}'");
    }

    /// <summary>Null when the operation does not fail; else the share of an append that is written all the same.</summary>
    private double? Fails(FileOperation operation, string path)
    {
        _asked.TryGetValue((operation, path), out var asked);
        _asked[(operation, path)] = asked + 1;
        // Stable from run to run, as string.GetHashCode is not.
        var hash = System.IO.Hashing.XxHash3.HashToUInt64(System.Text.Encoding.UTF8.GetBytes($"{_seed} {operation} {path} {asked}"));
        var (first, second) = ((hash & 0xFFFF) / 65_536.0, (hash >> 16 & 0xFFFF) / 65_536.0);
        return _fault switch
        {
            DiskFault.Errors when first < 0.04 => 0,
            DiskFault.FailingSyncs when first < 0.15 && operation is (FileOperation.Sync or FileOperation.SyncDirectory) => 0,
            DiskFault.TornAppends when first < 0.15 && operation is FileOperation.Append => second,
            _ => null,
        };
    }
}
