using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Lifecycle;

namespace Throughline.Server.Configuration;

/// <summary>The command line of <c>throughline server</c>: its options, their defaults, and what they become. Used once, by one thread.</summary>
public sealed class ServerCommandLine
{
    private readonly Option<string> _data = new("--data")
    {
        Description = "Directory that holds everything; one server at a time.",
        HelpName = "DIR",
        DefaultValueFactory = static _ => "./data",
    };

    private readonly Option<ListenAddress> _http = Listen("--http", "http://127.0.0.1:16686", "The page and the query APIs.");
    private readonly Option<ListenAddress> _otlpGrpc = Listen("--otlp-grpc", "http://127.0.0.1:4317", "OTLP over gRPC.");
    private readonly Option<ListenAddress> _otlpHttp = Listen("--otlp-http", "http://127.0.0.1:4318", "OTLP over HTTP.");
    private readonly Option<ListenAddress?> _pyroscope = MaybeListen("--pyroscope", "A port of their own for profiles, such as http://127.0.0.1:4040, Pyroscope's. They are taken on --otlp-http in any case.");
    private readonly Option<ListenAddress?> _sampling = MaybeListen("--remote-sampling", "A port of its own for remote sampling of SDKs, such as http://127.0.0.1:5778, Jaeger's. It is told at /sampling of --http in any case.");
    private readonly Option<Uri?> _grafana = Link("--grafana-url", "The Grafana that the page links to and may embed.");
    private readonly Option<Uri?> _grafanaProxy = Link("--grafana-proxy", "A Grafana to pass on under /grafana/ of --http, so that a page over https may embed one over http. --grafana-url then lies below it.");
    private readonly Option<Uri?> _events = Link("--events-url", "The events API that the Events screen shows, such as http://backend:5000/api/events. Without it the screen shows what spans say of events.");
    private readonly Option<Uri?> _jaeger = Link("--jaeger-url", "The Jaeger UI that the page links to.");

    private readonly Option<double> _pageTraces = new("--page-trace-rate")
    {
        Description = "Share of what users do on the page that is traced, as service hsi-frontend: from 0, which is none, to 1.",
        HelpName = "SHARE",
        CustomParser = static result => Share("--page-trace-rate", result),
        DefaultValueFactory = static _ => 0,
    };

    private readonly Option<string?> _token = new("--token")
    {
        Description = "What callers must present: Authorization: Bearer TOKEN, or as the password of HTTP Basic in a browser.",
        HelpName = "TOKEN",
    };

    private readonly Option<bool> _insecure = new("--insecure") { Description = "Listen beyond this machine without a token." };
    private readonly Option<bool> _noRedact = new("--no-redact") { Description = "Store the values of attributes named authorization, cookie, set-cookie, password, token and api-key." };

    private readonly Option<string[]> _allowHosts = new("--allow-host")
    {
        Description = "A name of this server that a Host header may have, beside localhost. Repeatable.",
        HelpName = "HOST",
        CustomParser = static result => [.. result.Tokens.Select(t => HostName(t.Value, result))],
        DefaultValueFactory = static _ => [],
    };

    private readonly Option<string[]> _corsOrigins = new("--otlp-cors-origin")
    {
        Description = "Origin of a web page that may send OTLP from a browser. Repeatable.",
        HelpName = "ORIGIN",
        CustomParser = static result => [.. result.Tokens.Select(t => Origin(t.Value, result))],
        DefaultValueFactory = static _ => [],
    };

    private readonly ForwardCommandLine _forward = new();
    private readonly List<Func<ParseResult, ServerOptions, ServerOptions>> _numbers = [];
    private readonly Command _server = new("server", "Starts the server: receives OTLP, stores it, answers queries, serves the page.");
    private readonly RootCommand _root = new("Throughline: distributed tracing for AI pipelines.");

