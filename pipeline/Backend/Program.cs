using Throughline.Pipeline;
using Throughline.Pipeline.Backend;
using Throughline.Pipeline.Backend.Analysis;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Calls;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Pipeline.Backend.Events;
using Throughline.Pipeline.Backend.Faults;
using Throughline.Pipeline.Backend.Images;
using Throughline.Telemetry;

const string Service = "hsi-backend";

var builder = ServiceHost.Create(args, "http://127.0.0.1:8000", maximumBodyBytes: 16 * 1024 * 1024);
var spans = new SpanSource(Service);
try
{
    builder.AddThroughline(Service, options => (options.HttpClientSpanName, options.AcceptBaggage) = ("http_request", false));
    var fault = new FaultSwitch(builder.Configuration);
    var upload = Options("Upload", new UploadOptions());
    builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = upload.MaximumBytes + UploadOptions.Drained);
    var analyst = new ServiceOptions { Url = new("http://127.0.0.1:8091"), TimeoutSeconds = 75, BreakerWindowSeconds = 300, BreakerMinimumTries = 6 };
    builder.Services
        .AddSingleton(spans).AddSingleton<PipelineMetrics>()
        .AddSingleton(upload).AddSingleton(new CameraDirectory(builder.Configuration))
        .AddSingleton<UploadReader>().AddSingleton<UploadBody>().AddSingleton<UploadRoom>().AddSingleton<RecentImages>().AddSingleton<ImageEndpoint>()
        .AddSingleton(Options("Pipeline", new ImagePipelineOptions())).AddSingleton(Options("Batch", new BatchOptions()))
        .AddSingleton(Caller("hsi-yolo26", Options("Detector", new ServiceOptions { Url = new("http://127.0.0.1:8095") }), fault.LostPropagation,
            (services, caller) => new DetectorClient(caller, spans, services.GetRequiredService<ILogger<DetectorClient>>())))
        .AddSingleton(Caller("hsi-nemotron", Options("Analyst", analyst), lostPropagation: false, (_, caller) => new AnalystClient(caller)))
        .AddSingleton<ClosedBatches>().AddSingleton<DetectionStage>().AddSingleton<BatchAnalysis>()
        .AddSingleton(services => new Batcher(
            services.GetRequiredService<BatchOptions>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ClosedBatches>().Add))
        .AddSingleton(Options("Events", new EventOptions()))
        .AddSingleton<EventDatabase>().AddSingleton<EventStore>().AddSingleton<EventRecorder>().AddSingleton<EventFeed>()
        .AddSingleton<EventStream>().AddSingleton<EventEndpoints>().AddSingleton<ImageFiles>().AddHostedService<EventPruning>()
        .AddSingleton<ImagePipeline>().AddHostedService(services => services.GetRequiredService<ImagePipeline>());
    if (fault.SlowDatabase) builder.Services.AddSingleton(Options("SlowDatabase", new DatabaseLockOptions())).AddHostedService<DatabaseLock>();
}
catch (Exception problem) when (Settings.AreWrong(problem))
{
    return Settings.Refuse(Service, problem);
}

var app = builder.Build();
try
{
    app.Services.GetRequiredService<EventDatabase>().Prepare();
    app.Services.GetRequiredService<ImageFiles>().Prepare();
}
catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
{
    return Settings.Refuse(Service, problem);
}
app.UseExceptionHandler();
app.UseStatusCodePages();
app.Services.GetRequiredService<ImageEndpoint>().Map(app);
app.Services.GetRequiredService<EventEndpoints>().Map(app);
var code = await ServiceHost.RunAsync(app, Service);
spans.Dispose();
return code;

TOptions Options<TOptions>(string section, TOptions options) where TOptions : class => builder.Configuration.Read(section, options);

Func<IServiceProvider, TClient> Caller<TClient>(
    string service, ServiceOptions options, bool lostPropagation, Func<IServiceProvider, ServiceCaller, TClient> client) => services =>
{
    var http = ServiceCaller.Client(lostPropagation ? new UntracedHop(spans) : new SocketsHttpHandler());
    services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped.Register(http.Dispose);
    var caller = new ServiceCaller(
        http, service, options, spans, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<ServiceCaller>>());
    services.GetRequiredService<PipelineMetrics>().ObserveBreaker(service, () => caller.BreakerState);
    return client(services, caller);
};
