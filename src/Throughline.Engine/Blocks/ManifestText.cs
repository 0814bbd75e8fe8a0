using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks;

/// <summary>The manifest as JSON with a checksum over what it says (docs/format/manifest.md). Reads versions 0 and 1, writes version 1.</summary>
internal static class ManifestText
{
    private const int FormatVersion = 1;
    private const int CarriedBytes = 24;

    private sealed record Document(int Version, string Checksum, Content? Content);

    private sealed record Content(long FirstSegment, long CutSegment, long NextBlock, ulong HiddenBeforeUnixNano, IReadOnlyList<ManifestBlock>? Blocks, byte[]? Carried,
        IReadOnlyList<string>? Pinned);

    /// <summary>Version 0 knew of its blocks only their numbers.</summary>
    private sealed record DocumentVersion0(string Checksum, long FirstSegment, long NextBlock, IReadOnlyList<long>? Blocks);

    /// <summary>The manifest's bytes.</summary>
    public static byte[] Write(Manifest manifest)
    {
        var carried = new byte[manifest.Carried.Count * CarriedBytes];
        for (var i = 0; i < manifest.Carried.Count; i++)
        {
            manifest.Carried[i].Id.CopyTo(carried.AsSpan(i * CarriedBytes));
            BinaryPrimitives.WriteInt64LittleEndian(carried.AsSpan(i * CarriedBytes + TraceId.SizeBytes), manifest.Carried[i].FromSegment);
        }
        var content = new Content(manifest.FirstSegment, manifest.CutSegment, manifest.NextBlock, manifest.HiddenBeforeUnixNano, manifest.Blocks, carried,
            [.. manifest.Pinned.Select(p => p.ToString())]);
        return JsonSerializer.SerializeToUtf8Bytes(new Document(FormatVersion, Checksum(content), content));
    }

    /// <summary>Reads the bytes of the file at <paramref name="path"/>.</summary>
    /// <exception cref="CorruptDataException">They are not what was written.</exception>
    /// <exception cref="InvalidDataException">A newer release wrote them.</exception>
    public static Manifest Read(string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var document = JsonSerializer.Deserialize<Document>(bytes);
            if (document?.Version > FormatVersion)
                throw new InvalidDataException($"{path} has format version {document.Version}, written by a newer release; this one knows {FormatVersion}. Start the newer release.");
            if (document is { Version: 0 } && JsonSerializer.Deserialize<DocumentVersion0>(bytes) is { Blocks: { } numbers } old) return ReadVersion0(path, old, numbers);
            if (document is not { Version: FormatVersion, Content: { Blocks: not null, Carried: not null, Pinned: not null } content }) throw new CorruptDataException(path, 0, "a manifest", "one without its content");
            if (Checksum(content) != document.Checksum) throw new CorruptDataException(path, 0, $"checksum {document.Checksum}", Checksum(content));
            return Decode(path, content);
        }
        catch (JsonException e)
        {
            throw new CorruptDataException(path, e.BytePositionInLine ?? 0, "a manifest", e.Message.ReplaceLineEndings(" "));
        }
    }

    private static Manifest Decode(string path, Content content)
    {
        var carried = new CarriedTrace[content.Carried!.Length / CarriedBytes];
        for (var i = 0; i < carried.Length; i++)
        {
            var entry = content.Carried.AsSpan(i * CarriedBytes, CarriedBytes);
            carried[i] = new CarriedTrace(TraceId.FromBytes(entry), BinaryPrimitives.ReadInt64LittleEndian(entry[TraceId.SizeBytes..]));
        }
        var pinned = new List<TraceId>();
        foreach (var text in content.Pinned!)
        {
            if (!TraceId.TryParse(text, out var id)) throw new CorruptDataException(path, 0, "ids of pinned traces", text);
            pinned.Add(id);
        }
        return new Manifest
        {
            FirstSegment = content.FirstSegment,
            CutSegment = content.CutSegment,
            NextBlock = content.NextBlock,
            HiddenBeforeUnixNano = content.HiddenBeforeUnixNano,
            Blocks = content.Blocks!,
            Carried = carried,
            Pinned = pinned,
        };
    }

    private static Manifest ReadVersion0(string path, DocumentVersion0 document, IReadOnlyList<long> numbers)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{document.FirstSegment};{document.NextBlock};{string.Join(',', numbers)}");
        var checksum = Hash(Encoding.ASCII.GetBytes(text));
        if (checksum != document.Checksum) throw new CorruptDataException(path, 0, $"checksum {document.Checksum}", checksum);
        return new Manifest
        {
            FirstSegment = document.FirstSegment,
            CutSegment = document.FirstSegment,
            NextBlock = document.NextBlock,
            Blocks = [.. numbers.Select(ManifestBlock.Unknown)],
        };
    }

    /// <summary>Over the content as this code writes it: what means the same has the same checksum.</summary>
    private static string Checksum(Content content) => Hash(JsonSerializer.SerializeToUtf8Bytes(content));

    private static string Hash(ReadOnlySpan<byte> bytes) => XxHash3.HashToUInt64(bytes).ToString("x16", CultureInfo.InvariantCulture);
}
