namespace MedicineMan.Host.Plugins.Faults;

/// The last lines a plugin has logged, for its page. All of them also go to the host's own log.
internal sealed class PluginLog(TimeProvider clock)
{
    private const int Kept = 200;
    private const int LongestLine = 2000;

    private readonly Lock gate = new();
    private readonly Queue<PluginLogLine> lines = [];

    /// The oldest first.
    public IReadOnlyList<PluginLogLine> Lines
    {
        get
        {
            lock (gate)
            {
                return [.. lines];
            }
        }
    }

    /// The host's loggers, each listened to.
    public ILoggerFactory Over(ILoggerFactory host) => new Factory(host, this);

    private void Add(LogLevel level, string message)
    {
        lock (gate)
        {
            lines.Enqueue(new PluginLogLine(clock.GetUtcNow(), level, message.Length > LongestLine ? message[..LongestLine] + "…" : message));
            if (lines.Count > Kept)
            {
                lines.Dequeue();
            }
        }
    }

    private sealed class Factory(ILoggerFactory host, PluginLog log) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => new Listened(host.CreateLogger(categoryName), log);

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The host decides where logs go.");

        public void Dispose()
        {
            // The host's factory is not the plugin's to end.
        }
    }

    private sealed class Listened(ILogger host, PluginLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => host.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information || host.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Information)
            {
                log.Add(logLevel, exception is null ? formatter(state, exception) : $"{formatter(state, exception)} {PluginEntry.Sentence(exception)}");
            }

            // As text: the host's log must keep neither the state nor the exception of a plugin's type.
            if (host.IsEnabled(logLevel))
            {
                host.Log(logLevel, eventId, formatter(state, exception) + (exception is null ? "" : "\n" + exception), null, static (line, _) => line);
            }
        }
    }
}

internal sealed record PluginLogLine(DateTimeOffset At, LogLevel Level, string Message);
