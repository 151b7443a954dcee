using System;
using Curia.Node;
using Microsoft.Extensions.Logging;

namespace Curia.Host;

/// <summary>Hands what the web server complains about to the one log.</summary>
/// <remarks>Only warnings and above, and of an exception only its type: its text may quote what a client
/// sent.</remarks>
internal sealed class KestrelLog : ILoggerProvider
{
    private readonly HostLog log;

    /// <summary>Writes to this log.</summary>
    public KestrelLog(HostLog log) => this.log = log;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Category(log, categoryName);

    // A start that fails ends the process with a line of our own.
    private static bool IsStart(string category) =>
        category.StartsWith("Microsoft.Extensions.Hosting", StringComparison.Ordinal);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class Category : ILogger
    {
        private readonly HostLog log;
        private readonly string name;

        public Category(HostLog log, string name)
        {
            this.log = log;
            this.name = name;
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and < LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel) || IsStart(name)) return;
            string reason = exception is null ? formatter(state, null) : exception.GetType().Name;
            log.Write(logLevel == LogLevel.Warning ? LogSeverity.Warning : LogSeverity.Error,
                $"{name} {eventId.Name}: {reason}");
        }
    }
}