    /// <summary>Makes the command line; <paramref name="run"/> is called with the options of a server that is to be started, <paramref name="others"/> are commands beside it.</summary>
    public ServerCommandLine(Func<ServerOptions, CancellationToken, Task<int>> run, IEnumerable<Command>? others = null)
    {
        foreach (var option in new Option[] { _data, _http, _otlpGrpc, _otlpHttp, _pyroscope, _sampling, _grafana, _grafanaProxy, _events, _jaeger, _pageTraces, _token, _insecure, _noRedact, _allowHosts, _corsOrigins })
            _server.Options.Add(option);
        AddLimits();
        foreach (var option in _forward.Options) _server.Options.Add(option);
        foreach (var (name, description, standard, minimum, maximum, set) in ForwardCommandLine.Numbers)
            Number(name, description, standard, minimum, maximum, (options, value) => options with { Forward = set(options.Forward, value) });
        foreach (var (name, description, standard, maximum, set) in LaneThresholds.Options)
            Number(name, description, standard, 0, maximum, (options, value) => options with { Lanes = set(options.Lanes, value) });
        _numbers.Add((result, options) => options with { Forward = _forward.Read(result, options.Forward) });
        _numbers.AddRange(SignalCommandLine.AddTo(_server));
        _server.SetAction((result, cancellationToken) => run(Read(result), cancellationToken));
        _root.Subcommands.Add(_server);
        foreach (var command in others ?? []) _root.Subcommands.Add(command);
    }

