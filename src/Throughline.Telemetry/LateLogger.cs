using Microsoft.Extensions.Logging;

namespace Throughline.Telemetry;

/// <summary>
/// The logger of what exports logs, which is made before the logger is and ends after it: until the host has started, lines go to standard
/// error. Owned by the host; thread-safe.
/// </summary>
internal sealed class LateLogger : ILogger
{
    private volatile ILogger? _logger;

    public void Use(ILogger logger) => _logger = logger;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => _logger?.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => _logger?.IsEnabled(logLevel) ?? logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (_logger is { } logger) logger.Log(logLevel, eventId, state, exception, formatter);
        else if (IsEnabled(logLevel)) Console.Error.WriteLine(formatter(state, exception));
    }
}
