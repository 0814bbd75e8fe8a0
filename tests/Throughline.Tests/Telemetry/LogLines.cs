using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Throughline.Tests.Telemetry;

/// <summary>Keeps every line that is logged, as a logger and as a provider of loggers. Thread-safe.</summary>
internal class LogLines : ILogger, ILoggerProvider
{
    private readonly ConcurrentQueue<string> _written = [];

    public IReadOnlyList<string> Written => [.. _written];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _written.Enqueue(formatter(state, exception));

    public void Dispose()
    {
        // There is nothing to let go.
    }
}

/// <summary>The same for who wants the logger of a type.</summary>
internal sealed class LogLines<TCategory> : LogLines, ILogger<TCategory>;
