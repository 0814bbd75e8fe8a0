using Throughline.Benchmarks;
using Throughline.Benchmarks.Logs;
using Throughline.Benchmarks.Metrics;

const string Usage =
    """
    usage: bench/run NAME [FILE ...] [--tool PROJECT [--spans N] [--seed N] [--hard yes]]
      store     the store's table, ours beside ClickHouse's: size, ingest, memory, every query; [--data DIR] [--clickhouse no] [--clickhouse-data DIR] [--clickhouse-format native|rowbinary]
                [--all-ingest no] [--total exact|atLeast]; a FILE must lie in a folder that the workload tool made with --clickhouse. Directories that are named are kept and used again
      scale     every query with 2, 8 and 20 million spans in the store: --tool PROJECT [--sizes 2000000,8000000,20000000] [--piece SPANS] [--total exact|atLeast]; takes 20 GB
                of the temporary directory at most
      soak      a steady load of live spans with a reader that checks them, then everything counted; exit code 1 when something is lost, double or drifting:
                [--minutes N | --seconds N] [--rate SPANS_PER_SECOND] [--seed N]
      decode    spans per CPU-second of the decoder; [--oracle no] leaves Google.Protobuf out, [--json yes] adds the JSON form
      ingest    spans per CPU-second of a server, latency of acknowledgements, peak memory; [--protocol http,grpc] [--connections N] [--warm-up SPANS] [--data DIR]
      append    spans per CPU-second of decoder and store in this process, without a server: what transport adds is the difference to ingest; [--head-spans N]
      size      bytes a span on disk, everything in blocks: --data DIR
      start     time from process start to first answer, memory at rest; [--data DIR]
      visible   time from acknowledgement to being found
      logs      log lines per CPU-second of decoder and store in this process, bytes a line, View Logs and other questions: [--lines N] [--seed N]
      metrics   points of metrics per CPU-second of decoder and store in this process, bytes a point, the questions of lanes: [--points N] [--seed N]
      forward   items per second through a server that passes all on to another, until the target has them: [--items N] [--protocol grpc|http] [--compression none|gzip] [--signals traces,logs,metrics]
      profiles  an hour of profile windows: windows per CPU-second, bytes on disk, flame graph, comparison, functions, traces of a frame: [--services N] [--samples A_WINDOW] [--runs N]
      sampling  CPU time a span without rules, with head sampling and with tail rules, memory, what was dropped: [--only TEXT] [--warm-up SPANS] [--connections N]
      overhead  what telemetry costs the pipeline's services, CPU time and latency, with it and without in turn: [--rate IMAGES_PER_SECOND] [--seconds N] [--images A_PAIR] [--protocol grpc|http/protobuf];
                needs pipeline/setup
      page      a large trace in Chromium: first paint, frames while scrolling, zooming, panning (bench/page, in Node): [--spans N] [--frames N] [--runs N]
    Files are requests as the workload tool writes them; --tool is the path of that tool's project, which is run to make them. Servers are those that src/Throughline.Server
    was built to (-c Release), or the one that --server names, with the options of --server-options. ingest with --data keeps its directory: take a new one each time.
    """;

if (args.Length == 0)
{
    Console.Error.WriteLine(Usage);
    return 2;
}
try
{
    var arguments = new Arguments(args.AsSpan(1));
    switch (args[0])
    {
        case "store": return await StoreBenchmark.RunAsync(arguments);
        case "scale": return await ScaleBenchmark.RunAsync(arguments);
        case "soak": return await SoakBenchmark.RunAsync(arguments);
        case "decode": return DecodeBenchmark.Run(arguments);
        case "ingest": return await IngestBenchmark.RunAsync(arguments);
        case "append": return await AppendBenchmark.RunAsync(arguments);
        case "size": return await SizeBenchmark.RunAsync(arguments);
        case "start": return await StartBenchmark.RunAsync(arguments);
        case "visible": return await VisibleBenchmark.RunAsync(arguments);
        case "logs": return await LogsBenchmark.RunAsync(arguments);
        case "metrics": return await MetricsBenchmark.RunAsync(arguments);
        case "forward": return await ForwardBenchmark.RunAsync(arguments);
        case "profiles": return await ProfilesBenchmark.RunAsync(arguments);
        case "sampling": return await SamplingBenchmark.RunAsync(arguments);
        case "overhead": return await OverheadBenchmark.RunAsync(arguments);
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (Exception e) when (e.GetType() == typeof(ArgumentException) || e is TimeoutException)
{
    // Options that do not fit, too little data, a server that does not come to an end: the message says it all.
    Console.Error.WriteLine($"bench/run {args[0]}: {e.Message}");
    return e is TimeoutException ? 1 : 2;
}
