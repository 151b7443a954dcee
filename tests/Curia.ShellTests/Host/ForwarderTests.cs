using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Curia.Consensus;
using Curia.Endpoints;
using Curia.Host;
using Curia.Host.Peers;
using Curia.Node;
using Curia.Peers;
using Curia.Tests.Peers;
using Curia.Vocabulary;
using Outgoing = Curia.Host.Outgoing;

namespace Curia.ShellTests.Host;

/// <summary>What a client is told whose request another node has (docs/http.md, "Several nodes"): that nothing was
/// executed only when that is sure, and nothing executed twice without its key.</summary>
[Collection(nameof(RealTime))]
public sealed class ForwarderTests : IAsyncLifetime
{
    private const string Route = "/app/x";

    private static readonly byte[] request = [1];

    private readonly List<Func<CancellationToken, Task<ReadOnlyMemory<byte>>>> answers = [];
    private readonly Lock gate = new();
    private volatile NodeView view = null!;
    private LivePeer backup = null!;
    private LivePeer primary = null!;
    private Forwarder forwarder = null!;
    private int calls;

    public async ValueTask InitializeAsync()
    {
        PeerSettings settings = LivePeer.Settings() with { OnCall = (_, _, _, gone) => NextAnswer()(gone) };
        (backup, primary) = await LivePeer.PairAsync(other: settings);
        forwarder = new Forwarder(backup.Network, () => view);
        view = ViewWith(primary.Id);
    }

    public async ValueTask DisposeAsync()
    {
        await backup.DisposeAsync();
        await primary.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_a_primary_nothing_is_sent_and_the_client_is_told_so_at_once(bool isItself)
    {
        view = ViewWith(isItself ? backup.Id : null);
        Outgoing outgoing = await ForwardAsync(writes: true, mayRepeat: true);
        Assert.True(outgoing.Is(HostResponses.NoPrimary));
        Assert.Equal((Route, 0), (outgoing.Route, calls));
    }

    [Fact]
    public async Task The_answer_of_the_primary_is_that_of_this_node()
    {
        TxId txId = new(new View(2), new SeqNo(7));
        Answer(new Outgoing(Response.Text("m").With("ETag", "1"), "/elsewhere", txId, WaitedForCommit: true));
        Outgoing outgoing = await ForwardAsync(writes: true, mayRepeat: false);
        Assert.Equal((200, Route, txId, true),
            (outgoing.Response.Status, outgoing.Route, outgoing.TxId, outgoing.WaitedForCommit));
        Assert.Equal("ETag", Assert.Single(outgoing.Response.Headers).Key);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task A_node_that_is_not_the_primary_any_more_has_executed_nothing()
    {
        Answer(new Outgoing(HostResponses.NoPrimary));
        Assert.True((await ForwardAsync(writes: true, mayRepeat: true)).Is(HostResponses.NoPrimary));
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task A_call_that_was_not_sent_has_executed_nothing()
    {
        view = ViewWith(new NodeId(Digest.Of("none of the peers"u8)));
        Assert.True((await ForwardAsync(writes: true, mayRepeat: true)).Is(HostResponses.NoPrimary));
        Assert.Equal(0, calls);
    }

    [Fact]
    public async Task When_nobody_knows_what_became_of_a_write_it_is_not_sent_again_without_a_key()
    {
        Break();
        Answer(new Outgoing(Response.Text("twice")));
        Outgoing outgoing = await ForwardAsync(writes: true, mayRepeat: false);
        Assert.True(outgoing.Is(HostResponses.ForwardingBroke));
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task With_a_key_it_is_sent_again_until_somebody_knows()
    {
        Break();
        Break();
        Answer(new Outgoing(Response.Text("once")));
        Assert.Equal(200, (await ForwardAsync(writes: true, mayRepeat: true)).Response.Status);
        Assert.Equal(3, calls);
    }

    // The one before may have executed it: that another one has not proves nothing.
    [Fact]
    public async Task After_it_was_sent_once_the_word_of_a_node_without_a_primary_is_not_enough()
    {
        Break();
        Answer(new Outgoing(HostResponses.NoPrimary));
        Answer(new Outgoing(HostResponses.NoPrimary));
        Answer(new Outgoing(Response.Text("once")));
        Assert.Equal(200, (await ForwardAsync(writes: true, mayRepeat: true)).Response.Status);
        Assert.Equal(4, calls);
    }

    [Fact]
    public async Task After_it_was_sent_once_the_time_ends_it_with_an_outcome_that_is_unknown()
    {
        Break();
        for (int more = 0; more < 1000; more++) Answer(new Outgoing(HostResponses.NoPrimary));
        Outgoing outgoing = await ForwardAsync(writes: true, mayRepeat: true, TimeSpan.FromMilliseconds(300));
        Assert.True(outgoing.Is(HostResponses.ForwardingBroke));
    }

    [Fact]
    public async Task A_read_whose_answer_does_not_come_may_be_sent_again_by_its_client()
    {
        Break();
        Assert.True((await ForwardAsync(writes: false, mayRepeat: false)).Is(HostResponses.NoPrimary));
        Assert.Equal(1, calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_cannot_be_read_is_none(bool writes)
    {
        answers.Add(_ => Task.FromResult<ReadOnlyMemory<byte>>(new byte[3]));
        Outgoing outgoing = await ForwardAsync(writes, mayRepeat: false);
        Assert.True(outgoing.Is(writes ? HostResponses.ForwardingBroke : HostResponses.NoPrimary));
    }

    // One that is cut off does not say so; whoever is elected meanwhile is asked instead.
    [Fact]
    public async Task When_another_node_leads_the_one_before_is_not_waited_for()
    {
        PeerSettings settings = LivePeer.Settings() with { OnCall = (_, _, _, gone) => NextAnswer()(gone) };
        await using LivePeer next = await LivePeer.StartAsync(settings);
        backup.Knows(primary, next);
        next.Knows(backup);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        answers.Add(async gone =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, gone);
            return default;
        });
        Answer(new Outgoing(Response.Text("of the next")));
        Task<Outgoing> forwarding = ForwardAsync(writes: true, mayRepeat: true);
        await asked.Task.InTimeAsync();
        Assert.False(forwarding.IsCompleted);
        view = ViewWith(next.Id);
        Assert.Equal(200, (await forwarding.InTimeAsync()).Response.Status);
        Assert.Equal(2, calls);
    }

    private NodeView ViewWith(NodeId? primary) => new()
    {
        NodeId = backup.Id,
        IsOpen = true,
        IsDraining = false,
        MayEnd = false,
        Role = ReplicaRole.Backup,
        Primary = primary,
        Configurations = [],
        View = new View(2),
        Committed = TxId.Zero,
        Last = TxId.Zero,
        Views = ViewHistory.Empty,
        ServiceCertificate = default,
        Genesis = Digest.Zero,
        ServiceCreated = TxId.Zero,
        Counters = default,
    };

    private Task<Outgoing> ForwardAsync(bool writes, bool mayRepeat, TimeSpan? within = null) =>
        forwarder.ForwardAsync(request, writes, mayRepeat, within ?? Patience.Time, Route, CancellationToken.None);

    private void Answer(Outgoing outgoing) =>
        answers.Add(_ => Task.FromResult<ReadOnlyMemory<byte>>(Forwarding.Encode(outgoing)));

    // It may have had its effect.
    private void Break() => answers.Add(_ => throw new InvalidOperationException("broken"));

    private Func<CancellationToken, Task<ReadOnlyMemory<byte>>> NextAnswer()
    {
        lock (gate) return answers[calls++];
    }
}
