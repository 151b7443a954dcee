using System;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using Curia.Peers;

namespace Curia.Tests.Peers;

/// <summary>Calls, and how they end (docs/node-protocol.md, "Calls").</summary>
[Collection(nameof(RealTime))]
public sealed class PeerCallTests
{
    [Fact]
    public async Task A_call_is_answered_in_both_directions()
    {
        PeerSettings settings = LivePeer.Settings() with
        {
            OnCall = (_, kind, body, _) => Task.FromResult<ReadOnlyMemory<byte>>(new[] { kind, body.Span[0] }),
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(
            settings, settings with { Key = LivePeer.Settings().Key });
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        Assert.Equal([9, 5], Answer(await one.CallAsync(other, [5], kind: 9)));
        Assert.Equal([0, 6], Answer(await other.CallAsync(one, [6], kind: 0)));
        Assert.Equal((1, 1), (one.Network.Counters.CallsSent, one.Network.Counters.CallsReceived));
    }

    [Fact]
    public async Task Large_and_empty_calls_are_answered()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        byte[] large = new byte[5_000_000];
        new Random(3).NextBytes(large);
        Assert.Equal(large, Answer(await one.CallAsync(other, large)));
        Assert.Empty(Answer(await one.CallAsync(other, [])));
    }

    [Fact]
    public async Task Many_calls_are_answered_in_any_order()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        PeerSettings settings = LivePeer.Settings() with
        {
            OnCall = async (_, kind, body, _) =>
            {
                if (kind == 1) await go.Task;
                return body;
            },
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: settings);
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        Task<PeerReply>[] slow = [.. Enumerable.Range(0, 100).Select(i => one.CallAsync(other, [(byte)i], kind: 1))];
        Assert.Equal([200], Answer(await one.CallAsync(other, [200], kind: 2)));
        Assert.All(slow, call => Assert.False(call.IsCompleted));
        go.SetResult();
        PeerReply[] replies = await Task.WhenAll(slow);
        Assert.Equal(Enumerable.Range(0, 100), replies.Select(reply => (int)Answer(reply)[0]));
    }

    [Fact]
    public async Task Too_many_calls_in_progress_are_refused_as_busy()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        PeerSettings settings = LivePeer.Settings() with
        {
            Limits = LivePeer.Hasty with { CallsInProgressMax = 3 },
            OnCall = async (_, _, body, _) =>
            {
                await go.Task;
                return body;
            },
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: settings);
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        Task<PeerReply>[] calls = [.. Enumerable.Range(0, 5).Select(i => one.CallAsync(other, [(byte)i]))];
        await LivePeer.UntilAsync(() => calls.Count(call => call.IsCompleted) == 2, () => "two refusals");
        go.SetResult();
        PeerReply[] replies = await Task.WhenAll(calls);
        Assert.Equal(3, replies.OfType<PeerReply.Answered>().Count());
        Assert.All(replies.OfType<PeerReply.Refused>(), reply => Assert.Equal(PeerRefusal.Busy, reply.Reason));
        Assert.Equal((2, 2), (other.Refused(PeerRefusal.Busy), one.RefusedByPeers(PeerRefusal.Busy)));

        // A call is in progress until its reply is written, which who has the reply may be ahead of.
        PeerReply last = await one.CallAsync(other, [1]);
        for (int again = 0; again < 100 && last is PeerReply.Refused; again++)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            last = await one.CallAsync(other, [1]);
        }

        Assert.IsType<PeerReply.Answered>(last);
    }

    [Fact]
    public async Task The_bytes_of_calls_in_progress_are_bounded_too()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        PeerSettings settings = LivePeer.Settings() with
        {
            Limits = LivePeer.Hasty with { CallBytesInProgressMax = 1000 },
            OnCall = async (_, _, body, _) =>
            {
                await go.Task;
                return body;
            },
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: settings);
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        Task<PeerReply> first = one.CallAsync(other, new byte[5000]);
        await LivePeer.UntilAsync(() => other.Network.Counters.CallsReceived == 1, () => "the first call");
        Assert.Equal(new PeerReply.Refused(PeerRefusal.Busy), await one.CallAsync(other, [1]));
        go.SetResult();
        Assert.IsType<PeerReply.Answered>(await first);
    }

    [Fact]
    public async Task A_call_to_nobody_was_surely_not_sent()
    {
        await using LivePeer one = await LivePeer.StartAsync();
        await using LivePeer other = await LivePeer.StartAsync();
        Assert.IsType<PeerReply.NotSent>(await one.CallAsync(other, [1]));
        one.Knows((other.Id, new IPEndPoint(IPAddress.Loopback, 1)));
        PeerReply.NotSent reply = Assert.IsType<PeerReply.NotSent>(await one.CallAsync(other, [1]));
        Assert.Contains("not reached", reply.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_to_a_node_that_does_not_want_to_talk_is_refused_by_name()
    {
        await using LivePeer one = await LivePeer.StartAsync();
        await using LivePeer other = await LivePeer.StartAsync();
        one.Knows(other);
        Assert.Equal(new PeerReply.Refused(PeerRefusal.UnknownNode), await one.CallAsync(other, [1]));
    }

    [Fact]
    public async Task A_call_whose_time_is_up_before_there_is_a_connection_was_not_sent()
    {
        using RawListener nobody = new();
        await using LivePeer one = await LivePeer.StartAsync();
        await using LivePeer other = await LivePeer.StartAsync();
        one.Knows((other.Id, nobody.Bound));
        PeerReply reply = await one.CallAsync(other, [1], within: TimeSpan.FromMilliseconds(300));
        Assert.IsType<PeerReply.NotSent>(reply);
    }

    [Fact]
    public async Task A_call_that_was_sent_and_not_answered_has_an_unknown_outcome()
    {
        TaskCompletionSource came = new(TaskCreationOptions.RunContinuationsAsynchronously);
        PeerSettings settings = LivePeer.Settings() with
        {
            OnCall = async (_, _, body, gone) =>
            {
                came.TrySetResult();
                await Task.Delay(Timeout.Infinite, gone);
                return body;
            },
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: settings);
        await using LivePeer _ = one;
        PeerReply late = await one.CallAsync(other, [1], within: TimeSpan.FromMilliseconds(500));
        Assert.IsType<PeerReply.OutcomeUnknown>(late);
        Task<PeerReply> broken = one.CallAsync(other, [1]);
        await came.Task;
        await LivePeer.UntilAsync(() => other.Network.Counters.CallsReceived == 2, () => "the second call");
        await other.DisposeAsync();
        Assert.Contains("broke", Assert.IsType<PeerReply.OutcomeUnknown>(await broken).Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_calls_may_give_up()
    {
        PeerSettings settings = LivePeer.Settings() with
        {
            OnCall = async (_, _, body, gone) =>
            {
                await Task.Delay(Timeout.Infinite, gone);
                return body;
            },
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: settings);
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        using CancellationTokenSource enough = new();
        Task<PeerReply> call = one.Network.CallAsync(
            other.Id, 1, new byte[1], Timeout.InfiniteTimeSpan, enough.Token);
        await LivePeer.UntilAsync(() => other.Network.Counters.CallsReceived == 1, () => "the call");
        await enough.CancelAsync();
        Assert.IsType<PeerReply.OutcomeUnknown>(await call);
    }

    [Fact]
    public async Task What_answers_calls_may_fail_and_the_outcome_is_unknown()
    {
        PeerSettings settings = LivePeer.Settings() with
        {
            OnCall = (_, kind, body, _) =>
                kind == 1 ? throw new InvalidOperationException("broken") : Task.FromResult(body),
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: settings);
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        Assert.Equal(new PeerReply.OutcomeUnknown(PeerRefusal.Failed), await one.CallAsync(other, [1], kind: 1));
        Assert.IsType<PeerReply.Answered>(await one.CallAsync(other, [1], kind: 2));
        Assert.Contains("broken", Assert.Single(other.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_no_longer_a_peer_is_not_waited_for()
    {
        PeerSettings settings = LivePeer.Settings() with
        {
            OnCall = async (_, _, body, gone) =>
            {
                await Task.Delay(Timeout.Infinite, gone);
                return body;
            },
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: settings);
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        Task<PeerReply> call = one.CallAsync(other, [1]);
        await LivePeer.UntilAsync(() => other.Network.Counters.CallsReceived == 1, () => "the call");
        one.KnowsNobody();
        Assert.IsType<PeerReply.OutcomeUnknown>(await call);
    }

    private static byte[] Answer(PeerReply reply) => Assert.IsType<PeerReply.Answered>(reply).Body.ToArray();
}
