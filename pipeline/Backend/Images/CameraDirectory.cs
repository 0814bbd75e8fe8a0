using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;

namespace Throughline.Pipeline.Backend.Images;

/// <summary>
/// The cameras of the configuration's section <c>Cameras</c>: <c>Cameras:ID</c> is a camera's name, <c>Cameras:ID:Priority</c> its
/// priority (high, normal, low). Once one is configured, images of others are refused; while none is, any camera may send and goes
/// by its id. Read once; immutable.
/// </summary>
internal sealed class CameraDirectory
{
    private readonly Dictionary<string, Camera> _cameras = [];

    /// <exception cref="ValidationException">An id is none that an upload could have, or a priority is none.</exception>
    public CameraDirectory(IConfiguration configuration)
    {
        foreach (var entry in configuration.GetSection("Cameras").GetChildren())
        {
            if (!UploadReader.IsId(entry.Key))
                throw new ValidationException($"Cameras:{entry.Key} is no camera's id; it has to be 1 to 64 letters, digits, '-' or '_'.");
            var priority = entry["Priority"] ?? Priorities.Normal;
            if (Priorities.Rank(priority) < 0)
                throw new ValidationException($"Cameras:{entry.Key}:Priority is '{priority}'; it has to be high, normal or low.");
            _cameras.Add(entry.Key, new(entry.Key, entry.Value is { Length: > 0 } name ? name : entry.Key, priority));
        }
    }

    /// <summary>False when cameras are configured and this is none of them.</summary>
    public bool TryFind(string id, [NotNullWhen(true)] out Camera? camera)
    {
        if (_cameras.Count == 0) camera = new(id, id);
        else _cameras.TryGetValue(id, out camera);
        return camera is not null;
    }
}
