namespace Throughline.Server.Hosting;

/// <summary>Writes log entries as single lines for an operator. Thread safe; the writer belongs to the caller.</summary>
internal sealed class TerseLoggerProvider(TextWriter output) : ILoggerProvider
{
    private readonly TextWriter _output = TextWriter.Synchronized(output);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new TerseLogger(_output);

    /// <inheritdoc/>
    public void Dispose() => _output.Flush();

    private sealed class TerseLogger(TextWriter output) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            var level = logLevel switch { LogLevel.Information => "info", LogLevel.Warning => "warning", _ => "error" };
            var line = $"{level}: {formatter(state, exception).ReplaceLineEndings(" ")}";
            // A trace of the stack only where something is broken in the program itself.
            output.WriteLine(exception is null ? line : logLevel >= LogLevel.Error ? $"{line}\n{exception}" : $"{line} ({exception.Message.ReplaceLineEndings(" ")})");
        }
    }
}
