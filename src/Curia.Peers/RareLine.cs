using System;
using System.Diagnostics;
using System.Threading;

namespace Curia.Peers;

/// <summary>A line of the log that would come many times a second when something stays wrong: it is written at most
/// once in a while, with how many were left out.</summary>
internal sealed class RareLine(Action<string> write)
{
    private static readonly TimeSpan interval = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private long last;
    private long leftOut;

    /// <summary>Writes it, or counts it.</summary>
    public void Write(string line)
    {
        lock (gate)
        {
            if (last != 0 && Stopwatch.GetElapsedTime(last) < interval)
            {
                leftOut++;
                return;
            }

            last = Stopwatch.GetTimestamp();
            if (leftOut > 0) line += $" ({leftOut} lines like this were left out)";
            leftOut = 0;
        }

        write(line);
    }

    /// <summary>What was wrong is over: the next line is written at once.</summary>
    /// <returns>Whether any was written.</returns>
    public bool Forget()
    {
        lock (gate)
        {
            bool wasWritten = last != 0;
            last = leftOut = 0;
            return wasWritten;
        }
    }
}
