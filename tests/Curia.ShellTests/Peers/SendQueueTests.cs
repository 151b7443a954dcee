using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Curia.Peers;

namespace Curia.ShellTests.Peers;

/// <summary>What waits for a node is bounded, in order, and lets pass what may (docs/node-protocol.md).</summary>
public sealed class SendQueueTests
{
    [Fact]
    public void What_may_pass_goes_first_and_each_lane_keeps_its_order()
    {
        SendQueue queue = new(100, 1000);
        Outgoing[] items = [Ordered(1), Passing(2), Ordered(3), Passing(4)];
        foreach (Outgoing item in items) Assert.Equal([], queue.Add(item));
        Assert.Equal(4, queue.Count);
        Assert.Equal([items[1], items[3], items[0], items[2]], Drain(queue));
        Assert.Equal(0, queue.Count);
        Assert.Null(queue.Take(passingOnly: false));
    }

    [Fact]
    public void While_one_in_order_is_being_sent_only_what_may_pass_is_taken()
    {
        SendQueue queue = new(100, 1000);
        Outgoing ordered = Ordered(1);
        Outgoing passing = Passing(2);
        queue.Add(ordered);
        Assert.Null(queue.Take(passingOnly: true));
        queue.Add(passing);
        Assert.Same(passing, queue.Take(passingOnly: true));
        Assert.Null(queue.Take(passingOnly: true));
        Assert.Same(ordered, queue.Take(passingOnly: false));
    }

    [Fact]
    public void The_oldest_goes_when_there_are_too_many_and_never_the_new_one()
    {
        SendQueue queue = new(2, 1000);
        Outgoing[] items = [Ordered(1), Ordered(1), Ordered(1)];
        queue.Add(items[0]);
        queue.Add(items[1]);
        Assert.Equal([items[0]], queue.Add(items[2]));
        Assert.Equal([items[1], items[2]], Drain(queue));
    }

    [Fact]
    public void What_may_pass_pushes_out_what_may_not_and_then_the_oldest_of_its_own()
    {
        SendQueue queue = new(2, 1000);
        Outgoing ordered = Ordered(1);
        Outgoing[] passing = [Passing(1), Passing(1), Passing(1)];
        queue.Add(ordered);
        queue.Add(passing[0]);
        Assert.Equal([ordered], queue.Add(passing[1]));
        Assert.Equal([passing[0]], queue.Add(passing[2]));
        Assert.Equal([passing[1], passing[2]], Drain(queue));
    }

    [Fact]
    public void What_keeps_its_order_pushes_out_what_may_pass_when_it_is_the_only_one()
    {
        SendQueue queue = new(2, 1000);
        Outgoing[] passing = [Passing(1), Passing(1)];
        Outgoing ordered = Ordered(1);
        queue.Add(passing[0]);
        queue.Add(passing[1]);
        Assert.Equal([passing[0]], queue.Add(ordered));
        Assert.Equal([passing[1], ordered], Drain(queue));
    }

    [Fact]
    public void Bytes_are_bounded_as_well_and_one_is_kept_however_large()
    {
        SendQueue queue = new(100, 10);
        Outgoing[] small = [Ordered(4), Ordered(4), Ordered(4)];
        queue.Add(small[0]);
        queue.Add(small[1]);
        Assert.Equal([small[0]], queue.Add(small[2]));
        Outgoing huge = Ordered(50);
        Assert.Equal([small[1], small[2]], queue.Add(huge));
        Assert.Same(huge, queue.Take(passingOnly: false));

        // What was taken, or pushed out, is counted no more.
        Assert.Equal([], queue.Add(small[0]));
        Assert.Equal([], queue.Add(small[1]));
    }

    [Fact]
    public void Who_asks_whether_there_is_room_pushes_nobody_out()
    {
        SendQueue queue = new(2, 10);
        Assert.True(queue.TryAdd(Ordered(50))); // nothing waits: it may be as large as it likes
        Assert.False(queue.TryAdd(Ordered(1)));
        Assert.NotNull(queue.Take(passingOnly: false));
        Assert.True(queue.TryAdd(Ordered(5)));
        Assert.False(queue.TryAdd(Ordered(6)));
        Assert.True(queue.TryAdd(Ordered(5)));
        Assert.False(queue.TryAdd(Ordered(0)));
        Assert.Equal(2, queue.Count);
    }

    [Fact]
    public void Nothing_is_added_once_it_is_closed_and_what_waited_is_given_back()
    {
        SendQueue queue = new(10, 100);
        Outgoing ordered = Ordered(1);
        Outgoing passing = Passing(1);
        queue.Add(ordered);
        queue.Add(passing);
        Assert.Equal([passing, ordered], queue.Close());
        Assert.Null(queue.Add(Ordered(1)));
        Assert.False(queue.TryAdd(Ordered(1)));
        Assert.Null(queue.Take(passingOnly: false));
        Assert.Equal([], queue.Close());
    }

    [Fact]
    public async Task Whoever_waits_is_woken_by_what_is_added_and_by_a_call()
    {
        SendQueue queue = new(10, 100);
        Task waiting = WaitAsync(queue);
        Assert.False(waiting.IsCompleted);
        queue.Wake();
        await waiting;
        queue.Add(Ordered(1));
        Assert.True(queue.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
        Assert.True(queue.TryAdd(Ordered(1)));
        Assert.True(queue.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
        Assert.False(queue.WaitAsync(CancellationToken.None).AsTask().IsCompleted);
    }

    // Encrypting more than 16 KiB, or reading from disk, takes longer than waking somebody who does it.
    [Theory]
    [InlineData(16 * 1024, true)]
    [InlineData(16 * 1024 + 1, false)]
    public async Task What_is_small_lets_the_writer_go_on_on_the_thread_that_adds(int bytes, bool isHere)
    {
        SendQueue queue = new(10, 1_000_000);
        Task waiting = WaitAsync(queue);
        bool hasRun = await OnItsOwnThreadAsync(() =>
        {
            queue.Add(Ordered(bytes));
            return waiting.IsCompleted && queue.IsOnAdder;
        });
        await waiting;
        Assert.Equal(isHere, hasRun);
        Assert.Equal(isHere, queue.IsOnAdder);
    }

    [Fact]
    public async Task What_is_read_late_is_never_written_by_who_adds_it()
    {
        SendQueue queue = new(10, 1_000_000);
        Task waiting = WaitAsync(queue);
        PeerMessage late = new([PeerPart.Later(() => new byte[1])], mayPass: true);
        await OnItsOwnThreadAsync(() => queue.Add(new Outgoing(PeerFrameKind.Message, late)) is not null);
        await waiting;
        Assert.False(queue.IsOnAdder);
        Assert.Null(queue.Take(passingOnly: true)); // nor does it pass: its size is not known
    }

    private static async Task WaitAsync(SendQueue queue) =>
        await queue.WaitAsync(CancellationToken.None).ConfigureAwait(false);

    private static Task<bool> OnItsOwnThreadAsync(Func<bool> work)
    {
        TaskCompletionSource<bool> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => done.SetResult(work())).Start();
        return done.Task;
    }

    private static Outgoing Ordered(int bytes) => new(PeerFrameKind.Message, new PeerMessage(new byte[bytes]));

    private static Outgoing Passing(int bytes) =>
        new(PeerFrameKind.Message, new PeerMessage(new byte[bytes], mayPass: true));

    private static List<Outgoing> Drain(SendQueue queue)
    {
        List<Outgoing> taken = [];
        while (queue.Take(passingOnly: false) is { } item) taken.Add(item);
        return taken;
    }
}
