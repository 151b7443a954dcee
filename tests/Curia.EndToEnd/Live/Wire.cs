using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;

namespace Curia.EndToEnd.Live;

/// <summary>The network between the nodes, in this process: it takes the IP packets of each machine out of a TUN
/// interface and puts them into that of the machine that they are for, or loses, delays and reorders them on the
/// way.</summary>
/// <remarks>Kernels without netem and without the matches of iptables have TUN interfaces, and here each direction of
/// each pair of machines is chosen by itself. Port 0 is that of the clients.</remarks>
internal sealed class Wire : IDisposable
{
    /// <summary>Packets may be so large; fewer of them cost less.</summary>
    public const int PacketMax = 9000;

    private const int HeaderSize = 20;
    private const int LastByteOfDestination = 19;

    // The interface holds as many; a wire that is slow does not hold all that senders like to send.
    private const int WaitingMax = 4096;

    private readonly TunDevice[] devices;
    private readonly Thread[] threads;
    private readonly PriorityQueue<(int To, byte[] Packet), long> waiting = new();
    private readonly Lock randomGate = new();
    private readonly Random random;
    private volatile Link[,] links;
    private volatile bool isOver;
    private long carried;
    private long lost;

    public Wire(TunDevice[] devices, int seed)
    {
        this.devices = devices;
        random = new Random(seed);
        links = new Link[devices.Length, devices.Length];
        threads = new Thread[devices.Length + 1];
        for (int port = 0; port < devices.Length; port++)
        {
            int from = port;
            threads[port] = Start(() => Carry(from), $"wire {port}");
        }

        threads[^1] = Start(DeliverLate, "wire, late");
    }

    /// <summary>Packets that arrived.</summary>
    public long Carried => Interlocked.Read(ref carried);

    /// <summary>Packets that did not.</summary>
    public long Lost => Interlocked.Read(ref lost);

    /// <summary>The address of a port ends in this.</summary>
    public static int LastByteOf(int port) => port + 1;

    /// <summary>Chooses all links anew, those that are not chosen being good.</summary>
    /// <param name="choose">From and to; port 0 is never chosen for: clients reach all.</param>
    public void Set(Func<int, int, Link> choose)
    {
        Link[,] chosen = new Link[devices.Length, devices.Length];
        for (int from = 1; from < devices.Length; from++)
        {
            for (int to = 1; to < devices.Length; to++) chosen[from, to] = choose(from, to);
        }

        links = chosen;
    }

    /// <summary>All links are good.</summary>
    public void Heal() => Set((_, _) => default);

    public void Dispose()
    {
        isOver = true;
        lock (waiting) Monitor.PulseAll(waiting);
        foreach (Thread thread in threads) thread.Join();
        foreach (TunDevice device in devices) device.Dispose();
    }

    private static Thread Start(Action run, string name)
    {
        Thread thread = new(() => run()) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private void Carry(int from)
    {
        byte[] packet = new byte[PacketMax + HeaderSize];
        while (!isOver)
        {
            devices[from].Wait(milliseconds: 100);
            while (!isOver && devices[from].Read(packet) is var length && length > 0) Carry(from, packet, length);
        }
    }

    private void Carry(int from, byte[] packet, int length)
    {
        if (length < HeaderSize || packet[0] >> 4 != 4) return; // not IPv4: the kernel looks for neighbours
        int to = packet[LastByteOfDestination] - LastByteOf(0);
        if (to < 0 || to >= devices.Length) return;
        Link link = links[from, to];
        if (link.IsCut || (link.Loss > 0 && Chance() < link.Loss))
        {
            Interlocked.Increment(ref lost);
            return;
        }

        double late = link.Delay + (link.Jitter > 0 ? link.Jitter * Chance() : 0);
        if (late > 0) Delay(to, packet.AsSpan(0, length).ToArray(), late);
        else Deliver(to, packet, length);
    }

    private void Delay(int to, byte[] packet, double milliseconds)
    {
        long due = Stopwatch.GetTimestamp() + (long)(milliseconds / 1000 * Stopwatch.Frequency);
        lock (waiting)
        {
            if (waiting.Count >= WaitingMax) Interlocked.Increment(ref lost);
            else waiting.Enqueue((to, packet), due);
            Monitor.PulseAll(waiting);
        }
    }

    private void DeliverLate()
    {
        while (!isOver)
        {
            (int To, byte[] Packet) next;
            lock (waiting)
            {
                if (!waiting.TryPeek(out next, out long due))
                {
                    Monitor.Wait(waiting, millisecondsTimeout: 100);
                    continue;
                }

                double left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due).TotalMilliseconds;
                if (left > 0)
                {
                    Monitor.Wait(waiting, (int)Math.Ceiling(left));
                    continue;
                }

                waiting.Dequeue();
            }

            Deliver(next.To, next.Packet, next.Packet.Length);
        }
    }

    private void Deliver(int to, byte[] packet, int length)
    {
        devices[to].Write(packet, length);
        Interlocked.Increment(ref carried);
    }

    private double Chance()
    {
        lock (randomGate) return random.NextDouble();
    }
}
