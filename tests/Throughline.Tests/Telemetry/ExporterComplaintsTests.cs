using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using Throughline.Telemetry;

namespace Throughline.Tests.Telemetry;

/// <summary>What the SDK's exporters say, each to a port where nobody listens.</summary>
public sealed class ExporterComplaintsTests
{
    [Fact]
    public void ReasonOfOneExportIsNotToldForAnother()
    {
        using var mine = new ExporterComplaints();
        using var others = new ExporterComplaints();
        mine.Begin();
        var thread = new Thread(() =>
        {
            others.Begin();
            Assert.Equal(ExportResult.Failure, Export());
        });
        thread.Start();
        thread.Join();
        Assert.NotNull(others.Last);
        Assert.Null(mine.Last);

        Assert.Equal(ExportResult.Failure, Export());
        Assert.NotNull(mine.Last);
        mine.Begin();
        Assert.Null(mine.Last);
    }

    private static ExportResult Export()
    {
        using var exporter = new OtlpTraceExporter(new() { Endpoint = new("http://127.0.0.1:1"), Protocol = OtlpExportProtocol.Grpc });
        using var span = new Activity("lost").Start();
        return exporter.Export(new Batch<Activity>([span], 1));
    }
}
