using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using OpenTelemetry.Resources;

namespace Throughline.Telemetry;

/// <summary>Who sends: the service, its instance, the process and the machine, by OpenTelemetry's conventions for resources.</summary>
internal static class ServiceResource
{
    /// <summary>What the operator sets by <c>OTEL_RESOURCE_ATTRIBUTES</c> or <c>OTEL_SERVICE_NAME</c> comes last, so that it counts.</summary>
    public static void Describe(ResourceBuilder resource, string serviceName, string? serviceVersion) => resource
        .AddService(serviceName, serviceVersion: serviceVersion ?? EntryVersion())
        .AddAttributes(
        [
            new("host.name", Environment.MachineName),
            new("host.arch", Architecture(RuntimeInformation.OSArchitecture)),
            new("os.type", OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux"),
            new("process.pid", Environment.ProcessId),
            new("process.executable.name", ExecutableName()),
            new("process.runtime.name", ".NET"),
            new("process.runtime.version", Environment.Version.ToString()),
        ])
        .AddEnvironmentVariableDetector();

    private static string Architecture(Architecture architecture) => architecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "x86",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.Arm => "arm32",
        var other => other.ToString(),
    };

    private static string ExecutableName()
    {
        using var process = Process.GetCurrentProcess();
        return process.ProcessName;
    }

    private static string? EntryVersion() =>
        Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
}
