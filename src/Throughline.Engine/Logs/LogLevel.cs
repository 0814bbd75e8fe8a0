namespace Throughline.Engine.Logs;

/// <summary>The ranges of OTLP's severity numbers (Logs Data Model, "Field: SeverityNumber"); the order is that of the numbers.</summary>
public enum LogLevel
{
    /// <summary>0, or a number that OTLP does not know.</summary>
    Unset,
    /// <summary>1 to 4.</summary>
    Trace,
    /// <summary>5 to 8.</summary>
    Debug,
    /// <summary>9 to 12.</summary>
    Info,
    /// <summary>13 to 16.</summary>
    Warn,
    /// <summary>17 to 20.</summary>
    Error,
    /// <summary>21 to 24.</summary>
    Fatal,
}

/// <summary>What severity numbers mean.</summary>
public static class LogSeverity
{
    /// <summary>Number of <see cref="LogLevel"/>s.</summary>
    public const int Levels = 7;

    /// <summary>The largest number that OTLP knows.</summary>
    public const int Largest = 24;

    /// <summary>The level of a severity number.</summary>
    public static LogLevel LevelOf(int severityNumber) => severityNumber is < 1 or > Largest ? LogLevel.Unset : (LogLevel)((severityNumber + 3) / 4);

    /// <summary>The smallest severity number of a level; 0 for <see cref="LogLevel.Unset"/>.</summary>
    public static int SmallestOf(LogLevel level) => level == LogLevel.Unset ? 0 : (int)level * 4 - 3;
}
