using Throughline.Engine.Files;

namespace Throughline.Tests.Files;

public sealed class MemoryFileSystemTests : FileSystemContract
{
    private readonly MemoryFileSystem _files = new();

    public MemoryFileSystemTests() => _files.CreateDirectory(Root);

    private protected override IFileSystem Files => _files;

    private protected override string Root => "/data";

    [Fact]
    public void UnsyncedBytesAreForgotten()
    {
        var file = _files.CreateFile(At("a"));
        _files.SyncDirectory(Root);
        file.Append([Bytes("kept")]);
        file.Sync();
        file.Append([Bytes(" lost")]);
        Assert.Equal("kept"u8, _files.Crash().ReadAll(At("a")));
    }

    [Fact]
    public void UnsyncedNamesAreForgotten()
    {
        Write("a", "x");
        _files.SyncFile(At("a"));
        Assert.Empty(_files.Crash().ListFiles(Root));
        _files.SyncDirectory(Root);
        Assert.Equal(["a"], _files.Crash().ListFiles(Root));
    }

    [Fact]
    public void RenamesAndDeletionsComeBackWithoutSyncOfTheDirectory()
    {
        _files.WriteAll(At("a"), [1]);
        _files.WriteAll(At("b"), [2]);
        _files.WriteAll(At("c"), [3]);
        _files.Rename(At("a"), At("b"));
        _files.Delete(At("c"));
        var before = _files.Crash();
        Assert.Equal(["a", "b", "c"], before.ListFiles(Root));
        Assert.Equal([2], before.ReadAll(At("b")));
        _files.SyncDirectory(Root);
        var after = _files.Crash();
        Assert.Equal(["b"], after.ListFiles(Root));
        Assert.Equal([1], after.ReadAll(At("b")));
    }

    [Fact]
    public void AtomicFileIsOldOrNewAtEveryCut()
    {
        var outcomes = new HashSet<byte>();
        for (var cut = 1; cut < 8; cut++)
        {
            for (var seed = 0; seed < 20; seed++)
            {
                var files = new MemoryFileSystem();
                files.WriteAll(At("a"), [1]);
                var left = cut;
                files.Before = (_, _) =>
                {
                    if (--left == 0)
                        files.Stop();
                };
                var written = true;
                try
                {
                    AtomicFile.Write(files, At("a"), file => file.Append([new byte[] { 2 }]));
                }
                catch (IOException)
                {
                    written = false;
                }
                var found = Assert.Single(files.Crash(new Random(seed)).ReadAll(At("a")));
                outcomes.Add(found);
                if (written)
                    Assert.Equal(2, found);
            }
        }
        Assert.Equal(2, outcomes.Count);
    }

    [Fact]
    public void ATornAppendLeavesAPart()
    {
        using var file = _files.CreateFile(At("a"));
        _files.Before = (operation, path) => throw new TornAppendException(0.6, $"Input/output error: {operation} of '{path}'");
        Assert.Throws<TornAppendException>(() => file.Append([Bytes("123"), Bytes("45")]));
        Assert.Equal("123"u8, _files.ReadAll(At("a")));
    }

    [Fact]
    public void AReplacedFileTakesNoSpaceAnyMore()
    {
        Write("a", "123");
        Write("b", "45");
        _files.Rename(At("a"), At("b"));
        Assert.Equal(3, _files.UsedBytes);
        _files.Delete(At("b"));
        Assert.Equal(0, _files.UsedBytes);
    }

    [Fact]
    public void AFullDiskTakesWhatFitsAndFails()
    {
        _files.Capacity = 3;
        using var file = _files.CreateFile(At("a"));
        Assert.Throws<IOException>(() => file.Append([Bytes("12"), Bytes("34")]));
        Assert.Equal("123"u8, _files.ReadAll(At("a")));
        _files.Delete(At("a"));
        Write("b", "123");
    }
}
