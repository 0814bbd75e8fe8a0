using Throughline.Benchmarks;

const string Usage =
    """
    usage: dotnet run -c Release --project bench/Throughline.Benchmarks -- NAME [FILE ...] [--tool PROJECT [--spans N] [--seed N]]
      decode    spans per CPU-second of the decoder; [--oracle no] leaves Google.Protobuf out, [--json yes] adds the JSON form
      ingest    spans per CPU-second of a server, latency of acknowledgements, peak memory; [--protocol http,grpc] [--connections N] [--warm-up SPANS] [--data DIR]
      store     spans per CPU-second of decoder and store in this process, without a server: what transport adds is the difference to ingest; [--head-spans N]
      size      bytes a span on disk, everything in blocks: --data DIR
      start     time from process start to first answer, memory at rest; [--data DIR]
      visible   time from acknowledgement to being found
      query     milliseconds of queries: --data DIR and the FILE that was stored there
    Files are requests as the workload tool writes them; --tool is the path of that tool's project, which is run to make them. ingest, start, visible and query start
    the server that src/Throughline.Server was built to (-c Release), or the one that --server names. ingest with --data keeps its directory: take a new one each time.
    """;

if (args.Length == 0)
{
    Console.Error.WriteLine(Usage);
    return 2;
}
var arguments = new Arguments(args.AsSpan(1));
switch (args[0])
{
    case "decode": return DecodeBenchmark.Run(arguments);
    case "ingest": return await IngestBenchmark.RunAsync(arguments);
    case "store": return await StoreBenchmark.RunAsync(arguments);
    case "size": return await SizeBenchmark.RunAsync(arguments);
    case "start": return await StartBenchmark.RunAsync(arguments);
    case "visible": return await VisibleBenchmark.RunAsync(arguments);
    case "query": return await QueryBenchmark.RunAsync(arguments);
    default:
        Console.Error.WriteLine(Usage);
        return 2;
}
