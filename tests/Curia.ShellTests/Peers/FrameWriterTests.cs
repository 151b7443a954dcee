using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Curia.Peers;

namespace Curia.ShellTests.Peers;

/// <summary>Who sends a message may be who writes it (docs/decisions/0019).</summary>
public sealed class FrameWriterTests : IAsyncDisposable
{
    private readonly CancellationTokenSource ending = new();
    private readonly SendQueue queue = new(100, 1_000_000);
    private readonly WatchedStream stream = new();
    private readonly PeerCounters counters = new();
    private readonly List<string> warnings = [];
    private readonly FrameWriter writer;
    private readonly Task writing;

    public FrameWriterTests()
    {
        writer = new FrameWriter(stream, queue, counters, warnings.Add);
        writing = writer.RunAsync(ending.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        stream.Release();
        await writing.InTimeAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
        await stream.DisposeAsync();
    }

    [Fact]
    public void A_small_message_is_written_on_the_thread_that_sends_it_before_that_goes_on()
    {
        int written = 0;
        Thread sender = Run(() =>
        {
            queue.Add(Message(100));
            written = stream.Count;
        });
        Assert.Equal(1, written);
        Assert.Same(sender, stream.ThreadOf(0));
        Assert.Equal(PeerFrame.HeaderSize + 100, stream.BytesOf(0));
        Assert.Equal(1, counters.MessagesSent);
    }

    [Fact]
    public async Task A_large_message_is_written_elsewhere()
    {
        Thread sender = Run(() => queue.Add(Message(16 * 1024 + 1)));
        await stream.HasWrittenAsync(1);
        Assert.NotSame(sender, stream.ThreadOf(0));
    }

    // Or whoever sends the first of many would send for all others.
    [Fact]
    public async Task What_comes_while_one_is_being_written_is_neither_waited_for_nor_written_by_its_sender()
    {
        stream.Hold();
        Thread first = new(() => queue.Add(Message(1)));
        first.Start();
        await stream.HasBegunAsync(1);
        Thread second = Run(() => queue.Add(Message(2)));
        Assert.Equal(1, queue.Count);
        stream.Release();
        await stream.HasWrittenAsync(2);
        first.Join();
        Assert.NotSame(first, stream.ThreadOf(1));
        Assert.NotSame(second, stream.ThreadOf(1));
        Assert.Equal(PeerFrame.HeaderSize + 2, stream.BytesOf(1));
    }

    [Fact]
    public async Task What_cannot_be_read_any_more_is_dropped_and_those_behind_it_are_sent()
    {
        PeerMessage gone = new([PeerPart.Later(() => (ReadOnlyMemory<byte>?)null)]);
        PeerMessage broken = new([PeerPart.Later(() => throw new IOException("the disk is broken"))]);
        queue.Add(new Outgoing(PeerFrameKind.Message, gone));
        queue.Add(new Outgoing(PeerFrameKind.Message, broken));
        queue.Add(Message(3));
        await stream.HasWrittenAsync(1);
        Assert.Equal(PeerFrame.HeaderSize + 3, stream.BytesOf(0));
        Assert.Equal((1, 2), (counters.MessagesSent, counters.MessagesDropped));
        Assert.Contains("the disk is broken", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_the_last_that_is_written()
    {
        writer.Refuse(PeerRefusal.Malformed);
        await writing.InTimeAsync();
        queue.Add(Message(1));
        Assert.Equal(1, stream.Count);
        Assert.Equal(PeerFrame.HeaderSize + PeerRefusal.Malformed.Length, stream.BytesOf(0));
    }

    private static Outgoing Message(int bytes) => new(PeerFrameKind.Message, new PeerMessage(new byte[bytes]));

    private static Thread Run(Action work)
    {
        Thread thread = new(() => work());
        thread.Start();
        thread.Join();
        return thread;
    }

    // Remembers who wrote, and can hold a write up.
    private sealed class WatchedStream : Stream
    {
        private readonly Lock gate = new();
        private readonly List<(Thread By, int Bytes)> writes = [];
        private TaskCompletionSource changed = New();
        private TaskCompletionSource opened = New();
        private int begun;

        public WatchedStream() => opened.SetResult();

        public int Count
        {
            get
            {
                lock (gate) return writes.Count;
            }
        }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Hold() => opened = New();

        public void Release() => opened.TrySetResult();

        public Thread ThreadOf(int write)
        {
            lock (gate) return writes[write].By;
        }

        public int BytesOf(int write)
        {
            lock (gate) return writes[write].Bytes;
        }

        public Task HasBegunAsync(int count) => UntilAsync(() => begun >= count);

        public Task HasWrittenAsync(int count) => UntilAsync(() => writes.Count >= count);

        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Thread by = Thread.CurrentThread;
            Tell(() => begun++);
            await opened.Task.ConfigureAwait(false);
            Tell(() => writes.Add((by, buffer.Length)));
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

        private void Tell(Action change)
        {
            lock (gate)
            {
                change();
                TaskCompletionSource before = changed;
                changed = New();
                before.SetResult();
            }
        }

        private async Task UntilAsync(Func<bool> holds)
        {
            while (true)
            {
                Task next;
                lock (gate)
                {
                    if (holds()) return;
                    next = changed.Task;
                }

                await next.InTimeAsync();
            }
        }
    }
}
