using System.Collections.Concurrent;

namespace Throughline.Server.Process;

/// <summary>
/// The rules in force, ready to be used, under their version: what every record of the log names. Swapped whole; the rules do not change, but what limits a service's traces a second learns as they
/// come. Thread safe.
/// </summary>
public sealed class ProcessPolicy
{
    /// <summary>Services that are told apart; those beyond share one limit.</summary>
    private const int MaxServices = 2_000;

    /// <summary>Traces that the limits of one service, and of all services together, remember to treat all spans of a trace alike: about 64 bytes each.</summary>
    private const int MaxTracesOfService = 65_536, MaxTraces = 1 << 20;

    private const string OtherServices = "";

    private readonly ConcurrentDictionary<string, ServiceSampler> _services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ServiceRate> _rates;
    private readonly TimeProvider _time;
    private volatile int _serviceCount;

    internal ProcessPolicy(ProcessRules rules, uint version, ulong? changedUnixNano, byte[] hashKey, bool redactsSensitive, TimeProvider time)
    {
        Rules = rules;
        Version = version;
        ChangedUnixNano = changedUnixNano;
        HashKey = hashKey;
        RedactsSensitive = redactsSensitive;
        Redaction = new RedactionRules(rules.Redaction, hashKey);
        NestedRedaction = new EncodedValueRedactor(Redaction);
        Spans = rules.Limits.SpansPerTrace is { } most ? new TraceSpans(most) : null;
        _rates = rules.Sampling.Services.ToDictionary(static s => s.Service, static s => s.Keep, StringComparer.Ordinal);
        _time = time;
        SamplesHead = rules.Sampling.Services.Select(static s => s.Keep).Append(rules.Sampling.Default).Any(static keep => (keep.Rate < 1 && !keep.IsRemote) || keep.TracesPerSecond is not null);
    }

    /// <summary>The rules as they were given.</summary>
    public ProcessRules Rules { get; }

    /// <summary>Grows with every change; 0 before the first.</summary>
    public uint Version { get; }

    /// <summary>When they were changed; null before the first change.</summary>
    public ulong? ChangedUnixNano { get; }

    /// <summary>Whether the built-in sensitive keys are redacted.</summary>
    internal bool RedactsSensitive { get; }

    internal byte[] HashKey { get; }

    internal RedactionRules Redaction { get; }

    internal EncodedValueRedactor NestedRedaction { get; }

    /// <summary>Whether any service's spans may be dropped when they arrive.</summary>
    internal bool SamplesHead { get; }

    /// <summary>Counts the spans of traces; null where they are not limited.</summary>
    internal TraceSpans? Spans { get; }

    /// <summary>What decides about a service's spans.</summary>
    internal ServiceSampler SamplerOf(string service)
    {
        if (_services.TryGetValue(service, out var known)) return known;
        // A sender that invents services must not take memory without bounds.
        var name = _serviceCount < MaxServices || _rates.ContainsKey(service) ? service : OtherServices;
        var sampler = _services.GetOrAdd(name, static (_, of) => new ServiceSampler(of.Keep, of.Policy.TracesOfService, of.Policy._time), (Keep: _rates.GetValueOrDefault(service, Rules.Sampling.Default), Policy: this));
        // Counting them takes all of the dictionary's locks, so it is done when there is one more and not for every trace.
        if (name.Length > 0) _serviceCount = _services.Count;
        return sampler;
    }

    /// <summary>Traces that the limit of one service remembers, now that there are as many services.</summary>
    internal int TracesOfService() => Math.Min(MaxTracesOfService, MaxTraces / Math.Max(1, _serviceCount));
}
