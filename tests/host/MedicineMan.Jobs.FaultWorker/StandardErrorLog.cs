using Microsoft.Extensions.Logging;

namespace MedicineMan.Jobs.FaultWorker;

/// What goes wrong in the worker, on standard error, where the test that started it keeps the last lines.
internal sealed class StandardErrorLog : ILogger<JobWorker>
{
    private const int Longest = 600;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            var line = $"{formatter(state, exception)} {exception}".ReplaceLineEndings(" | ");
            Console.Error.WriteLine(line[..Math.Min(line.Length, Longest)]);
        }
    }
}
