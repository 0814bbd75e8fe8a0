using System.Reflection;

namespace Throughline.Server.Page;

/// <summary>The table of the page's files, read once from the assembly's resources. Nothing outside this table is ever served as a file.</summary>
internal static class EmbeddedFiles
{
    private const string Prefix = "web/";

    /// <summary>All files by path; empty when the server was built with <c>-p:BuildWeb=false</c>.</summary>
    public static IReadOnlyDictionary<string, PageFile> Read(Assembly assembly)
    {
        var contents = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(name => name[Prefix.Length..], name => ReadAll(assembly, name), StringComparer.Ordinal);
        return contents
            .Where(file => !file.Key.EndsWith(".br", StringComparison.Ordinal) && !file.Key.EndsWith(".gz", StringComparison.Ordinal))
            .ToDictionary(
                file => file.Key,
                file => new PageFile(file.Key, file.Value, contents.GetValueOrDefault(file.Key + ".br"), contents.GetValueOrDefault(file.Key + ".gz")),
                StringComparer.Ordinal);
    }

    private static byte[] ReadAll(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is listed but cannot be opened.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
