using Throughline.Benchmarks;

const string Usage =
    """
    usage: dotnet run -c Release --project bench/Throughline.Benchmarks -- NAME [FILE ...] [--tool PROJECT [--spans N] [--seed N]]
      decode    spans per CPU-second of the decoder; [--oracle no] leaves Google.Protobuf out
    Files are requests as the workload tool writes them; --tool is the path of that tool's project, which is run to make them.
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
    default:
        Console.Error.WriteLine(Usage);
        return 2;
}
