using Throughline.Pipeline;
using Throughline.Pipeline.Nemotron;
using Throughline.Pipeline.Nemotron.Analysis;
using Throughline.Pipeline.Nemotron.RuleAnalyst;
using Throughline.Telemetry;

const string Service = "hsi-nemotron";

var builder = ServiceHost.Create(args, "http://127.0.0.1:8091", maximumBodyBytes: 4 * 1024 * 1024);
LlmOptions llm;
RuleAnalystOptions rules;
MemoryOptions budget;
WorkingMemory? memory;
try
{
    builder.AddThroughline(Service, options => options.HttpClientSpanName = "http_request");
    llm = builder.Configuration.Read("Llm", new LlmOptions());
    rules = builder.Configuration.Read("Analyst", new RuleAnalystOptions());
    budget = builder.Configuration.Read("Memory", new MemoryOptions());
    memory = Fault.Read(builder.Configuration).Contains(Fault.AnalystOutOfMemory) ? WorkingMemory.Limit(budget) : null;
}
catch (Exception problem) when (Settings.AreWrong(problem))
{
    return Settings.Refuse(Service, problem);
}

var app = builder.Build();
if (memory is not null)
    app.Logger.LogWarning("The fault {Fault} is on: the heap may hold {Budget} MB, and each image of a batch takes {Image} MB of it.",
        Fault.AnalystOutOfMemory, budget.BudgetMegabytes, budget.PerImageMegabytes);
using var spans = new SpanSource(Service);
var tokens = new TokenCounter();
// What the service itself needs is in memory before batches take what a limited heap has left: else the vocabulary would be what finds no room.
if (memory is not null) _ = tokens.Tokenizer;
using var analyst = new Analyst(Service, llm, memory, () => new($"{app.Urls.First()}/v1"), tokens, spans, TimeProvider.System);
new ChatEndpoint(rules, tokens, TimeProvider.System).Map(app);
analyst.Map(app);
return await ServiceHost.RunAsync(app, Service);
