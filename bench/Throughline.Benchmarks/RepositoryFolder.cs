namespace Throughline.Benchmarks;

/// <summary>Finds folders of the repository that this program was built in. Stateless.</summary>
internal static class RepositoryFolder
{
    /// <summary>The path of a folder or file below the root.</summary>
    public static string Of(params string[] parts)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Throughline.slnx"))) return Path.Combine([folder.FullName, .. parts]);
        }
        throw new DirectoryNotFoundException($"{AppContext.BaseDirectory} is not inside the repository.");
    }
}
