using System.Text;
using Throughline.Engine.Files;

namespace Throughline.Tests.Files;

/// <summary>What every <see cref="IFileSystem"/> does.</summary>
public abstract class FileSystemContract
{
    private protected abstract IFileSystem Files { get; }

    /// <summary>An existing directory of this test's own.</summary>
    private protected abstract string Root { get; }

    [Fact]
    public void AppendedBuffersAreReadBackInOrder()
    {
        using (var file = Files.CreateFile(At("a")))
        {
            file.Append([Bytes("one "), Bytes(""), Bytes("two ")]);
            file.Append([Bytes("three")]);
            file.Sync();
            Assert.Equal(13, file.Length);
        }
        Assert.Equal("one two three", Read("a"));
    }

    [Fact]
    public void ThousandsOfBuffersAreOneAppend()
    {
        var buffers = Enumerable.Range(0, 5_000).Select(i => Bytes($"{i},")).ToList();
        using (var file = Files.CreateFile(At("a")))
            file.Append(buffers);
        Assert.Equal(string.Concat(Enumerable.Range(0, 5_000).Select(i => $"{i},")), Read("a"));
    }

    [Fact]
    public void ReadingBeyondTheEndThrows()
    {
        Write("a", "12345");
        using var file = Files.OpenRead(At("a"));
        var buffer = new byte[3];
        file.ReadExactly(2, buffer);
        Assert.Equal("345", Encoding.UTF8.GetString(buffer));
        Assert.Throws<EndOfStreamException>(() => file.ReadExactly(3, new byte[3]));
    }

    [Fact]
    public void AFileIsCreatedOnlyOnce()
    {
        Write("a", "x");
        Assert.ThrowsAny<IOException>(() => Files.CreateFile(At("a")));
        Assert.Equal("x", Read("a"));
    }

    [Fact]
    public void AMissingFileIsNotOpened() => Assert.ThrowsAny<IOException>(() => Files.OpenRead(At("missing")));

    [Fact]
    public void NamesAreListedInOrdinalOrder()
    {
        Write("b", "");
        Write("a", "");
        Write("B", "");
        Assert.Equal(["B", "a", "b"], Files.ListFiles(Root));
        Assert.True(Files.FileExists(At("a")));
        Assert.False(Files.FileExists(At("A")));
        Assert.Empty(Files.ListFiles(At("missing")));
    }

    [Fact]
    public void RenameReplaces()
    {
        Write("old", "old");
        Write("new", "new");
        Files.Rename(At("new"), At("old"));
        Files.SyncDirectory(Root);
        Assert.Equal("new", Read("old"));
        Assert.False(Files.FileExists(At("new")));
    }

    [Fact]
    public void DeletedFilesStayReadableForWhoOpenedThem()
    {
        Write("a", "still here");
        using var file = Files.OpenRead(At("a"));
        Files.Delete(At("a"));
        Files.Delete(At("a"));
        Files.Delete(Path.Combine(Root, "no directory", "a"));
        var buffer = new byte[10];
        file.ReadExactly(0, buffer);
        Assert.Equal("still here", Encoding.UTF8.GetString(buffer));
        Assert.False(Files.FileExists(At("a")));
    }

    [Fact]
    public void DirectoriesAreMadeWithTheirParents()
    {
        var deep = Path.Combine(Root, "x", "y", "z");
        Files.CreateDirectory(deep);
        Files.CreateDirectory(deep);
        using (var file = Files.CreateFile(Path.Combine(deep, "a")))
            file.Sync();
        Files.SyncDirectory(deep);
        Files.SyncFile(Path.Combine(deep, "a"));
        Assert.Equal(["a"], Files.ListFiles(deep));
        using (Files.CreateFile(Path.Combine(Root, "x", "b")))
            Assert.Equal(["b"], Files.ListFiles(Path.Combine(Root, "x")));
    }

    [Fact]
    public void ADirectoryIsLockedOnceUntilTheLockEnds()
    {
        var first = Files.TryLockDirectory(Root);
        Assert.NotNull(first);
        Assert.Null(Files.TryLockDirectory(Root));
        first.Dispose();
        using var second = Files.TryLockDirectory(Root);
        Assert.NotNull(second);
    }

    [Fact]
    public void SyncOfAMissingDirectoryThrows() => Assert.ThrowsAny<IOException>(() => Files.SyncDirectory(At("missing")));

    [Fact]
    public void AtomicFileReplacesWholeAndLeavesNothingElse()
    {
        Write("a", "old");
        AtomicFile.Write(Files, At("a"), file => file.Append([Bytes("new")]));
        Assert.Equal("new", Read("a"));
        Assert.Equal(["a"], Files.ListFiles(Root));
    }

    [Fact]
    public void AtomicFileKeepsTheOldOneWhenWritingFails()
    {
        Write("a", "old");
        Write("a.tmp", "left by a crash");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(Files, At("a"), _ => throw new InvalidOperationException()));
        Assert.Equal("old", Read("a"));
        Assert.Equal(["a"], Files.ListFiles(Root));
    }

    private protected string At(string name) => Path.Combine(Root, name);

    private protected static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private protected void Write(string name, string text)
    {
        using var file = Files.CreateFile(At(name));
        file.Append([Bytes(text)]);
    }

    private protected string Read(string name)
    {
        using var file = Files.OpenRead(At(name));
        var bytes = new byte[file.Length];
        file.ReadExactly(0, bytes);
        return Encoding.UTF8.GetString(bytes);
    }
}
