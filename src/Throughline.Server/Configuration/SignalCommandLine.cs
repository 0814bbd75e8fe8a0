using System.CommandLine;
using Throughline.Engine.Signals;

namespace Throughline.Server.Configuration;

/// <summary>The options of the stores beside the traces, the same for each signal: <c>--logs-retention</c>, <c>--metrics-retention</c>, <c>--profiles-retention</c> and so on. Stateless.</summary>
internal static class SignalCommandLine
{
    private delegate SignalStoreOptions Change(SignalStoreOptions options, long value);

    /// <summary>Adds the options to a command; answers what reads them from a parsed line.</summary>
    internal static IEnumerable<Func<ParseResult, ServerOptions, ServerOptions>> AddTo(Command command)
    {
        var standard = new ServerOptions { Store = new Engine.TraceStoreOptions { Directory = "" } };
        return
        [
            .. AddTo(command, "logs", "log entries", standard.Logs, static (options, change) => options with { Logs = change(options.Logs) }),
            .. AddTo(command, "metrics", "points of metrics", standard.Metrics, static (options, change) => options with { Metrics = change(options.Metrics) }),
            .. AddTo(command, "profiles", "profiles", standard.Profiles, static (options, change) => options with { Profiles = change(options.Profiles) }),
        ];
    }

    private static IEnumerable<Func<ParseResult, ServerOptions, ServerOptions>> AddTo(
        Command command, string signal, string items, SignalStoreOptions standard, Func<ServerOptions, Func<SignalStoreOptions, SignalStoreOptions>, ServerOptions> set)
    {
        var age = new Option<TimeSpan>($"--{signal}-retention")
        {
            Description = $"Age at which {items} go, from when they were received: 7d, 36h, 90m; 0 keeps them for ever.",
            HelpName = "TIME",
            DefaultValueFactory = _ => standard.MaxAge,
            CustomParser = result => ServerCommandLine.Age($"--{signal}-retention", result),
        };
        command.Options.Add(age);
        return
        [
            (result, options) => set(options, s => s with { MaxAge = result.GetValue(age) }),
            Number($"--{signal}-retention-bytes", $"Bytes of blocks of {items} that are kept, the latest; 0 for no limit.", standard.MaxBytes, 0, long.MaxValue, static (s, v) => s with { MaxBytes = v }),
            Number($"--{signal}-head-max-bytes", $"Memory of {items} before they are written as a block.", standard.HeadMaxBytes, 1 << 16, 1L << 40, static (s, v) => s with { HeadMaxBytes = v }),
            Number($"--{signal}-head-max-age-seconds", $"Age of those {items} before they are written as a block.", (long)standard.HeadMaxAge.TotalSeconds, 1, 30 * 86400, static (s, v) => s with { HeadMaxAge = TimeSpan.FromSeconds(v) }),
            Number($"--{signal}-log-queue-bytes", $"Bytes of requests with {items} that may wait for their log.", standard.LogQueueBytes, 1 << 12, 1L << 40, static (s, v) => s with { LogQueueBytes = v }),
            Number($"--{signal}-cache-bytes", $"Memory for all that is decoded of blocks of {items}.", standard.BlockCacheBytes, 0, 1L << 40, static (s, v) => s with { BlockCacheBytes = v }),
        ];

        Func<ParseResult, ServerOptions, ServerOptions> Number(string name, string description, long value, long minimum, long maximum, Change change)
        {
            var option = new Option<long>(name)
            {
                Description = description,
                HelpName = "N",
                DefaultValueFactory = _ => value,
                CustomParser = result => ServerCommandLine.Whole(name, minimum, maximum, result),
            };
            command.Options.Add(option);
            return (result, options) => set(options, s => change(s, result.GetValue(option)));
        }
    }
}
