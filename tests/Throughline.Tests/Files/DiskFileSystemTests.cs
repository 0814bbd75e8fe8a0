using System.Runtime.Versioning;
using Throughline.Engine.Files;

namespace Throughline.Tests.Files;

public sealed class DiskFileSystemTests : FileSystemContract, IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("throughline-").FullName;

    private protected override IFileSystem Files { get; } = new DiskFileSystem();

    private protected override string Root => _root;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void NewDirectoriesArePrivate()
    {
        Files.CreateDirectory(At("data/0"));
        const UnixFileMode only = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal(only, File.GetUnixFileMode(At("data")));
        Assert.Equal(only, File.GetUnixFileMode(At("data/0")));
    }

    [Fact]
    public void ALockOnSomethingThatIsNoDirectoryIsAnErrorAndNotALockedDirectory()
    {
        Write("a", "");
        Assert.ThrowsAny<IOException>(() => Files.TryLockDirectory(At("a")));
        Assert.ThrowsAny<IOException>(() => Files.TryLockDirectory(At("missing")));
    }
}
