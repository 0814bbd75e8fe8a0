namespace Throughline.Tests.Server;

/// <summary>A directory that goes with its test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    internal string Path { get; } = System.IO.Directory.CreateTempSubdirectory("throughline-").FullName;

    public void Dispose() => System.IO.Directory.Delete(Path, recursive: true);
}
