using Throughline.Engine.Files;
using Throughline.Engine.Signals;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Inspection;

/// <summary>
/// Reads the store of a signal that nobody has open: every checksum of its manifest, its blocks and its log, and what its format checks. Adds up where the bytes go meanwhile. Changes nothing. Used once, by one thread.
/// </summary>
/// <param name="files">The files.</param>
/// <param name="directory">The data directory.</param>
/// <param name="signal">The signal's name.</param>
/// <param name="probe">Its format, if that is known.</param>
/// <param name="findings">Takes what is found.</param>
/// <param name="isThorough">Read every byte of the blocks, too.</param>
internal sealed class SignalInspection(IFileSystem files, string directory, string signal, ISignalProbe? probe, FindingList findings, bool isThorough)
{
    private readonly SignalPaths _paths = new(directory, signal);
    private readonly Dictionary<string, long> _parts = [];
    private readonly List<string> _unreadable = [];
    private long _blockItems;
    private long _blockBytes;
    private long _bytes;
    private long _logItems;

    private string Folder => $"0/{signal}/";

    private string Items => probe?.Items ?? "items";

    /// <summary>Reads all.</summary>
    public SignalSizes Run(CancellationToken cancellationToken)
    {
        var manifest = ReadManifest();
        if (manifest is null) return Sizes(SignalManifest.Empty, null);
        foreach (var block in manifest.Blocks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Read(block, cancellationToken);
        }
        NoteOtherFiles(manifest);
        var log = new LogCheck(files, _paths.Log, Folder + "log/", Items, findings);
        log.Run(manifest.FirstSegment, Decode, cancellationToken);
        return Sizes(manifest, log);
    }

    private SignalSizes Sizes(SignalManifest manifest, LogCheck? log) => new()
    {
        Name = signal,
        ItemsName = Items,
        Blocks = manifest.Blocks.Count,
        Levels = [.. manifest.Blocks.GroupBy(b => b.Level).OrderBy(l => l.Key).Select(l => new SignalLevel(l.Key, l.Count(), l.Sum(b => b.Items), l.Sum(b => b.Bytes)))],
        BlockItems = _blockItems,
        BlockBytes = _blockBytes,
        Parts = [.. _parts.OrderByDescending(p => p.Value).Select(p => new PartSize(p.Key, p.Value))],
        LogRecords = log?.Records ?? 0,
        LogItems = _logItems,
        LogBytes = log?.Bytes ?? 0,
        Bytes = _bytes + (log?.Bytes ?? 0),
        Earliest = manifest.Blocks.Count == 0 ? null : manifest.Blocks.Min(b => b.FirstUnixNano),
        Latest = manifest.Blocks.Count == 0 ? null : manifest.Blocks.Max(b => b.LastUnixNano),
        FirstReceived = manifest.Blocks.Count == 0 ? null : manifest.Blocks.Min(b => b.FirstReceivedUnixNano),
        LastReceived = manifest.Blocks.Count == 0 ? null : manifest.Blocks.Max(b => b.LastReceivedUnixNano),
        Unreadable = _unreadable,
    };

    private SignalManifest? ReadManifest()
    {
        var path = Folder + SignalManifest.FileName;
        var meaning = $"nothing of the {signal} can be used before it is restored from a copy of the directory";
        if (!files.FileExists(_paths.Manifest))
        {
            findings.Damage(path, 0, "a manifest", "no file", meaning);
            return null;
        }
        try
        {
            byte[] bytes;
            using (var file = files.OpenRead(_paths.Manifest))
            {
                bytes = new byte[file.Length];
                file.ReadExactly(0, bytes);
            }
            _bytes += bytes.Length;
            var manifest = SignalManifest.Read(signal, path, bytes);
            // A changed letter in a name that stands for nothing passes the checksum, which is over what the manifest says.
            var expected = manifest.ToBytes(signal);
            if (!bytes.AsSpan().SequenceEqual(expected))
                findings.Damage(path, bytes.AsSpan().CommonPrefixLength(expected), "the bytes that this release writes for what the manifest says", "others", "nothing is lost; the next change of the store writes the file anew");
            return manifest;
        }
        catch (Exception e) when (e is CorruptDataException or IOException or UnauthorizedAccessException)
        {
            findings.Damage(path, e, meaning);
        }
        catch (InvalidDataException e)
        {
            findings.Damage(path, 0, "a format version that this release knows", e.Message, $"this release cannot read the {signal}; the newer one can");
        }
        return null;
    }

