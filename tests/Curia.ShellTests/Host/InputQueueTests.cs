using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Curia.Host;
using Curia.Node;

namespace Curia.ShellTests.Host;

/// <summary>Many threads add, one at a time takes everything (docs/one-transaction.md, step 2).</summary>
public sealed class InputQueueTests
{
    private readonly InputQueue queue = new();
    private int arrivals;

    public InputQueueTests() => queue.Arrived = () => arrivals++;

    [Fact]
    public void What_was_added_is_taken_at_once_and_in_order()
    {
        PendingReply reply = new(7, untilFinished: false, deadline: long.MaxValue);
        Assert.True(queue.TryAddRequest(new Input.Forget(1), reply));
        queue.Add(new Input.Forget(2));
        Assert.True(queue.TryAddRequest(new Input.Forget(3), null));
        Assert.Equal((3, 3), (queue.Count, arrivals));
        List<QueuedInput> taken = queue.TakeAll();
        Assert.Equal([1, 2, 3], Tickets(taken));
        Assert.Same(reply, taken[0].Reply);
        Assert.Null(taken[1].Reply);
        Assert.Equal(0, queue.Count);
        Assert.Empty(queue.TakeAll());
    }

    [Fact]
    public void What_comes_while_the_last_is_worked_on_waits_for_the_next_time()
    {
        queue.Add(new Input.Forget(1));
        List<QueuedInput> first = queue.TakeAll();
        queue.Add(new Input.Forget(2));
        Assert.Equal([1], Tickets(first));
        Assert.Equal([2], Tickets(queue.TakeAll()));
    }

    // Whoever added is about to look whether somebody steps: it must see itself in the queue.
    [Fact]
    public void Who_hears_of_an_input_finds_it_in_the_queue_and_may_take_it()
    {
        List<int> counts = [];
        List<long> taken = [];
        queue.Arrived = () =>
        {
            counts.Add(queue.Count);
            taken.AddRange(Tickets(queue.TakeAll()));
        };
        queue.Add(new Input.Forget(1));
        Assert.True(queue.TryAddRequest(new Input.Forget(2), null));
        Assert.Equal([1, 1], counts);
        Assert.Equal([1, 2], taken);
    }

    [Fact]
    public void Clients_are_refused_when_too_much_waits_and_outcomes_never_are()
    {
        for (int added = 0; added < InputQueue.RequestsQueuedMax; added++)
            Assert.True(queue.TryAddRequest(new Input.Forget(added), null));
        Assert.False(queue.TryAddRequest(new Input.Forget(-1), null));
        Assert.Equal(InputQueue.RequestsQueuedMax, arrivals);
        queue.Add(new Input.Drain());
        Assert.Equal(InputQueue.RequestsQueuedMax + 1, queue.Count);
        Assert.False(queue.TryAddRequest(new Input.Forget(-1), null));
        List<QueuedInput> taken = queue.TakeAll();
        Assert.IsType<Input.Drain>(taken[^1].Input);
        Assert.True(queue.TryAddRequest(new Input.Forget(0), null));
    }

    [Fact]
    public void Once_closed_it_takes_nothing_and_tells_nobody_and_gives_back_what_waited()
    {
        queue.Add(new Input.Forget(1));
        Assert.Equal([1], Tickets(queue.Close()));
        arrivals = 0;
        Assert.False(queue.TryAddRequest(new Input.Forget(2), null));
        queue.Add(new Input.Forget(3));
        Assert.Equal((0, 0), (queue.Count, arrivals));
        Assert.Empty(queue.Close());
    }

    [Fact]
    public async Task Of_many_threads_nothing_is_lost_and_each_keeps_its_order()
    {
        const int threads = 4;
        const int each = 20_000;
        queue.Arrived = () => { };
        List<long> taken = [];
        Task[] adding =
        [
            .. Enumerable.Range(0, threads).Select(thread => Task.Run(() =>
            {
                for (int number = 0; number < each; number++)
                    queue.Add(new Input.Forget(((long)thread * each) + number));
            })),
        ];
        Task all = Task.WhenAll(adding);
        while (!all.IsCompleted || queue.Count > 0) taken.AddRange(Tickets(queue.TakeAll()));
        await all;
        taken.AddRange(Tickets(queue.TakeAll()));
        Assert.Equal(threads * each, taken.Count);
        foreach (IGrouping<long, long> ofThread in taken.GroupBy(ticket => ticket / each))
            Assert.Equal(ofThread.Order(), ofThread);
    }

    private static long[] Tickets(List<QueuedInput> taken) =>
        [.. taken.Select(queued => ((Input.Forget)queued.Input).Ticket)];
}
