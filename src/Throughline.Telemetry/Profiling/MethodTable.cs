using System.Buffers;
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

    // At the end of a window the runtime tells of every method there is, of which the samples need a few: their names stay bytes until they are asked for.
    private readonly Dictionary<ulong, (uint Size, ulong Module, int Names, int Length)> _bodies = [];
    private readonly ArrayBufferWriter<byte> _names = new(1 << 16);
    private readonly Dictionary<ulong, string> _modules = [];
    private readonly Dictionary<(ulong, string, string, string), Method> _methods = [];
    private readonly Dictionary<ulong, Method> _found = [];
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
        if (!_found.TryGetValue(start, out var method)) _found.Add(start, method = MethodOf(body.Module, new(_names.WrittenSpan.Slice(body.Names, body.Length))));
        return (method, start);
    }

    private Method MethodOf(ulong module, BlockReader names)
    {
        var key = (Module: module, Type: names.Text(), Name: names.Text(), Signature: names.Text());
        if (!_methods.TryGetValue(key, out var method))
            _methods.Add(key, method = new(FrameName.Of(key.Type, key.Name), key.Signature, _modules.GetValueOrDefault(module, "")));
        return method;
    }

    private void TakeMethod(BlockReader payload)
    {
        payload.Int64(); // the method's id
        var module = (ulong)payload.Int64();
        var start = (ulong)payload.Int64();
        var size = (uint)payload.Int32();
        payload.Take(8); // token and flags
        var names = payload.Rest;
        _bodies[start] = (size, module, _names.WrittenCount, names.Length);
        _names.Write(names);
        _starts = null;
        _found.Remove(start);
    }

    private void TakeModule(BlockReader payload)
    {
        var id = (ulong)payload.Int64();
        payload.Take(16); // assembly, flags, reserved
        _modules[id] = payload.Text();
    }
}
