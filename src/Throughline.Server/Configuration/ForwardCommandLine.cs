using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Throughline.Engine.Model;

namespace Throughline.Server.Configuration;

/// <summary>The options of forwarding. Used once, by one thread.</summary>
internal sealed class ForwardCommandLine
{
    private static readonly ForwardOptions s_standard = new();

    private readonly Option<Uri?> _target = new("--forward")
    {
        Description = "Another OTLP endpoint that everything stored is passed on to, such as http://collector:4317.",
        HelpName = "URL",
        CustomParser = static result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0) return uri;
            result.AddError($"--forward takes an http or https URL without user, query and fragment, not '{result.Tokens[0].Value}'");
            return null;
        },
    };

    private static readonly (string Name, SignalKind Signal)[] s_signals = [("traces", SignalKind.Traces), ("logs", SignalKind.Logs), ("metrics", SignalKind.Metrics)];

    private readonly Option<SignalKind[]> _signals = new("--forward-signals")
    {
        Description = "Signals that are passed on: traces, logs, metrics, or several of them with commas between. A target that does not take one of them keeps the others waiting.",
        HelpName = "SIGNALS",
        DefaultValueFactory = static _ => [.. s_standard.Signals],
        CustomParser = static result => Signals(string.Join(',', result.Tokens.Select(static t => t.Value)), result),
    };

    private readonly Option<ForwardProtocol> _protocol = Named("--forward-protocol", "The target's protocol: grpc, or http (protobuf).", s_standard.Protocol, ("grpc", ForwardProtocol.Grpc), ("http", ForwardProtocol.Http));

    private readonly Option<ForwardFull> _whenFull = Named("--forward-queue-full", "What gives way when the queue is full: drop-oldest or refuse-newest.", s_standard.WhenFull,
        ("drop-oldest", ForwardFull.DropOldest), ("refuse-newest", ForwardFull.RefuseNewest));

    private readonly Option<string> _compress = Named("--forward-compression", "gzip or none.", "gzip", ("gzip", "gzip"), ("none", "none"));

    private readonly Option<KeyValuePair<string, string>[]> _headers = new("--forward-header")
    {
        Description = "A header of every request to the target, such as \"Authorization: Bearer x\". Repeatable.",
        HelpName = "HEADER",
        CustomParser = static result => [.. result.Tokens.Select(token => Header(token.Value, result))],
        DefaultValueFactory = static _ => [],
    };

    private readonly Option<string?> _authority = new("--forward-ca") { Description = "PEM file of the authorities of the target's certificate; else those of the system.", HelpName = "FILE" };
    private readonly Option<string?> _certificate = new("--forward-cert") { Description = "PEM file of a certificate to show to the target.", HelpName = "FILE" };
    private readonly Option<string?> _key = new("--forward-cert-key") { Description = "PEM file of that certificate's key.", HelpName = "FILE" };

    private readonly Option<double> _share = new("--forward-share")
    {
        Description = "Share of the traces that is passed on, chosen by their ids: above 0, at most 1.",
        HelpName = "SHARE",
        DefaultValueFactory = static _ => s_standard.Share,
        CustomParser = static result =>
        {
            if (double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is > 0 and <= 1) return share;
            result.AddError($"--forward-share takes a number above 0 and at most 1, not '{result.Tokens[0].Value}'");
            return 1;
        },
    };

    /// <summary>The options that are no whole numbers.</summary>
    internal IEnumerable<Option> Options => [_target, _signals, _protocol, _headers, _compress, _authority, _certificate, _key, _share, _whenFull];

    /// <summary>The options that are whole numbers.</summary>
    internal static IEnumerable<(string Name, string Description, long Standard, long Minimum, long Maximum, Func<ForwardOptions, long, ForwardOptions> Set)> Numbers =>
    [
        ("--forward-queue-bytes", "Bytes that may wait on disk for the target.", s_standard.QueueBytes, 1 << 20, 1L << 40, static (f, v) => f with { QueueBytes = v }),
        ("--forward-batch-bytes", "Bytes that are sent to the target at once.", s_standard.BatchBytes, 1024, 64 << 20, static (f, v) => f with { BatchBytes = (int)v }),
        ("--forward-linger-ms", "Time that what has come waits for more, to be sent together.", (long)s_standard.Linger.TotalMilliseconds, 1, 60_000, static (f, v) => f with { Linger = TimeSpan.FromMilliseconds(v) }),
        ("--forward-timeout-seconds", "Time for a request to the target.", (long)s_standard.Timeout.TotalSeconds, 1, 3600, static (f, v) => f with { Timeout = TimeSpan.FromSeconds(v) }),
        ("--forward-max-backoff-seconds", "Longest wait between two attempts, unless the target asks for more.", (long)s_standard.MaxBackoff.TotalSeconds, 1, 86_400, static (f, v) => f with { MaxBackoff = TimeSpan.FromSeconds(v) }),
    ];

    /// <summary>Takes over what was given.</summary>
    internal ForwardOptions Read(ParseResult result, ForwardOptions options) => options with
    {
        Target = result.GetValue(_target),
        Signals = result.GetRequiredValue(_signals),
        Protocol = result.GetValue(_protocol),
        Headers = result.GetValue(_headers) ?? [],
        Compress = result.GetValue(_compress) == "gzip",
        AuthorityFile = result.GetValue(_authority),
        CertificateFile = result.GetValue(_certificate),
        KeyFile = result.GetValue(_key),
        Share = result.GetValue(_share),
        WhenFull = result.GetValue(_whenFull),
    };

    /// <summary>What is wrong with options that are each right by themselves, or null.</summary>
    internal static string? Contradiction(ForwardOptions options)
    {
        if ((options.CertificateFile is null) != (options.KeyFile is null)) return "--forward-cert and --forward-cert-key belong together; give both or neither";
        if (options.Target is { Scheme: "http" } && (options.AuthorityFile ?? options.CertificateFile) is not null) return $"--forward {options.Target.OriginalString} is without TLS; certificates are for an https target";
        return options is { Target.AbsolutePath: not "/", Protocol: ForwardProtocol.Grpc }
            ? $"--forward {options.Target.OriginalString} has a path, which gRPC has no use for; give an address, or --forward-protocol http"
            : null;
    }

    private static Option<T> Named<T>(string name, string description, T standard, params (string Name, T Value)[] names) where T : notnull => new(name)
    {
        Description = description,
        HelpName = string.Join("|", names.Select(static n => n.Name)),
        DefaultValueFactory = _ => standard,
        CustomParser = result =>
        {
            foreach (var (text, value) in names)
            {
                if (result.Tokens[0].Value == text) return value;
            }
            result.AddError($"{name} takes {string.Join(" or ", names.Select(static n => n.Name))}, not '{result.Tokens[0].Value}'");
            return standard;
        },
    };

    private static SignalKind[] Signals(string text, ArgumentResult result)
    {
        var signals = new List<SignalKind>();
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var known = Array.FindIndex(s_signals, s => s.Name == name);
            if (known < 0) result.AddError($"--forward-signals takes {string.Join(", ", s_signals.Select(static s => s.Name))}, with commas between, not '{text}'");
            else if (!signals.Contains(s_signals[known].Signal)) signals.Add(s_signals[known].Signal);
            if (known < 0) break;
        }
        return [.. signals];
    }

    private static KeyValuePair<string, string> Header(string text, ArgumentResult result)
    {
        var colon = text.IndexOf(':');
        var (name, value) = colon <= 0 ? ("", "") : (text[..colon].Trim(), text[(colon + 1)..].Trim());
        var isName = name.Length > 0 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        // The value may be a secret, and is not repeated.
        if (!isName || !value.All(static c => c is >= ' ' and <= '~')) result.AddError("--forward-header takes NAME: VALUE in ASCII, such as \"Authorization: Bearer x\"");
        else if (name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase) || name.ToLowerInvariant() is "content-type" or "content-length" or "content-encoding" or "host" or "te" or "transfer-encoding" or "connection")
            result.AddError($"--forward-header cannot set {name}, which is the protocol's own");
        return new KeyValuePair<string, string>(name, value);
    }
}
