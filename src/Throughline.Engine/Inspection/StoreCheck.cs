using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Blocks.Version0;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Signals;

namespace Throughline.Engine.Inspection;

/// <summary>
/// Reads every byte of a store that nobody has open and says what is wrong: each checksum of the manifest, the blocks and the log, every row, and whether ids, filters, tables and summaries agree
/// with the rows. Changes nothing. Its memory is that of one row group of a block.
/// </summary>
public sealed class StoreCheck
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly StorePaths _paths;
    private readonly IReadOnlyList<ISignalProbe> _probes;
    private readonly FindingList _findings = new();
    private long _blockSpans;
    private long _bytes;

    private StoreCheck(IFileSystem files, string directory, IReadOnlyList<ISignalProbe> probes)
    {
        _files = files;
        _directory = directory;
        _paths = new StorePaths(directory);
        _probes = probes;
    }

    /// <summary>Checks the stores in a directory, the traces and the other signals. Holds its lock meanwhile.</summary>
    /// <exception cref="StoreOpenException">The directory holds no store, or a server has it open.</exception>
    public static StoreCheckReport Run(string directory, IFileSystem files, CancellationToken cancellationToken) => Run(directory, files, SignalProbes.All, cancellationToken);

    /// <summary>The same with other signals than this release has.</summary>
    internal static StoreCheckReport Run(string directory, IFileSystem files, IReadOnlyList<ISignalProbe> probes, CancellationToken cancellationToken)
    {
        using var held = StoreLock.Take(directory, files);
        var check = new StoreCheck(files, directory, probes);
        var report = check.RunTraces(cancellationToken);
        var signals = check.RunSignals(cancellationToken);
        return report with { Findings = check._findings.All, Signals = signals, Bytes = report.Bytes + signals.Sum(s => s.Bytes) };
    }

    private List<SignalSizes> RunSignals(CancellationToken cancellationToken)
    {
        var sizes = new List<SignalSizes>();
        foreach (var signal in DirectoryOwner.Signals.Where(s => s != "traces" && DirectoryOwner.HoldsStore(_files, _directory, s)))
            sizes.Add(new SignalInspection(_files, _directory, signal, _probes.FirstOrDefault(p => p.Name == signal), _findings, isThorough: true).Run(cancellationToken));
        return sizes;
    }

    private StoreCheckReport RunTraces(CancellationToken cancellationToken)
    {
        if (ReadManifest() is not { } manifest) return new StoreCheckReport(_findings.All, 0, 0, 0, 0, _bytes);
        foreach (var block in manifest.Blocks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Check(block, cancellationToken);
        }
        NoteOtherFiles(manifest);
        var log = new TraceLogCheck(_files, _paths, _findings);
        log.Run(manifest, cancellationToken);
        return new StoreCheckReport(_findings.All, manifest.Blocks.Count, _blockSpans, log.Records, log.Spans, _bytes + log.Bytes);
    }

    private Manifest? ReadManifest()
    {
        const string path = "0/traces/" + Manifest.FileName;
        const string meaning = "nothing of the store can be used before it is restored from a copy of the directory";
        if (!_files.FileExists(Path.Combine(_paths.Root, Manifest.FileName)))
        {
            _findings.Damage(path, 0, "a manifest", "no file", meaning);
            return null;
        }
        try
        {
            byte[] bytes;
            using (var file = _files.OpenRead(Path.Combine(_paths.Root, Manifest.FileName)))
            {
                bytes = new byte[file.Length];
                file.ReadExactly(0, bytes);
            }
            _bytes += bytes.Length;
            var manifest = ManifestText.Read(path, bytes);
            CompareBytes(path, bytes, manifest);
            return manifest;
        }
        catch (Exception e) when (e is CorruptDataException or IOException or UnauthorizedAccessException)
        {
            _findings.Damage(path, e, meaning);
        }
        catch (InvalidDataException e)
        {
            _findings.Damage(path, 0, "a format version that this release knows", e.Message, "this release cannot read the store; the newer one can");
        }
        return null;
    }

    /// <summary>A changed letter in a name that stands for nothing passes the checksum, which is over what the manifest says.</summary>
    private void CompareBytes(string path, byte[] bytes, Manifest manifest)
    {
        if (manifest.Blocks.Any(b => !b.IsKnown)) return;
        var expected = ManifestText.Write(manifest);
        if (bytes.AsSpan().SequenceEqual(expected)) return;
        var same = bytes.AsSpan().CommonPrefixLength(expected);
        _findings.Damage(path, same, "the bytes that this release writes for what the manifest says", "others", "nothing is lost; the next change of the store writes the file anew");
    }

    private void Check(ManifestBlock block, CancellationToken cancellationToken)
    {
        var name = "0/traces/blocks/" + Manifest.BlockFileName(block.Number);
        var meaning = block.IsKnown ? $"the {block.Spans} spans of {block.Traces} traces in this block cannot be read" : "no span of this block can be read";
        try
        {
            using (var file = _files.OpenRead(_paths.Block(block.Number)))
            {
                _bytes += file.Length;
                if (block.IsKnown && file.Length != block.Bytes) _findings.Damage(name, Math.Min(file.Length, block.Bytes), $"a file of {block.Bytes} bytes", $"{file.Length}", meaning);
                if (Blocks.Format.BlockFooter.ReadVersion(file, name) == 0)
                {
                    CheckOld(block, name, meaning, cancellationToken);
                    return;
                }
            }
            using var opened = BlockFile.Open(_files, _paths.Block(block.Number), name);
            if (block.IsKnown && (opened.Footer.Spans, opened.Footer.Traces) != (block.Spans, block.Traces))
                _findings.Damage(name, opened.SizeBytes, $"{block.Spans} spans of {block.Traces} traces, as the manifest says", $"{opened.Footer.Spans} spans of {opened.Footer.Traces}", "this is another block's file");
            _blockSpans += new BlockCheck(opened, _findings).Run(cancellationToken);
        }
        catch (Exception e) when (e is CorruptDataException or IOException or UnauthorizedAccessException)
        {
            _findings.Damage(name, e, meaning);
        }
    }

    private void CheckOld(ManifestBlock block, string name, string meaning, CancellationToken cancellationToken)
    {
        _findings.Note(name, 8, $"format version {Blocks.Format.BlockFooter.FormatVersion}", "version 0", "the next opening of the store rewrites the block");
        try
        {
            using var old = OldBlock.Open(_files, _paths.Block(block.Number), name);
            old.ReadDigests();
            for (var group = 0; group < old.RowGroups; group++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _blockSpans += old.ReadRowGroup(group, out _).RowCount;
            }
        }
        catch (CorruptDataException e)
        {
            _findings.Damage(name, e, meaning);
        }
    }

    private void NoteOtherFiles(Manifest manifest)
    {
        var known = manifest.Blocks.Select(b => Manifest.BlockFileName(b.Number)).ToHashSet();
        foreach (var name in _files.ListFiles(_paths.Blocks).Where(n => !known.Contains(n)))
            _findings.Note("0/traces/blocks/" + name, 0, "files that the manifest names", "another", IsOurs(name) ? "what a crash left: the next opening deletes it" : "the store does not use it");
        foreach (var name in _files.ListFiles(_paths.Root).Where(n => n != Manifest.FileName))
            _findings.Note("0/traces/" + name, 0, $"{Manifest.FileName} and nothing else", "another file", IsOurs(name) ? "what a crash left: the next change of the store replaces it" : "the store does not use it");
    }

    private static bool IsOurs(string name) => name.EndsWith(Manifest.BlockSuffix, StringComparison.Ordinal) || name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal);
}
