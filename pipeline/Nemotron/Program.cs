using System.ComponentModel.DataAnnotations;
using Throughline.Pipeline;
using Throughline.Pipeline.Nemotron.Analysis;
using Throughline.Pipeline.Nemotron.RuleAnalyst;
using Throughline.Telemetry;

const string Service = "hsi-nemotron", ModelSpans = Service + ".gen_ai";

var builder = ServiceHost.Create(args, "http://127.0.0.1:8091", maximumBodyBytes: 4 * 1024 * 1024);
builder.AddThroughline(Service, options => options.HttpClientSpanName = "http_request");
var llm = builder.Configuration.GetSection("Llm").Get<LlmOptions>() ?? new();
var analyst = builder.Configuration.GetSection("Analyst").Get<RuleAnalystOptions>() ?? new();
try
{
    Validator.ValidateObject(llm, new(llm), validateAllProperties: true);
    Validator.ValidateObject(analyst, new(analyst), validateAllProperties: true);
}
catch (ValidationException problem)
{
    Console.Error.WriteLine($"{Service}: {problem.Message}");
    return 3;
}

var app = builder.Build();
using var spans = new SpanSource(Service);
var model = new Lazy<LanguageModel>(() => new(llm, new Uri($"{app.Urls.First()}/v1"), ModelSpans, TimeProvider.System));
new ChatEndpoint(analyst, TimeProvider.System).Map(app);
new AnalyzeEndpoint(model, spans).Map(app);
var code = await ServiceHost.RunAsync(app, Service);
if (model.IsValueCreated) model.Value.Dispose();
return code;
