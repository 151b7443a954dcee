using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Host;
using Curia.Node;
using Curia.Tests.Peers;
using Curia.Vocabulary;

namespace Curia.ShellTests.Host;

/// <summary>Who steps the node, and that whoever waits is told (docs/decisions/0019, docs/one-transaction.md, steps 2
/// and 11).</summary>
[Collection(nameof(RealTime))]
public sealed class NodeLoopTests
{
    private const string OwnThread = "node loop";

    [Fact]
    public async Task Until_the_node_is_open_only_the_thread_of_the_loop_steps_it()
    {
        using LiveLoop live = new();
        await live.StartAsync();
        Assert.NotEmpty(live.SignedBy);
        Assert.All(live.SignedBy, thread => Assert.Equal(OwnThread, thread.Name));
        Assert.Equal(new TxId(new View(2), new SeqNo(2)), live.Node.View.Committed);
    }

    // Which try that is depends on the ticks of the loop; that none is would take a broken machine.
    [Fact]
    public async Task Whoever_brings_a_request_steps_the_node_when_nobody_does()
    {
        using LiveLoop live = new();
        await live.StartAsync();
        bool isHere = false;
        for (int attempt = 0; attempt < 10_000 && !isHere; attempt++)
        {
            Execution.Proposed proposed = live.Propose($"{attempt}");
            live.SignedBy.Clear();
            PendingReply? reply = live.Loop.TrySubmit(proposed, waitForCommit: true, Patience.Time);
            isHere = live.SignedBy.Contains(Thread.CurrentThread);
            Assert.IsType<Answer.Finished>(await reply!.Answered);
        }

        Assert.True(isHere);
    }

    // A thread that is woken finds many at a time, and each block costs two signatures.
    [Fact]
    public async Task While_more_than_eight_wait_only_the_thread_of_the_loop_steps_the_node()
    {
        using LiveLoop live = new();
        await live.StartAsync();
        TxId never = new(live.Node.View.View, new SeqNo(1_000_000));
        ValueTask<Answer?>[] waiting =
            [.. Enumerable.Range(0, 9).Select(_ => live.Loop.TryAwait(never, Patience.Time)!.Answered)];
        await LivePeer.UntilAsync(
            () => live.Node.View.Counters.WaitingReplies == waiting.Length, () => "nine clients that wait");
        live.SignedBy.Clear();
        for (int write = 0; write < 50; write++)
            Assert.IsType<Answer.Finished>(await live.Submit($"{write}")!.Answered);
        Assert.NotEmpty(live.SignedBy);
        Assert.All(live.SignedBy, thread => Assert.Equal(OwnThread, thread.Name));
        live.Loop.Drain();
        foreach (ValueTask<Answer?> one in waiting) Assert.Null(await one);
    }

    [Fact]
    public async Task Of_many_at_once_each_is_ordered_once_and_told_so()
    {
        const int clients = 8;
        const int each = 100;
        using LiveLoop live = new();
        await live.StartAsync();
        long before = live.Node.View.Counters.TransactionsOrdered;
        ConcurrentBag<TxId> told = [];
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            for (int write = 0; write < each; write++)
            {
                Answer? answer = await live.Submit($"{client}-{write}", waitForCommit: write % 2 == 0)!.Answered;
                told.Add(answer switch
                {
                    Answer.Ordered ordered => ordered.TxId,
                    Answer.Finished { Status: TransactionStatus.Committed } finished => finished.TxId,
                    _ => throw new InvalidOperationException($"{client}-{write} was told {answer}"),
                });
            }
        }))).InTimeAsync();
        Assert.Equal(clients * each, told.Distinct().Count());
        Assert.Equal(clients * each, live.Node.View.Counters.TransactionsOrdered - before);
    }

    [Fact]
    public async Task Who_waits_too_long_is_told_nothing_and_forgotten()
    {
        using LiveLoop live = new();
        await live.StartAsync();
        TxId never = new(live.Node.View.View, new SeqNo(1_000_000));
        PendingReply reply = live.Loop.TryAwait(never, TimeSpan.FromMilliseconds(50))!;
        Assert.Null(await reply.Answered);
        Assert.False(reply.NodeEnds);
        Assert.Equal(never, reply.Ordered);
        await LivePeer.UntilAsync(() => live.Node.View.Counters.WaitingReplies == 0, () => "nobody who waits");
    }

    [Fact]
    public async Task A_loop_that_is_drained_stores_what_was_ordered_and_tells_who_still_waits()
    {
        using LiveLoop live = new();
        await live.StartAsync();
        PendingReply waits =
            live.Loop.TryAwait(new TxId(live.Node.View.View, new SeqNo(1_000_000)), Patience.Time)!;
        PendingReply write = live.Submit("last", waitForCommit: false)!;
        live.Loop.Drain();
        Assert.Null((await live.Loop.Ended.InTimeAsync()).Reason);
        Assert.IsType<Answer.Ordered>(await write.Answered);
        Assert.Null(await waits.Answered);
        Assert.True(waits.NodeEnds);
        Assert.Equal(live.Node.View.Last, live.Node.View.Committed);
        Assert.Null(live.Loop.TryAwait(live.Node.View.Last, Patience.Time));
    }

    [Fact]
    public async Task A_loop_that_is_stopped_ends_without_a_reason_and_tells_who_waits()
    {
        using LiveLoop live = new();
        await live.StartAsync();
        PendingReply waits =
            live.Loop.TryAwait(new TxId(live.Node.View.View, new SeqNo(1_000_000)), Patience.Time)!;
        Assert.True(live.Loop.Stop(Patience.Time));
        Assert.Null((await live.Loop.Ended.InTimeAsync()).Reason);
        Assert.Null(await waits.Answered);
        Assert.True(waits.NodeEnds);
    }

    // DESIGN 4, "Durability": a write that failed is never tried again.
    [Fact]
    public async Task A_disk_that_fails_ends_the_loop_with_its_reason()
    {
        using LiveLoop live = new();
        await live.StartAsync();
        live.Inputs.Add(new Input.StoreFailed("the disk is broken"));
        LoopEnd end = await live.Loop.Ended.InTimeAsync();
        Assert.Contains("the disk is broken", end.Reason, StringComparison.Ordinal);
        Assert.Null(live.Loop.TryAwait(live.Node.View.Last, Patience.Time));
    }

    public static TheoryData<Exception, string> Failures => new()
    {
        { new InvariantException("two and two are five"), "A promise of the program is broken: two and two are five" },
        { new StartFailure("It cannot be", "it is full", "Make room"), "It cannot be: it is full. Make room." },
        { new FormatException("secret of a client"), "The node loop failed: FormatException at " },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task What_a_step_throws_ends_the_loop_and_is_told(Exception failure, string reason)
    {
        using LiveLoop live = new(atOpening: () => throw failure);
        live.Loop.Start();
        LoopEnd end = await live.Loop.Ended.InTimeAsync();
        Assert.StartsWith(reason, end.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", end.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(800, 80)]
    [InlineData(5, 1)]
    [InlineData(19, 1)]
    public void Milliseconds_become_ticks(int milliseconds, int ticks) =>
        Assert.Equal(ticks, NodeLoop.TicksOf(milliseconds));
}
