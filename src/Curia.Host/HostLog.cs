using System;
using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading;
using Curia.Node;

namespace Curia.Host;

/// <summary>How a line of the log looks.</summary>
internal enum LogFormat
{
    /// <summary>One JSON object a line: time, level, message.</summary>
    Json,

    /// <summary>Time, level and message as plain text.</summary>
    Text,
}

/// <summary>The one log of the process: lines to standard error, written by a thread of its own.</summary>
/// <remarks>Callers never wait: a reader of standard error that sleeps must not stop the ledger. Nothing of a request
/// but its path template, no key and no body is ever handed to it.</remarks>
internal sealed class HostLog : IDisposable
{
    // A line is at most some hundred bytes; 4,096 of them bridge a reader that pauses for seconds. Beyond: lines are
    // counted and dropped.
    private const int LinesQueuedMax = 4096;

    // A log is read by people, never put into a page: quotes and other scripts stay as they are.
    private static readonly JsonWriterOptions readable =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(2);

    private readonly BlockingCollection<string> lines = new(LinesQueuedMax);
    private readonly LogFormat format;
    private readonly LogSeverity least;
    private readonly Thread writer;
    private long dropped;

    /// <summary>Starts the writing thread.</summary>
    /// <param name="format">How lines look.</param>
    /// <param name="least">Lines below this severity are left out.</param>
    public HostLog(LogFormat format, LogSeverity least)
    {
        this.format = format;
        this.least = least;
        writer = new Thread(WriteLines) { IsBackground = true, Name = "log" };
        writer.Start();
    }

    /// <summary>Something that an operator wants to see.</summary>
    public void Info(string message) => Write(LogSeverity.Information, message);

    /// <summary>Something that an operator should look at.</summary>
    public void Warning(string message) => Write(LogSeverity.Warning, message);

    /// <summary>Something that does not work.</summary>
    public void Error(string message) => Write(LogSeverity.Error, message);

    /// <summary>Queues one line, or drops it when too many wait or the severity is too low.</summary>
    public void Write(LogSeverity severity, string message)
    {
        if (severity < least) return;
        string line = Format(DateTimeOffset.UtcNow, severity, message);
        try
        {
            if (!lines.TryAdd(line)) Interlocked.Increment(ref dropped);
        }
        catch (InvalidOperationException)
        {
            // The process ends, and the log is closed or disposed: whatever thread is left must not fail for it.
        }
    }

    /// <summary>Writes what waits, for at most two seconds.</summary>
    public void Dispose()
    {
        lines.CompleteAdding();
        if (writer.Join(FlushTime)) lines.Dispose();
    }

    private void WriteLines()
    {
        try
        {
            using Stream standardError = Console.OpenStandardError();
            foreach (string line in lines.GetConsumingEnumerable())
            {
                standardError.Write(Encoding.UTF8.GetBytes(line));
                long lost = Interlocked.Exchange(ref dropped, 0);
                if (lost > 0)
                {
                    string notice = Format(DateTimeOffset.UtcNow, LogSeverity.Warning,
                        $"{lost} lines of the log were dropped");
                    standardError.Write(Encoding.UTF8.GetBytes(notice));
                }
            }
        }
        catch (IOException)
        {
            // Nobody reads standard error any more: the node goes on without a log, lines are dropped from here on.
        }
    }

    private string Format(DateTimeOffset time, LogSeverity severity, string message)
    {
        string at = time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        string level = Name(severity);
        if (format == LogFormat.Text) return $"{at} {level,-7} {message.ReplaceLineEndings(" ")}\n";

        ArrayBufferWriter<byte> line = new(256);
        using (Utf8JsonWriter json = new(line, readable))
        {
            json.WriteStartObject();
            json.WriteString("time", at);
            json.WriteString("level", level);
            json.WriteString("message", message);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(line.WrittenSpan) + "\n";
    }

    private static string Name(LogSeverity severity) => severity switch
    {
        LogSeverity.Information => "info",
        LogSeverity.Warning => "warning",
        _ => "error",
    };
}
