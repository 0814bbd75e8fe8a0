using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Throughline.Benchmarks;

/// <summary>The pipeline's three services, all with telemetry or all without. Its owner stops it; one caller at a time.</summary>
internal sealed class ServiceSet : IAsyncDisposable
{
    private readonly string _folder;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null });
    private readonly ServiceProgram _backend;
    private readonly ServiceProgram _detector;
    private int _image;

    private ServiceSet(string folder, ServiceProgram backend, ServiceProgram detector, ServiceProgram analyst) =>
        (_folder, _backend, _detector, Services) = (folder, backend, detector, [backend, detector, analyst]);

    public IReadOnlyList<ServiceProgram> Services { get; }

    /// <summary>Milliseconds of each upload, from sending to the 202.</summary>
    public List<double> Uploads { get; } = [];

    /// <summary>Milliseconds of each detection that was asked for directly.</summary>
    public List<double> Detections { get; } = [];

    /// <summary>Images that were refused because too many waited, and sent again a second later, as the answer says.</summary>
    public int Refused { get; private set; }

    /// <summary>Starts the services with the windows that <c>./run</c> sets. Spans go to the server; null: the SDK is off.</summary>
    public static async Task<ServiceSet> StartAsync(Uri? receiver, string protocol)
    {
        var model = RepositoryFolder.Of("pipeline", ".data", "model.onnx");
        if (!File.Exists(model)) throw new FileNotFoundException($"{model} is missing: run pipeline/setup first.");
        var folder = Directory.CreateTempSubdirectory("throughline-overhead-").FullName;
        Dictionary<string, string> environment = receiver is null
            ? new() { ["OTEL_SDK_DISABLED"] = "true" }
            : new() { ["OTEL_SDK_DISABLED"] = "false", ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.AbsoluteUri, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol };
        // All code is compiled once, when it is first called. Otherwise what runs once a second, as sending does, would be compiled again for minutes, and that
        // time be counted here, though a service that runs for a day hardly has it.
        (environment["DOTNET_TieredCompilation"], environment["DOTNET_ReadyToRun"]) = ("0", "0");
        var detector = await ServiceProgram.StartAsync("Yolo26", "hsi-yolo26", environment, "--Model:Path", model);
        var analyst = await ServiceProgram.StartAsync("Nemotron", "hsi-nemotron", environment);
        var backend = await ServiceProgram.StartAsync("Backend", "hsi-backend", environment, "--Detector:Url", detector.Address.AbsoluteUri, "--Analyst:Url",
            analyst.Address.AbsoluteUri, "--Events:Database", Path.Combine(folder, "events.db"), "--Batch:WindowSeconds", "3", "--Batch:IdleSeconds", "1.5",
            "--Pipeline:Analyses", "8");
        return new(folder, backend, detector, analyst);
    }

    /// <summary>CPU seconds so far, of each service.</summary>
    public double[] CpuSeconds() => [.. Services.Select(service => service.Counters.CpuSeconds)];

    /// <summary>Uploads an image as a camera would. The rest of the pipeline's work follows by itself.</summary>
    public Task UploadAsync(byte[] frame, int camera) => SendAsync(new(_backend.Address, $"/api/cameras/camera-{camera}/images"), frame, Uploads);

    /// <summary>Has an image looked at, past the backend.</summary>
    public Task DetectAsync(byte[] frame) => SendAsync(new(_detector.Address, "/detect"), frame, Detections);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        foreach (var service in Services) await service.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    private async Task SendAsync(Uri address, byte[] frame, List<double> into)
    {
        while (true)
        {
            using var content = new ByteArrayContent(Unique(frame, _image++));
            content.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
            var begun = Stopwatch.GetTimestamp();
            using var response = await _http.PostAsync(address, content);
            var answer = await response.Content.ReadAsStringAsync();
            var took = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            if (response.IsSuccessStatusCode)
            {
                into.Add(took);
                return;
            }
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable) throw new InvalidOperationException($"{address} answered {(int)response.StatusCode}: {answer}");
            Refused++;
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>The frame with a number in a JPEG comment behind its first marker: the same picture, and to the backend another image.</summary>
    private static byte[] Unique(byte[] frame, int number)
    {
        var bytes = new byte[frame.Length + 8];
        frame.AsSpan(0, 2).CopyTo(bytes);
        (bytes[2], bytes[3], bytes[4], bytes[5]) = (0xFF, 0xFE, 0, 6);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(6), number);
        frame.AsSpan(2).CopyTo(bytes.AsSpan(10));
        return bytes;
    }
}