    private void Read(SignalBlockEntry entry, CancellationToken cancellationToken)
    {
        var name = _paths.BlockName(entry.Number);
        var meaning = $"some or all of the {entry.Items} {Items} in this block cannot be read";
        try
        {
            using var file = files.OpenRead(_paths.Block(entry.Number));
            _bytes += file.Length;
            if (file.Length != entry.Bytes) findings.Damage(name, Math.Min(file.Length, entry.Bytes), $"a file of {entry.Bytes} bytes", $"{file.Length}", meaning);
            var block = SignalBlockFile.Read(file, name, probe?.Signal);
            if (block.Facts != new SignalBlockFacts(entry.Items, entry.FirstUnixNano, entry.LastUnixNano))
                findings.Damage(name, file.Length, $"{entry.Items} {Items}, as the manifest says", $"{block.Facts.Items}", "this is another block's file");
            Add("digests of requests, trailer", file.Length - block.ContentBytes);
            Measure(block);
            if (isThorough) Verify(block, cancellationToken);
            _blockItems += block.Facts.Items;
            _blockBytes += file.Length;
        }
        catch (Exception e) when (e is CorruptDataException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            findings.Damage(name, e, meaning);
            _unreadable.Add(e.Message.Contains(name, StringComparison.Ordinal) ? e.Message : $"{name}: {e.Message}");
        }
    }

    private void Verify(SignalBlockFile block, CancellationToken cancellationToken)
    {
        // The format first: it names the page.
        if (probe is not null && probe.Verify(block.Content, block.Name, cancellationToken) is var items && items != block.Facts.Items)
            findings.Damage(block.Name, 0, $"{block.Facts.Items} {Items}, as the trailer says", $"{items}", "what is counted without reading the block is wrong");
        block.VerifyContent(cancellationToken);
        block.ReadDigests();
    }

    private void Measure(SignalBlockFile block)
    {
        var left = block.ContentBytes;
        foreach (var (part, bytes) in probe?.Parts(block.Content, block.Name) ?? [])
        {
            Add(part, bytes);
            left -= bytes;
        }
        if (left != 0) Add("other content", left);
    }

    private void Add(string part, long bytes) => System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_parts, part, out _) += bytes;

    private string? Decode(in WalRecord record)
    {
        if (probe is null) return null;
        if (record.Header.Signal != probe.Signal) return $"one of signal {(byte)record.Header.Signal}";
        var problem = probe.Decode(record.Payload.Span, record.Header.Form, out var items);
        _logItems += items;
        return problem;
    }

    private void NoteOtherFiles(SignalManifest manifest)
    {
        var known = manifest.Blocks.Select(b => SignalPaths.BlockFileName(b.Number)).ToHashSet();
        foreach (var name in files.ListFiles(_paths.Blocks).Where(n => !known.Contains(n)))
            findings.Note($"{Folder}blocks/{name}", 0, "files that the manifest names", "another", IsOurs(name) ? "what a crash left: the next opening deletes it" : "the store does not use it");
        foreach (var name in files.ListFiles(_paths.Root).Where(n => n != SignalManifest.FileName))
            findings.Note(Folder + name, 0, $"{SignalManifest.FileName} and nothing else", "another file", IsOurs(name) ? "what a crash left: the next change of the store replaces it" : "the store does not use it");
    }

    private static bool IsOurs(string name) => SignalPaths.BlockNumber(name) is not null || name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal);
}
