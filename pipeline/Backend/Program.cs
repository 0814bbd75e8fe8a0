using System.ComponentModel.DataAnnotations;
using Microsoft.Data.Sqlite;
using Throughline.Pipeline;
using Throughline.Pipeline.Backend;
using Throughline.Pipeline.Backend.Analysis;
using Throughline.Pipeline.Backend.Batching;
using Throughline.Pipeline.Backend.Calls;
using Throughline.Pipeline.Backend.Detection;
using Throughline.Pipeline.Backend.Events;
using Throughline.Pipeline.Backend.Images;
using Throughline.Telemetry;

const string Service = "hsi-backend";

var builder = ServiceHost.Create(args, "http://127.0.0.1:8000", maximumBodyBytes: 16 * 1024 * 1024);
builder.AddThroughline(Service, options => options.HttpClientSpanName = "http_request");

var spans = new SpanSource(Service);
var events = new EventStore(builder.Configuration["Events:Database"] ?? "events.db", spans, TimeProvider.System);
// Each try has its own time limit, which the caller sets.
var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
try
{
    var detector = Options("Detector", new ServiceOptions { Url = new("http://127.0.0.1:8095") });
    var analyst = Options("Analyst", new ServiceOptions { Url = new("http://127.0.0.1:8091"), TimeoutSeconds = 75 });
    builder.Services
        .AddSingleton(spans).AddSingleton(events)
        .AddSingleton(Options("Batch", new BatchOptions())).AddSingleton(Options("Pipeline", new ImagePipelineOptions()))
        .AddSingleton(new DetectorClient(new(http, "hsi-yolo26", detector, TimeProvider.System), spans))
        .AddSingleton(new AnalystClient(new(http, "hsi-nemotron", analyst, TimeProvider.System)))
        .AddSingleton<CameraNames>().AddSingleton<BatchAnalysis>().AddSingleton<ImageEndpoint>()
        .AddSingleton<ImagePipeline>().AddHostedService(services => services.GetRequiredService<ImagePipeline>());
    events.Prepare();
}
catch (Exception problem) when (problem is ValidationException or SqliteException)
{
    Console.Error.WriteLine($"{Service}: {problem.Message}");
    return 3;
}

var app = builder.Build();
app.Services.GetRequiredService<ImageEndpoint>().Map(app);
EventEndpoint.Map(app);
var code = await ServiceHost.RunAsync(app, Service);
http.Dispose();
spans.Dispose();
return code;

TOptions Options<TOptions>(string section, TOptions options) where TOptions : class
{
    builder.Configuration.GetSection(section).Bind(options);
    Validator.ValidateObject(options, new(options), validateAllProperties: true);
    return options;
}