    /// <summary>Reads the arguments and runs what they ask for; answers the exit code. Bad arguments are one line on <paramref name="errors"/>, exit code 2.</summary>
    public Task<int> InvokeAsync(string[] arguments, TextWriter output, TextWriter errors)
    {
        // Response files (@file) would read files behind the back of the engine's file layer.
        var parsed = _root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        // The parser's last error is the most specific: "unrecognized argument 'x'" comes behind "a command is required".
        var problem = parsed.Errors.Count > 0 ? parsed.Errors[^1].Message : parsed.CommandResult.Command == _server ? Contradiction(Read(parsed)) : null;
        if (problem is not null && !AsksForHelp(arguments))
        {
            var command = parsed.CommandResult.Command is RootCommand ? _server : parsed.CommandResult.Command;
            errors.WriteLine($"throughline: {problem.ReplaceLineEndings(" ").TrimEnd('.', ' ')}. 'throughline {command.Name} --help' lists the options.");
            return Task.FromResult(2);
        }
        return parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static bool AsksForHelp(string[] arguments) => arguments.Any(static a => a is "--help" or "-h" or "-?" or "--version");

    /// <summary>What is wrong with options that are each right by themselves, or null.</summary>
    private static string? Contradiction(ServerOptions options)
    {
        ServerPort[] ports = [.. options.Ports];
        foreach (var (option, address, _) in ports)
        {
            if (!address.IsLoopback && options.Token is null && !options.Insecure)
                return $"{option} {address} would listen beyond this machine; give --token TOKEN to protect it, or --insecure to accept that everyone who reaches it may read and write";
        }
        for (var i = 0; i < ports.Length; i++)
        {
            for (var j = i + 1; j < ports.Length; j++)
            {
                if (ports[i].Address.Port != 0 && ports[i].Address == ports[j].Address)
                    return $"{ports[i].Option} and {ports[j].Option} are both {ports[i].Address}; each protocol has its own port";
            }
        }
        if (options.GrafanaProxy is { } proxy && (proxy.Query.Length > 0 || proxy.Fragment.Length > 0))
            return $"--grafana-proxy {proxy.OriginalString} has more than an address and a path; give the Grafana itself, and the dashboard as --grafana-url";
        if (options.EventsUrl is { } events && (events.Query.Length > 0 || events.Fragment.Length > 0))
            return $"--events-url {events.OriginalString} has more than an address and a path; filters are the page's business";
        if (options.GrafanaProxy is { } grafana && options.GrafanaUrl is { } dashboard && !GrafanaLink.LiesBelow(dashboard, grafana))
            return $"--grafana-url {dashboard.OriginalString} does not lie below --grafana-proxy {grafana.OriginalString}; the page embeds what is passed on, so give a dashboard of that Grafana";
        if (options.Lanes.Gpu is { Saturated: { } most, Starved: { } least } && least >= most)
            return "--lane-gpu-starved-percent is not below --lane-gpu-saturated-percent; a GPU cannot be both at once";
        if (ForwardCommandLine.Contradiction(options.Forward) is { } forward) return forward;
        return options.Receive.MaxExpandedBodyBytes < options.Receive.MaxBodyBytes
            ? "--max-expanded-body-bytes is less than --max-body-bytes; it must be at least as large"
            : null;
    }

    private ServerOptions Read(ParseResult result)
    {
        var options = new ServerOptions
        {
            Http = result.GetRequiredValue(_http),
            OtlpGrpc = result.GetRequiredValue(_otlpGrpc),
            OtlpHttp = result.GetRequiredValue(_otlpHttp),
            Pyroscope = result.GetValue(_pyroscope),
            RemoteSampling = result.GetValue(_sampling),
            GrafanaUrl = result.GetValue(_grafana),
            GrafanaProxy = result.GetValue(_grafanaProxy),
            EventsUrl = result.GetValue(_events),
            JaegerUrl = result.GetValue(_jaeger),
            PageTraceRate = result.GetValue(_pageTraces),
            Token = result.GetValue(_token),
            Insecure = result.GetValue(_insecure),
            Redact = !result.GetValue(_noRedact),
            AllowedHosts = result.GetValue(_allowHosts) ?? [],
            OtlpCorsOrigins = result.GetValue(_corsOrigins) ?? [],
            Store = new TraceStoreOptions { Directory = result.GetRequiredValue(_data) },
            Settings = SettingsInForce.Read(result, _server.Options),
        };
        return _numbers.Aggregate(options, (read, set) => set(result, read));
    }

    private void AddLimits()
    {
        var receive = new ReceiveLimits();
        var store = new TraceStoreOptions { Directory = "" };
        Receive("--max-body-bytes", "Bytes of an export request as it comes over the wire.", receive.MaxBodyBytes, 1024, 1 << 30, (r, v) => r with { MaxBodyBytes = (int)v });
        Receive("--max-nesting", "How deep attribute values may nest.", receive.MaxNesting, 1, 128, (r, v) => r with { MaxNesting = (int)v });
        Receive("--profile-max-frames", "Frames of the stacks and values of the samples of one request's profiles together, and entries of the tables of one of them.", receive.Profiles.MaxFrames, 1000, 1 << 28, (r, v) => r with { Profiles = r.Profiles with { MaxFrames = (int)v } });
        Receive("--profile-max-label-sets", "Different sets of labels that the samples of one profile may have; samples of others are stored without labels.", receive.Profiles.MaxLabelSets, 0, 100_000, (r, v) => r with { Profiles = r.Profiles with { MaxLabelSets = (int)v } });
        Receive("--max-expanded-body-bytes", "Bytes of an export request after decompression.", receive.MaxExpandedBodyBytes, 1024, 1 << 30, (r, v) => r with { MaxExpandedBodyBytes = (int)v });
        Receive("--max-requests", "Export requests worked on at once.", receive.MaxConcurrentRequests, 1, 100_000, (r, v) => r with { MaxConcurrentRequests = (int)v });
        Receive("--max-in-flight-bytes", "Bytes of export requests in memory at once.", receive.MaxBytesInFlight, 1024, 1L << 40, (r, v) => r with { MaxBytesInFlight = v });
        Receive("--max-memory-bytes", "Memory of the process above which senders are told to come again; 0 for no limit.", receive.MaxMemoryBytes, 0, 1L << 50, (r, v) => r with { MaxMemoryBytes = v });
        Receive("--min-free-bytes", "Bytes that are to stay free on the disk; below them nothing is taken in, and queries go on.", receive.MinFreeBytes, 0, 1L << 50, (r, v) => r with { MinFreeBytes = v });
        Receive("--max-connections", "Connections of all ports together.", receive.MaxConnections, 1, 1_000_000, (r, v) => r with { MaxConnections = (int)v });
        Receive("--max-streams", "Streams of one HTTP/2 connection.", receive.MaxStreamsPerConnection, 1, 10_000, (r, v) => r with { MaxStreamsPerConnection = (int)v });
        Receive("--max-header-bytes", "Bytes of a request's headers.", receive.MaxHeaderBytes, 1024, 1 << 20, (r, v) => r with { MaxHeaderBytes = (int)v });
        Receive("--header-timeout-seconds", "Time for a request's headers to arrive.", (long)receive.HeaderTimeout.TotalSeconds, 1, 3600, (r, v) => r with { HeaderTimeout = TimeSpan.FromSeconds(v) });
        Receive("--body-timeout-seconds", "Time for a request's body to arrive.", (long)receive.BodyTimeout.TotalSeconds, 1, 3600, (r, v) => r with { BodyTimeout = TimeSpan.FromSeconds(v) });
        Store("--query-concurrency", "Searches and reads that run at once; more wait.", store.MaxConcurrentQueries, 1, 1024, (s, v) => s with { MaxConcurrentQueries = (int)v });
        Store("--query-timeout-seconds", "Time after which a search answers with what it has.", (long)store.SearchTimeLimit.TotalSeconds, 1, 3600, (s, v) => s with { SearchTimeLimit = TimeSpan.FromSeconds(v) });
        Store("--query-max-bytes", "Memory that one query may take of its own; then it answers with what it has.", store.QueryMaxBytes, 1 << 20, 1L << 40, (s, v) => s with { QueryMaxBytes = v });
        Store("--trace-max-bytes", "Memory that reading one trace may take of its own; then it is cut, and says so.", store.TraceMaxBytes, 1 << 20, 1L << 40, (s, v) => s with { TraceMaxBytes = v });
        Store("--query-helpers", "Threads that all queries together may take beside their own.", store.QueryHelpers, 0, 1024, (s, v) => s with { QueryHelpers = (int)v });
        Store("--duplicate-max-requests", "Requests that are remembered to recognise retries.", store.DuplicateMaxRequests, 0, 100_000_000, (s, v) => s with { DuplicateMaxRequests = (int)v });
        Store("--head-max-spans", "Spans in memory before they are written as a block.", store.HeadMaxSpans, 1, 100_000_000, (s, v) => s with { HeadMaxSpans = (int)v });
        Store("--head-max-bytes", "Memory of those spans before they are written as a block.", store.HeadMaxBytes, 1 << 16, 1L << 40, (s, v) => s with { HeadMaxBytes = v });
        Store("--tail-max-spans", "With tail sampling: spans of traces that are not quiet yet and wait at most, never more than half of the head; above it the oldest are decided early.", store.TailMaxSpans, 1, int.MaxValue, (s, v) => s with { TailMaxSpans = (int)v });
        Store("--tail-max-age-seconds", "With tail sampling: age at which a trace is decided, quiet or not.", (long)store.TailMaxAge.TotalSeconds, 1, 86400, (s, v) => s with { TailMaxAge = TimeSpan.FromSeconds(v) });
        Store("--tail-head-age-seconds", "With tail sampling: age of a head before it is written as a block, which is when quiet traces are decided.", (long)store.TailHeadMaxAge.TotalSeconds, 1, 86400, (s, v) => s with { TailHeadMaxAge = TimeSpan.FromSeconds(v) });
        Store("--tail-remembered-traces", "With tail sampling: traces whose decision is remembered for their late spans.", store.TailRememberedTraces, 1, 10_000_000, (s, v) => s with { TailRememberedTraces = (int)v });
        Store("--head-max-age-seconds", "Age of those spans before they are written as a block.", (long)store.HeadMaxAge.TotalSeconds, 1, 30 * 86400, (s, v) => s with { HeadMaxAge = TimeSpan.FromSeconds(v) });
        Store("--log-segment-bytes", "Bytes of a segment of the log.", store.LogSegmentBytes, 1 << 12, 1L << 32, (s, v) => s with { LogSegmentBytes = v });
        Store("--log-queue-bytes", "Bytes of requests that may wait for the log.", store.LogQueueBytes, 1 << 12, 1L << 40, (s, v) => s with { LogQueueBytes = v });
        Store("--trace-cache-bytes", "Memory for large traces that were read, for their next windows; 0 keeps none.", store.TraceCacheBytes, 0, 1L << 40, (s, v) => s with { TraceCacheBytes = v });
        Number("--drop-counts-seconds", "How often the counts of what was dropped are written down; a crash forgets at most what was counted since.", (long)new ServerOptions { Store = store }.ProcessCountsInterval.TotalSeconds, 1, 3600,
            (options, value) => options with { ProcessCountsInterval = TimeSpan.FromSeconds(value) });
        Number("--metrics-max-series", "Series of metrics that may get points within an hour; points of others are refused.", new ServerOptions { Store = store }.MetricsMaxSeries, 1, 10_000_000,
            (options, value) => options with { MetricsMaxSeries = (int)value });
        Number("--red-max-operations", "Combinations of service, operation, kind and status that /metrics counts spans by; spans of others are counted in one number.", new ServerOptions { Store = store }.RedMaxOperations, 0, 1_000_000,
            (options, value) => options with { RedMaxOperations = (int)value });
        Store("--facet-cache-bytes", "Memory for the counts of values of blocks; 0 keeps none.", store.FacetCacheBytes, 0, 1L << 40, (s, v) => s with { FacetCacheBytes = v });
        Number("--grafana-timeout-seconds", "Time that a Grafana behind --grafana-proxy may be silent.", (long)new ServerOptions { Store = store }.GrafanaTimeout.TotalSeconds, 1, 3600,
            (options, value) => options with { GrafanaTimeout = TimeSpan.FromSeconds(value) });
        Number("--events-timeout-seconds", "Time that the API behind --events-url may take to answer.", (long)new ServerOptions { Store = store }.EventsTimeout.TotalSeconds, 1, 3600,
            (options, value) => options with { EventsTimeout = TimeSpan.FromSeconds(value) });
        AddRetention(store.Retention);
        Store("--max-pinned-traces", "Traces that may be pinned.", store.MaxPinnedTraces, 0, 1_000_000, (s, v) => s with { MaxPinnedTraces = (int)v });
        Store("--compact-target-spans", "Spans that blocks are merged up to; half as many are left alone.", store.Compaction.TargetSpans, 1, 100_000_000,
            (s, v) => s with { Compaction = s.Compaction with { TargetSpans = v } });
        Store("--compact-merge-bytes", "Memory of the rows that a merge of blocks holds at once; beyond it fewer are merged at a time.", store.Compaction.MaxMergeBytes, 1 << 20, 1L << 40,
            (s, v) => s with { Compaction = s.Compaction with { MaxMergeBytes = v } });
        Store("--block-cache-bytes", "Memory for all that is decoded of blocks.", store.BlockCacheBytes, 0, 1L << 40, (s, v) => s with { BlockCacheBytes = v });
    }

    private void AddRetention(RetentionOptions standard)
    {
        var age = new Option<TimeSpan>("--retention")
        {
            Description = "Age at which spans go, from when they were received: 7d, 36h, 90m; 0 keeps them for ever.",
            HelpName = "TIME",
            DefaultValueFactory = _ => standard.MaxAge,
            CustomParser = static result => Age("--retention", result),
        };
        _server.Options.Add(age);
        _numbers.Add((result, options) => options with { Store = options.Store with { Retention = options.Store.Retention with { MaxAge = result.GetValue(age) } } });
        Store("--retention-traces", "Traces that are kept, the latest by their start; 0 for no limit.", standard.MaxTraces, 0, long.MaxValue, (s, v) => s with { Retention = s.Retention with { MaxTraces = v } });
        Store("--retention-bytes", "Bytes of blocks that are kept; 0 for no limit.", standard.MaxBytes, 0, long.MaxValue, (s, v) => s with { Retention = s.Retention with { MaxBytes = v } });
    }

    private void Receive(string name, string description, long standard, long minimum, long maximum, Func<ReceiveLimits, long, ReceiveLimits> set) =>
        Number(name, description, standard, minimum, maximum, (options, value) => options with { Receive = set(options.Receive, value) });

    private void Store(string name, string description, long standard, long minimum, long maximum, Func<TraceStoreOptions, long, TraceStoreOptions> set) =>
        Number(name, description, standard, minimum, maximum, (options, value) => options with { Store = set(options.Store, value) });

    private void Number(string name, string description, long standard, long minimum, long maximum, Func<ServerOptions, long, ServerOptions> set)
    {
        var option = new Option<long>(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => standard,
            CustomParser = result => Whole(name, minimum, maximum, result),
        };
        _server.Options.Add(option);
        _numbers.Add((result, options) => set(options, result.GetValue(option)));
    }

    /// <summary>A time as an option takes it, or an error.</summary>
    internal static TimeSpan Age(string name, ArgumentResult result)
    {
        if (!TimeText.TryParse(result.Tokens[0].Value, out var time))
            result.AddError($"{name} takes a whole number with s, m, h or d, such as 7d, or 0 for ever, not '{result.Tokens[0].Value}'");
        return time;
    }

    /// <summary>A number as an option takes it, or an error.</summary>
    internal static long Whole(string name, long minimum, long maximum, ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= minimum && value <= maximum) return value;
        result.AddError($"{name} takes a whole number from {minimum} to {maximum}, not '{text}'");
        return 0;
    }

