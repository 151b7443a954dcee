using System;
using System.Buffers;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Peers;

/// <summary>Reads frames from a connection and puts them together.</summary>
internal sealed class FrameReader(Stream stream, PeerCounters counters) : IDisposable
{
    // Two records of TLS. A frame that is larger makes it grow, once its header has been found good.
    private const int BufferBytes = 32 * 1024;

    private readonly FrameAssembly assembly = new();
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int start;
    private int end;
    private int allowed;
    private long records;
    private long lastHeard = Stopwatch.GetTimestamp();

    /// <summary>How long nothing has come.</summary>
    public TimeSpan Silence => Stopwatch.GetElapsedTime(Volatile.Read(ref lastHeard));

    /// <summary>About how many records of TLS have come.</summary>
    public long Records => Volatile.Read(ref records);

    /// <summary>Says what may come from here on; all else is refused by its header.</summary>
    public void Allow(params ReadOnlySpan<PeerFrameKind> kinds)
    {
        allowed = 0;
        foreach (PeerFrameKind kind in kinds) allowed |= 1 << (int)kind;
    }

    /// <summary>Says how large what comes from here on may be.</summary>
    public void AllowBytes(int max) => assembly.BytesMax = max;

    /// <summary>Waits for the next message, call, reply or small frame.</summary>
    /// <returns>Null when the other end has closed.</returns>
    /// <exception cref="RefusedException">The other end sends what it may not send.</exception>
    public async ValueTask<PeerPacket?> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (TryTake(out PeerPacket? packet)) return packet;
            int read = await stream.ReadAsync(buffer.AsMemory(end), cancellation).ConfigureAwait(false);
            if (read == 0) return null;
            end += read;
            counters.Received(read);
            Volatile.Write(ref records, records + 1);
            Volatile.Write(ref lastHeard, Stopwatch.GetTimestamp());
        }
    }

    /// <summary>Throws away what comes, until the other end has closed.</summary>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        while (await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false) > 0)
        {
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true); // secrets may have come through it
        buffer = [];
    }

    private bool TryTake(out PeerPacket? packet)
    {
        packet = null;
        while (packet is null)
        {
            ReadOnlySpan<byte> rest = buffer.AsSpan(start, end - start);
            if (rest.Length < PeerFrame.HeaderSize)
            {
                MakeRoom(PeerFrame.HeaderSize);
                return false;
            }

            if (!PeerFrame.TryDecode(rest, out PeerFrame frame, out string refusal))
                throw new RefusedException(refusal);
            if ((allowed & (1 << (int)frame.Kind)) == 0) throw new RefusedException(PeerRefusal.Malformed);
            int size = PeerFrame.HeaderSize + frame.Length;
            if (rest.Length < size)
            {
                MakeRoom(size);
                return false;
            }

            if (!assembly.TryAdd(frame, rest[PeerFrame.HeaderSize..size], out packet, out refusal))
                throw new RefusedException(refusal);
            start += size;
        }

        return true;
    }

    private void MakeRoom(int size)
    {
        if (start == end) start = end = 0;
        if (size <= buffer.Length - start && end < buffer.Length) return;
        byte[] target = size > buffer.Length ? ArrayPool<byte>.Shared.Rent(size) : buffer;
        buffer.AsSpan(start, end - start).CopyTo(target);
        if (target != buffer) ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        buffer = target;
        end -= start;
        start = 0;
    }
}
