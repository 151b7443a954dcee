using System;
using System.Buffers;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Peers;

/// <summary>Writes what waits in a queue to a connection: as much as fits into one write, small frames and what may
/// pass between the frames of a large message.</summary>
internal sealed class FrameWriter(Stream stream, SendQueue queue, PeerCounters counters, Action<string> warn)
{
    // As much as the system takes at a time on a fast network; a power of two, as the pool has them.
    private const int BatchBytes = 256 * 1024;

    // RFC 8446 section 5.1: the largest record.
    private const int RecordBytes = 16 * 1024;

    // A large message is cut where the batch ends, but not into crumbs.
    private const int CutBytesMin = 16 * 1024;

    // A refusal may come to mind when a batch is full already.
    private const int LastWordBytes = PeerFrame.HeaderSize + PeerRefusal.LengthMax;

    private readonly List<Outgoing> batch = [];
    private Outgoing? current;
    private Outgoing? passing;
    private byte[] buffer = [];
    private int used;
    private int usedMost;
    private int pings;
    private int pongs;
    private long writingSince;
    private long records;
    private bool isStopping;
    private string? lastWord;

    /// <summary>How long the write that is going on has taken.</summary>
    public TimeSpan Writing =>
        Volatile.Read(ref writingSince) is not 0 and long since ? Stopwatch.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>About how many records of TLS were written.</summary>
    public long Records => Volatile.Read(ref records);

    /// <summary>Sends a ping soon.</summary>
    public void Ping()
    {
        Interlocked.Exchange(ref pings, 1);
        queue.Wake();
    }

    /// <summary>Sends a pong soon, one for all pings that came until then.</summary>
    public void Pong()
    {
        Interlocked.Exchange(ref pongs, 1);
        queue.Wake();
    }

    /// <summary>Ends <see cref="RunAsync"/> with a refusal as the last frame.</summary>
    public void Refuse(string name)
    {
        Volatile.Write(ref lastWord, name);
        queue.Wake();
    }

    /// <summary>Ends <see cref="RunAsync"/> when what is begun is written.</summary>
    public void Stop()
    {
        Volatile.Write(ref isStopping, true);
        queue.Wake();
    }

    /// <summary>Writes until it is cancelled, the connection breaks, or something is refused.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                FillBatch();
                bool isLast = Volatile.Read(ref lastWord) is not null;
                if (isLast) PutRefusal(lastWord!);
                isLast |= Volatile.Read(ref isStopping) && current is null && passing is null;
                bool isWritten = used > 0;
                if (isWritten) await WriteBatchAsync(cancellation).ConfigureAwait(false);
                else if (!isLast) await queue.WaitAsync(cancellation).ConfigureAwait(false);
                if (isLast) return;

                // Who added one writes that one, and not what others have added since.
                if (isWritten && queue.IsOnAdder && queue.Count > 0) await Task.Yield();
            }
        }
        finally
        {
            GiveUpBatch();
        }
    }

    private void FillBatch()
    {
        if (buffer.Length == 0) buffer = ArrayPool<byte>.Shared.Rent(BatchBytes);
        PutSmallFrames();
        while (Room >= PeerFrame.HeaderSize + CutBytesMin && Volatile.Read(ref lastWord) is null && Next() is { } next)
        {
            used += next.WriteFrame(buffer.AsSpan(used, Room));
            if (!next.IsDone) continue;
            batch.Add(next);
            if (next == current) current = null;
        }

        if (used > 0) return;
        ReturnBuffer();
    }

    private int Room => BatchBytes - LastWordBytes - used;

    /// <summary>What the next frame is of; null when there is nothing, or no room in this batch.</summary>
    private Outgoing? Next()
    {
        while (passing is null && !Volatile.Read(ref isStopping)
            && queue.Take(passingOnly: current is not null) is { } taken)
        {
            if (!IsWanted(taken)) continue;
            if (taken.Passes) passing = taken;
            else return current = taken;
        }

        if (passing is null) return current;

        // It passes whole or not at all: what does not fit is the first of the next batch.
        if (passing.Left > Room - PeerFrame.HeaderSize) return null;
        Outgoing next = passing;
        passing = null;
        return next;
    }

    private bool IsWanted(Outgoing item)
    {
        if (item.Call is { } call && !call.TryBegin()) return false;
        try
        {
            if (item.TryRead()) return true;
        }
#pragma warning disable CA1031 // What reads late is somebody else's; the connection goes on without its message.
        catch (Exception e)
#pragma warning restore CA1031
        {
            warn($"A message to another node was dropped: its bytes cannot be read: {e.Message}");
        }

        Drop(item, PeerRefusal.MessageTooLarge);
        return false;
    }

    private void PutSmallFrames()
    {
        if (Interlocked.Exchange(ref pings, 0) != 0) Put(PeerFrame.Whole(PeerFrameKind.Ping, 0));
        if (Interlocked.Exchange(ref pongs, 0) != 0) Put(PeerFrame.Whole(PeerFrameKind.Pong, 0));
    }

    private void PutRefusal(string name)
    {
        if (buffer.Length == 0) buffer = ArrayPool<byte>.Shared.Rent(BatchBytes);
        byte[] bytes = PeerRefusal.Encode(name);
        Put(PeerFrame.Whole(PeerFrameKind.Refusal, bytes.Length));
        bytes.CopyTo(buffer.AsSpan(used));
        used += bytes.Length;
    }

    private void Put(PeerFrame frame)
    {
        frame.Encode(buffer.AsSpan(used));
        used += PeerFrame.HeaderSize;
    }

    private async ValueTask WriteBatchAsync(CancellationToken cancellation)
    {
        foreach (Outgoing item in batch) item.Call?.Sent();
        Volatile.Write(ref writingSince, Stopwatch.GetTimestamp());
        usedMost = Math.Max(usedMost, used);
        await stream.WriteAsync(buffer.AsMemory(0, used), cancellation).ConfigureAwait(false);
        await stream.FlushAsync(cancellation).ConfigureAwait(false);
        Volatile.Write(ref writingSince, 0);
        counters.Sent(used);
        Volatile.Write(ref records, records + used / RecordBytes + 1);
        used = 0;
        foreach (Outgoing item in batch)
        {
            if (item.Kind == PeerFrameKind.Message) counters.MessageSent();
            if (item.Kind == PeerFrameKind.Call) counters.CallSent();
            item.Finish();
        }

        batch.Clear();
    }

    private void GiveUpBatch()
    {
        foreach (Outgoing item in batch) Drop(item, null);
        if (current is not null) Drop(current, null);
        if (passing is not null) Drop(passing, null);
        batch.Clear();
        current = passing = null;
        if (buffer.Length > 0) ReturnBuffer();
    }

    // Secrets may have gone through it; clearing all of it each time would cost more than a small frame does.
    private void ReturnBuffer()
    {
        Array.Clear(buffer, 0, usedMost);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        usedMost = 0;
    }

    private void Drop(Outgoing item, string? refusal)
    {
        if (item.Kind == PeerFrameKind.Message) counters.Dropped(1);
        if (refusal is not null) item.Call?.GiveUp(refusal, isWriting: false);
        item.Finish();
    }
}