    private static double Share(string name, ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1) return share;
        result.AddError($"{name} takes a number from 0 to 1, such as 0.25, not '{text}'");
        return 0;
    }

    private static Option<ListenAddress> Listen(string name, string standard, string description) => new(name)
    {
        Description = description + " Port 0 picks a free one.",
        HelpName = "URL",
        DefaultValueFactory = result => Address(name, standard, result),
        CustomParser = result => Address(name, result.Tokens[0].Value, result),
    };

    private static Option<ListenAddress?> MaybeListen(string name, string description) => new(name)
    {
        Description = description + " Port 0 picks a free one.",
        HelpName = "URL",
        CustomParser = result => Address(name, result.Tokens[0].Value, result),
    };

    private static ListenAddress Address(string name, string url, ArgumentResult result)
    {
        if (!ListenAddress.TryParse(url, out var address, out var problem)) result.AddError($"{name}: {problem}");
        return address;
    }

    private static Option<Uri?> Link(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "URL",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            // The page makes a link of it and the content security policy names its origin.
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0) return uri;
            result.AddError($"{name} takes an http or https URL, not '{text}'");
            return null;
        },
    };

    private static string HostName(string text, ArgumentResult result)
    {
        if (Uri.CheckHostName(text.Trim('[', ']')) == UriHostNameType.Unknown)
            result.AddError($"--allow-host takes a name or an address without a port, not '{text}'");
        return text;
    }

    private static string Origin(string text, ArgumentResult result)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.GetLeftPart(UriPartial.Authority) != text)
            result.AddError($"--otlp-cors-origin takes an origin such as https://shop.example, without a path and in lower case, not '{text}'");
        return text;
    }
}
