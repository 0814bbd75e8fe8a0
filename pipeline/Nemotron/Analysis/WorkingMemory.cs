using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Globalization;

namespace Throughline.Pipeline.Nemotron.Analysis;

/// <summary>
/// The configuration's section <c>Memory</c>: what the fault <c>analyst-out-of-memory</c> gives the process, and what an image of a
/// batch then takes of it.
/// </summary>
internal sealed class MemoryOptions
{
    /// <summary>The most that the process's whole heap may hold.</summary>
    [Range(128, 1_048_576)]
    public int BudgetMegabytes { get; set; } = 512;

    [Range(1, 2047)]
    public int PerImageMegabytes { get; set; } = 150;
}

/// <summary>
/// The fault <c>analyst-out-of-memory</c>: a context buffer for each image of a batch, really allocated, in a process whose heap has
/// a hard limit. Small batches fit, larger ones don't, and it is the runtime that says so. Thread-safe; one for the process, whose
/// limit it sets.
/// </summary>
internal sealed class WorkingMemory
{
    private readonly MemoryOptions _options;

    private WorkingMemory(MemoryOptions options) => _options = options;

    /// <summary>Limits the heap of this process from now on.</summary>
    public static WorkingMemory Limit(MemoryOptions options)
    {
        AppContext.SetData("GCHeapHardLimit", (ulong)options.BudgetMegabytes << 20);
        GC.RefreshMemoryLimit();
        return new(options);
    }

    /// <summary>The buffers of a batch; keep them alive until it is judged.</summary>
    /// <exception cref="OutOfMemoryException">The heap has no room for them; what was reserved of them is free again.</exception>
    public object Reserve(int images, Activity? span)
    {
        span?.SetTag("memory.requested", (long)images * _options.PerImageMegabytes << 20).SetTag("memory.limit", (long)_options.BudgetMegabytes << 20);
        var buffers = new List<byte[]>();
        try
        {
            while (buffers.Count < images) buffers.Add(new byte[_options.PerImageMegabytes << 20]);
            return buffers;
        }
        catch (OutOfMemoryException problem)
        {
            throw new OutOfMemoryException(string.Create(CultureInfo.InvariantCulture,
                $"The context of {images} {(images == 1 ? "image" : "images")} needs {images * (long)_options.PerImageMegabytes} MB, and the heap of this process may hold "
                + $"{_options.BudgetMegabytes} MB: there was room for {buffers.Count}."), problem);
        }
    }
}
