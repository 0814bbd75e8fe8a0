using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Profiles;
using Throughline.Engine.Profiles.Blocks;
using Throughline.Tests.Files;

namespace Throughline.Tests.Profiles;

/// <summary>Writes blocks of profiles into memory and opens them.</summary>
internal static class ProfileBlocks
{
    public static ProfileBlock Write(IReadOnlyList<IProfileSource> sources, MemoryFileSystem? files = null, string path = "/p/block", long cacheBytes = 1 << 24)
    {
        files ??= new MemoryFileSystem();
        files.CreateDirectory("/p");
        using (var file = files.CreateFile(path))
        {
            var facts = ProfileBlockWriter.Write(sources, file, CancellationToken.None);
            Assert.Equal(sources.Sum(s => s.Windows.Length), facts.Windows);
            file.Sync();
        }
        return ProfileBlock.Open(files.OpenRead(path), "block", new PageCache(cacheBytes));
    }

    /// <summary>The file's bytes.</summary>
    public static byte[] Bytes(IFileSystem files, string path)
    {
        using var file = files.OpenRead(path);
        var bytes = new byte[file.Length];
        file.ReadExactly(0, bytes);
        return bytes;
    }
}
