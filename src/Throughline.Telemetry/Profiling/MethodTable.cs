using Throughline.Telemetry.Profiling.NetTrace;

namespace Throughline.Telemetry.Profiling;

/// <summary>
/// Which addresses belong to which method, from the runtime's events: methods compiled while the window was open, and when it closed
/// all that were there. A method compiled anew, faster, has several bodies. Used by one thread.
/// </summary>
internal sealed class MethodTable
{
    private const string Runtime = "Microsoft-Windows-DotNETRuntime";
    private const string Rundown = "Microsoft-Windows-DotNETRuntimeRundown";

    // The runtime's own numbers: docs/fundamentals/diagnostics/runtime-method-events and runtime-loader-rundown-events of .NET's documentation.
    private const int MethodLoadVerbose = 143, MethodEndVerbose = 144, ModuleLoad = 152, ModuleEnd = 154;

    private readonly Dictionary<ulong, (uint Size, ulong Module, string Type, string Name, string Signature)> _bodies = [];
    private readonly Dictionary<ulong, string> _modules = [];
    private readonly Dictionary<(ulong, string, string, string), Method> _methods = [];
    private ulong[]? _starts;

    /// <summary>Takes an event of the runtime; others are none of its business.</summary>
    public void Take(in NetTraceEvent traceEvent)
    {
        switch (traceEvent.Kind)
        {
            case { Provider: Runtime, Id: MethodLoadVerbose } or { Provider: Rundown, Id: MethodEndVerbose }:
                TakeMethod(new(traceEvent.Payload));
                break;
            case { Provider: Runtime, Id: ModuleLoad } or { Provider: Rundown, Id: ModuleEnd }:
                TakeModule(new(traceEvent.Payload));
                break;
        }
    }

    /// <summary>The method that an address lies in and where that body of it starts, null when the runtime told of none.</summary>
    public (Method Method, ulong Start)? Find(ulong address)
    {
        if (_starts is null)
        {
            _starts = [.. _bodies.Keys];
            Array.Sort(_starts);
        }
        var at = Array.BinarySearch(_starts, address);
        if (at < 0) at = ~at - 1;
        if (at < 0) return null;
        var start = _starts[at];
        var body = _bodies[start];
        if (address - start >= body.Size) return null;
        var key = (body.Module, body.Type, body.Name, body.Signature);
        if (!_methods.TryGetValue(key, out var method))
            _methods.Add(key, method = new(FrameName.Of(body.Type, body.Name), body.Signature, _modules.GetValueOrDefault(body.Module, "")));
        return (method, start);
    }

    private void TakeMethod(BlockReader payload)
    {
        payload.Int64(); // the method's id
        var module = (ulong)payload.Int64();
        var start = (ulong)payload.Int64();
        var size = (uint)payload.Int32();
        payload.Take(8); // token and flags
        _bodies[start] = (size, module, payload.Text(), payload.Text(), payload.Text());
        _starts = null;
    }

    private void TakeModule(BlockReader payload)
    {
        var id = (ulong)payload.Int64();
        payload.Take(16); // assembly, flags, reserved
        _modules[id] = payload.Text();
    }
}
