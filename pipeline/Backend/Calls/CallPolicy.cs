using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Throughline.Pipeline.Backend.Calls;

/// <summary>
/// When a failed try is followed by another, and when a service is left alone for a while: retries with exponential backoff, or
/// after the pause that the service asks for, around a circuit breaker. Owned by one <see cref="ServiceCaller"/>. Thread-safe.
/// </summary>
internal sealed class CallPolicy
{
    private readonly CircuitBreakerStateProvider _breaker = new();
    private readonly ResiliencePipeline _pipeline;

    public CallPolicy(string service, ServiceOptions options, TimeProvider time, ILogger logger)
    {
        var worthAnotherTry = new PredicateBuilder().Handle<ServiceCallException>(problem => problem.WorthAnotherTry);
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.Attempts > 1)
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = worthAnotherTry, MaxRetryAttempts = options.Attempts - 1, BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromSeconds(options.PauseSeconds), UseJitter = options.PauseSeconds > 0,
                DelayGenerator = failed => ValueTask.FromResult(AskedPause(failed.Outcome.Exception, failed.AttemptNumber, options)),
            });
        _pipeline = builder.AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            ShouldHandle = worthAnotherTry, StateProvider = _breaker, FailureRatio = options.BreakerFailureRatio,
            MinimumThroughput = options.BreakerMinimumTries, SamplingDuration = TimeSpan.FromSeconds(options.BreakerWindowSeconds),
            BreakDuration = TimeSpan.FromSeconds(options.BreakerOpenSeconds),
            OnOpened = opened =>
            {
                logger.LogWarning("Too many calls of {Service} failed; it is left alone for {Seconds} s. The last: {Problem}",
                    service, opened.BreakDuration.TotalSeconds, opened.Outcome.Exception?.Message);
                return default;
            },
            OnClosed = _ =>
            {
                logger.LogInformation("{Service} answers again.", service);
                return default;
            },
        }).Build();
    }

    /// <summary>The breaker's state in a word: <c>closed</c> (calls go through), <c>half_open</c> (one is let through), <c>open</c>.</summary>
    public string State => _breaker.CircuitState switch
    {
        CircuitState.Closed => "closed",
        CircuitState.HalfOpen => "half_open",
        _ => "open",
    };

    /// <summary>The pause that the service asked for, as long as it may ask for; null where the policy's own is as long.</summary>
    private static TimeSpan? AskedPause(Exception? failure, int attempt, ServiceOptions options)
    {
        if (failure is not ServiceCallException { RetryAfter: { } asked }) return null;
        var pause = TimeSpan.FromSeconds(Math.Min(asked.TotalSeconds, options.RetryAfterLimitSeconds));
        return pause.TotalSeconds > options.PauseSeconds * Math.Pow(2, attempt) ? pause : null;
    }

    /// <exception cref="BrokenCircuitException">The breaker is open; nothing was tried.</exception>
    public ValueTask<TAnswer> RunAsync<TAnswer>(Func<CancellationToken, ValueTask<TAnswer>> attempt, CancellationToken cancellation) =>
        _pipeline.ExecuteAsync(attempt, cancellation);
}
