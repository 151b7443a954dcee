using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Linq;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>The deterministic node: inputs in, effects out (docs/one-transaction.md). Time, randomness, disk and
/// network come in as inputs or seams; the same node runs under the host and under the simulation.</summary>
/// <remarks><see cref="Step"/> is called by one thread at a time. <see cref="Execute"/> and <see cref="View"/> are for
/// any.</remarks>
public sealed partial class CuriaNode : IDisposable
{
    private readonly NodeSetup setup;
    private readonly NodeId id;
    private readonly LedgerClock clock = new();
    private readonly Effects effects = new();
    private readonly Replica replica;
    private readonly LedgerReplay? replay;
    private readonly Formation? formation;
    private readonly LedgerTail tail;
    private readonly LinearizableReads reads = new();
    private readonly Acknowledging acknowledging;
    private readonly Func<ImmutableArray<BlockAcknowledgements>> takeAcknowledgements;
    private readonly TxId first;
    private KeyValueStore store;
    private CommitProgress progress;
    private ViewHistory views = ViewHistory.Empty;
    private Digest genesis;
    private bool isOpen;
    private bool isDraining;
    private bool isStopped;
    private string? diversityLack;
    private volatile Service? service;
    private volatile NodeView published;

    /// <summary>A node that has not started.</summary>
    /// <param name="setup">What it is given.</param>
    /// <param name="replay">A ledger that was read back, finished, and met no obstacle: the node goes on with it in a
    /// new epoch. Null: the node begins a new one.</param>
    /// <param name="formation">Who opens the epoch with this node, its founder; null when it is alone.</param>
    public CuriaNode(NodeSetup setup, LedgerReplay? replay = null, Formation? formation = null)
        : this(setup, replay?.Store ?? new KeyValueStore(), FirstOf(replay, formation), replay?.Outline)
    {
        Invariant.Holds(replay is null || replay.IsAlone || formation is not null, "a node goes on alone that is not");
        Invariant.Holds(formation is null || formation.Founder.Node == id, "another node founds the epoch");
        this.replay = replay;
        this.formation = formation;
        View before = new(first.View.Value - 1);
        SeqNo from = new(first.SeqNo.Value - 1);
        Configuration configuration = formation is null
            ? Configuration.Of(from, id)
            : new Configuration(from, [.. formation.Ids]) { NeedsAll = true };
        ReplicaOptions options = Options(isReady: true) with { Promised = formation?.Ids ?? [] };
        replica = new Replica(id, configuration, options, before, store.Committed.TxId);
        acknowledging = new Acknowledging(setup.NodeKey, replica, tail);
        published = Describe();
    }

    /// <summary>A founder of a network that all founders have agreed on; it has not started.</summary>
    /// <param name="setup">What it is given.</param>
    /// <param name="agreement">What they agreed on.</param>
    /// <param name="told">What the primary has told the others, taken over; null for the primary itself, which makes
    /// it.</param>
    public CuriaNode(NodeSetup setup, FoundingAgreement agreement, SealedSecrets? told)
        : this(setup, new KeyValueStore(), GenesisWrites.TxId, outline: null)
    {
        ArgumentNullException.ThrowIfNull(agreement);
        Invariant.Holds(agreement.Primary == id == told is null, "the primary of the first view makes the secrets");
        this.agreement = agreement;
        if (told is not null)
        {
            this.told = told;
            joining = new Joining([]);
        }

        Configuration configuration = new(SeqNo.Zero, [.. agreement.Ids]) { NeedsAll = true };
        ReplicaOptions options = Options(isReady: told is null) with { Promised = told is null ? agreement.Ids : [] };
        replica = new Replica(id, configuration, options, new View(GenesisWrites.FirstView.Value - 1), TxId.Zero);
        acknowledging = new Acknowledging(setup.NodeKey, replica, tail);
        published = Describe();
    }

    /// <summary>A node that joins a network and has not started: it takes part from where the ledger that it has
    /// fetched ends, unopened until the others trust it.</summary>
    /// <param name="setup">What it is given.</param>
    /// <param name="survey">The ledger, finished, that met no obstacle; all of it is committed.</param>
    public CuriaNode(NodeSetup setup, LedgerSurvey survey)
        : this(setup, new KeyValueStore(), Require(survey).Epochs[^1].First, survey.Outline)
    {
        LedgerOutline outline = survey.Outline;
        joining = new Joining(outline.Snapshots);
        identities = [.. outline.Epochs];
        replica = new Replica(id, outline.Configuration!, Options(isReady: false), outline.Last.View, outline.Last);
        acknowledging = new Acknowledging(setup.NodeKey, replica, tail);
        published = Describe();
    }

#pragma warning disable CS8618 // The two above make what is left.
    private CuriaNode(NodeSetup setup, KeyValueStore store, TxId first, LedgerOutline? outline)
#pragma warning restore CS8618
    {
        this.setup = setup;
        this.store = store;
        this.first = first;
        id = new NodeId(Digest.Of(setup.NodeKey.SubjectPublicKeyInfo.Span));
        progress = new CommitProgress(store);
        takeAcknowledgements = () => acknowledging!.Take(genesis);
        tail = outline is null
            ? new LedgerTail(TxId.Zero, MerkleTree.OfEmptyLedger().Frontier(), default, NodeTable.Empty)
            : new LedgerTail(outline.Last, outline.After(), outline.Root, outline.Nodes);
        if (outline is null) return;
        views = outline.Views;
        genesis = outline.Genesis;
    }

    /// <summary>What the node says of itself after its last step.</summary>
    public NodeView View => published;

    /// <summary>Routes, authenticates and executes a request on a snapshot. Any thread; nothing is ordered by
    /// it.</summary>
    public Execution Execute(Request request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return service is { } running
            ? running.Pipeline.Execute(request, published)
            : new Execution.Answered(Response.Error(503, "FrontendNotOpen", "The node starts; try again soon."), null)
            {
                Route = Execution.NoRoute,
            };
    }

    /// <summary>Takes one input.</summary>
    /// <param name="input">What happened.</param>
    /// <param name="moreWait">Whether the next step follows at once. Then a block that is not full waits for what that
    /// one orders, and <see cref="View"/> may be that of an earlier step, but never with an older commit.</param>
    /// <returns>What must be done, in order; good until the next step.</returns>
    /// <exception cref="InvariantException">The node can no longer believe itself: the process must stop.</exception>
    public Effects Step(Input input, bool moreWait = false)
    {
        effects.Clear();
        if (isStopped) return effects;
        switch (input)
        {
            case Input.Start start: Start(start.Now); break;
            case Input.Tick tick: Tick(tick.Now); break;
            case Input.Submit submit: Submit(submit); break;
            case Input.Confirm confirm: Confirm(confirm.Ticket, confirm.Read); break;
            case Input.Await wait: Await(wait.Ticket, wait.TxId); break;
            case Input.Forget forget: Forget(forget.Ticket); break;
            case Input.Stored stored: Perform(replica.Step(new ReplicaInput.Stored(stored.Number))); break;
            case Input.StoreFailed failed: Fail(failed.Reason); break;
            case Input.Message message: Receive(message.From, message.Content); break;
            case Input.StateLoaded loaded: OpenState(loaded); break;
            case Input.LoadHistory load: service?.History.Load(load.SeqNo, effects); break;
            case Input.BlockRead read: service?.History.Receive(read.SeqNo, read.Block, views, effects); break;
            case Input.BlocksRecalled recalled: SendRecalled(recalled.Node, recalled.Blocks); break;
            case Input.SnapshotMade made: RecordSnapshot(made); break;
            case Input.Drain: isDraining = true; break;
            default: throw new UnreachableException($"Input {input?.GetType().Name} has no arm");
        }

        RecordCommitIfDue();
        SealIfDue(moreWait);
        if (!moreWait) BeginRoundIfDue();

        // Before any client is told of a commit, everybody can see it.
        if (!moreWait || tail.Committed != published.Committed) published = Describe();
        return effects;
    }

    /// <summary>The data keys of all periods, for an auditor to whom the operator of a virtual network discloses
    /// them. The caller clears them.</summary>
    /// <exception cref="InvalidOperationException">The platform is not virtual: there members decide, not a
    /// host.</exception>
    public IReadOnlyList<DisclosedPeriod> DiscloseDataKeys()
    {
        if (setup.Platform != NodeSetup.VirtualPlatform)
        {
            throw new InvalidOperationException("Only the virtual platform discloses a data key to its host.");
        }

        return (service ?? throw new InvalidOperationException("The node has not started.")).DataKeys();
    }

    /// <summary>What another founder must know before it stores the first block of the network, or of the epoch, that
    /// this node opens, in clear: for that node alone, over a channel that ends in it.</summary>
    /// <returns>Null when there is no such member, or the node has not started.</returns>
    public SecretBytes? SecretsFor(NodeId member)
    {
        IReadOnlyList<NodeId> founders = agreement?.Ids ?? formation?.Ids ?? [];
        if (!founders.Contains(member) || service is not { } running) return null;
        using SealedSecrets all = running.Export(member);
        return all.Export();
    }

    /// <summary>Clears keys.</summary>
    public void Dispose() => service?.Dispose();

    private static TxId FirstOf(LedgerReplay? replay, Formation? formation) => replay is null
        ? GenesisWrites.TxId
        : new TxId(
            formation?.View ?? new View(replay.Last.View.Value + EpochBlock.ViewStep), replay.Last.SeqNo.Next);

    private static LedgerOutline Require(LedgerSurvey survey)
    {
        ArgumentNullException.ThrowIfNull(survey);
        if (survey.FindObstacle() is { } obstacle) throw new ArgumentException(obstacle, nameof(survey));
        return survey.Outline;
    }

    private ReplicaOptions Options(bool isReady) => new()
    {
        UncommittedBlocksMax = setup.Limits.BlocksInFlightMax,
        CommittedBlocksKept = setup.Limits.BlocksRememberedMax,
        HeartbeatTicks = setup.Limits.HeartbeatTicks,
        ElectionTimeoutTicks = setup.Limits.ElectionTimeoutTicks,
        IsReady = isReady,
        Seed = BitConverter.ToUInt64(id.Value.ToArray()),
    };

    private void Start(DateTimeOffset now)
    {
        Invariant.Holds(service is null, "the node was started twice");
        clock.Observe(now);
        if (joining is not null)
        {
            effects.Add(new Effect.Peers(tail.Nodes.Addresses()));
            return;
        }

        if (replay is not null) clock.Observe(replay.Time);

        // The replica elects itself at its first step; from then on this node orders.
        Perform(replica.Step(new ReplicaInput.Tick()));
        Invariant.Holds(replica.Role == ReplicaRole.Primary, "who opens a network or an epoch is not its primary");
        Service created = Service.Create(
            setup, id, store, clock, replay?.Epochs ?? new ServiceEpochs(), () => published);
        created.Sealing.Begin(tail.After);
        Transaction transaction = store.Begin(MapAccess.Node);
        if (agreement is not null)
        {
            GenesisWrites.Write(
                transaction, agreement, created.Key.Certificate, created.Key.NodeCertificate,
                created.Secret.Commitment);
        }
        else if (replay is null) Genesis.Write(transaction, setup, id, created.Key);
        else EpochOpening.Write(transaction, setup, id, created.Key, created.Secret, replay, formation);
        CommitOutcome.Committed? outcome = store.Commit(transaction, replica.View) as CommitOutcome.Committed;
        Invariant.Holds(outcome is not null && outcome.Id == first, "the first transaction has not the first place");
        byte[] publicWrites = outcome.Changes.Encode(Domain.Public);
        EpochBlock? opened = null;
        byte[] publicBytes = replay is null
            ? GenesisBlock.EncodePublic(created.Key.Certificate.Der.Span, publicWrites)
            : Continue(created.Key, replay, publicWrites, out opened);
        created.Opens(new ServiceEpoch(first, new ServiceIdentity(created.Key.Certificate), created.Secret, opened));
        identities = created.Epochs.Identities;
        StoreSecrets(created);
        created.Sealing.Join(
            first, replay is null ? EntryType.Genesis : EntryType.Epoch, ClaimsDigest.None, publicBytes,
            outcome.Changes.Encode(Domain.Private));
        created.Sealing.NodesChanged(first.SeqNo);
        if (replay is not null)
        {
            effects.Add(new Effect.Log(LogSeverity.Information, $"a new epoch begins at {first} and goes on from "
                + $"{replay.Last}: service key {created.Key.Certificate.KeyDigest}, endorsed by the one before"));
            replay.Release();
        }

        service = created;
    }

    private void StoreSecrets(Service of)
    {
        if (setup.SealingKey is not { } key) return;
        SeqNo from = of.Epochs.InOrder[^1].First.SeqNo;
        effects.Add(new Effect.StoreSecrets(
            SealedSecrets.FileName(from, of.Key.Certificate.KeyDigest), of.SealSecrets(key, id, setup.Entropy)));
    }

    // The older key speaks once more, for the newer one, and is cleared: nobody signs anything else with it.
    private byte[] Continue(ServiceKey service, LedgerReplay replay, byte[] publicWrites, out EpochBlock opened)
    {
        using Signer? older = setup.OpenSigner(replay.Sealed!.ServiceKey);
        Certificate before = replay.Epochs.InOrder[^1].Certificate;
        Invariant.Holds(
            older is not null && older.SubjectPublicKeyInfo.Span.SequenceEqual(before.SubjectPublicKeyInfo.Span),
            "the sealed service key is not that of the newest epoch");
        ServiceEndorsement endorsement = ServiceEndorsement.Sign(
            older, service.Signer.SubjectPublicKeyInfo.Span, replay.Last, replay.Root, setup.Genesis.Name);
        byte[] previous = service.Certify(before, setup.Entropy);
        byte[] bytes = EpochBlock.EncodePublic(service.Certificate.Der.Span, endorsement, previous, publicWrites);
        Invariant.Holds(EpochBlock.TryDecodePublic(first, bytes, out EpochBlock? read), "an epoch reads what it wrote");
        opened = read;
        return bytes;
    }

    private void Tick(DateTimeOffset now)
    {
        clock.Observe(now);
        service?.History.Tick();
        Perform(replica.Step(new ReplicaInput.Tick()));
        AskForSecretsIfDue();
        TellThatItOpensIfDue();
        TendNodes();
        HandOverIfDrained();
    }

    private void Submit(Input.Submit submit)
    {
        Answer answer = Order(submit.Proposed);
        effects.Add(new Effect.Reply(submit.Ticket, answer));
        if (submit.WaitForCommit && answer is Answer.Ordered ordered) Await(submit.Ticket, ordered.TxId);
    }

    private Answer Order(Execution.Proposed proposed)
    {
        if (isOpen && replica.Role != ReplicaRole.Primary) return Answer.NotPrimary.Instance;
        return isOpen && !isDraining
            ? service!.Pipeline.Order(proposed, replica.View, progress.Committed)
            : new Answer.Refused(503, "FrontendNotOpen", "This node takes no transactions now; try another, or later.");
    }

    private void Await(long ticket, TxId txId)
    {
        TransactionStatus status = TransactionStatuses.Of(txId, progress.Committed, store.Current.TxId, views);
        if (status is TransactionStatus.Committed or TransactionStatus.Invalid)
        {
            effects.Add(new Effect.Reply(ticket, new Answer.Finished(txId, status)));
        }
        else if (WaitingCount >= setup.Limits.WaitingRepliesMax)
        {
            effects.Add(new Effect.Reply(ticket, new Answer.Refused(
                503, "TooManyWaiting", $"Too many clients wait for commit; ask for the status of {txId} instead.")));
        }
        else
        {
            progress.Await(ticket, txId);
        }
    }

    private int WaitingCount => progress.WaitingCount + reads.Count;

    private void Forget(long ticket)
    {
        progress.Forget(ticket);
        reads.Forget(ticket);
    }

    // What was read in a view proves nothing in another one: between the two others may have ordered.
    private void Confirm(long ticket, Execution.Unconfirmed read)
    {
        if (replica.Role != ReplicaRole.Primary || replica.View != read.View)
            effects.Add(new Effect.Reply(ticket, Answer.NotPrimary.Instance));
        else if (WaitingCount >= setup.Limits.WaitingRepliesMax)
            effects.Add(new Effect.Reply(ticket, new Answer.Refused(
                503, "TooManyWaiting", "Too many clients wait for commit; try again later.")));
        else
            reads.Ask(ticket, read.TxId);
    }

    private void BeginRoundIfDue()
    {
        if (!reads.IsRoundDue || isStopped) return;
        reads.Begin(replica.Round + 1);
        Perform(replica.Step(new ReplicaInput.Confirm()));
    }

    private void SealIfDue(bool moreWait)
    {
        while (service is { } running && !isStopped && replica.CanPropose)
        {
            SeqNo? nodesFrom = running.Sealing.NodesFrom;
            SealedBlock? block =
                running.Sealing.SealIfDue(
                    tail.UncommittedCount, tail.Committed, clock.Now, moreWait, takeAcknowledgements);
            if (block is null) return;
            isRecordDue = false;

            // The signature transaction writes no map, but it has a seqno of its own.
            store.Apply(new TxId(block.View, block.Last), WriteSet.Empty);
            NodeTable nodes = nodesFrom is null ? tail.Nodes : NodeTable.Of(store.Current);
            Configuration? configuration = nodesFrom is { } from ? nodes.ToConfiguration(from) : null;
            BlockInfo info = new(block.View, block.First, block.Last, block.Digest, configuration);
            arriving.Add(
                new AppendedBlock(info, block.Bytes, running.Sealing.After(), block.Root, nodes, Received: null));
            Perform(replica.Step(new ReplicaInput.Propose(info)));
        }
    }

    // What consensus asks for becomes what the shell must do.
    private void Perform(ReplicaEffects asked)
    {
        foreach (ReplicaEffect effect in asked)
        {
            switch (effect)
            {
                case ReplicaEffect.Store store:
                    Append(store.Block, store.Number);
                    break;
                case ReplicaEffect.Truncate truncate:
                    TruncateAfter(truncate.After.SeqNo);
                    break;
                case ReplicaEffect.Send send:
                    Send(send.To, send.Message);
                    break;
                case ReplicaEffect.Committed committed:
                    Commit(committed.TxId);
                    break;
                case ReplicaEffect.RoleChanged changed:
                    ChangeRole(changed);
                    break;
                case ReplicaEffect.Confirmed confirmed:
                    foreach ((long ticket, TxId version) in reads.Confirm(confirmed.Round)) Await(ticket, version);
                    break;
                case ReplicaEffect.Ignored { Reason: var reason }:
                    Ignore(reason.ToString());
                    break;
                case ReplicaEffect.Recall recall:
                    Recall(recall);
                    break;
                case ReplicaEffect.Refused refused:
                    throw new InvariantException($"consensus refused a block of its own primary: {refused.Reason}");
                default:
                    throw new UnreachableException($"Effect {effect.GetType().Name} has no arm");
            }
        }

        arriving.Clear();
    }

    private void Commit(TxId last)
    {
        NodeTable before = tail.CommittedNodes;
        AppendedBlock block = tail.Commit(last);
        isRecordDue |= !ReferenceEquals(before, tail.CommittedNodes) && !before.HasVotersOf(tail.CommittedNodes);
        acknowledging.Committed(block, orders);
        if (joining is not null)
        {
            joining.Committed(block);
            return;
        }

        service!.History.Hold(block);
        if (!isOpen)
        {
            if (replay is null) genesis = block.Info.Digest;
            Open();
        }

        progress.Advance(last, views, effects);
        if (replica.Role == ReplicaRole.Primary)
            service.Snapshots.Committed(block, store.Committed, views, service.History, effects);
    }

    // DESIGN 1: nothing signed by the service key leaves the TEE before genesis has committed.
    private void Open()
    {
        isOpen = true;
        effects.Add(new Effect.Open(
            service!.Key.Certificate.Der, service.Key.NodeCertificate.Der,
            [.. service.Epochs.EndorsementsOf(SeqNo.Zero).Select(endorsement => endorsement.Der)]));
    }

    private void RecordSnapshot(Input.SnapshotMade made)
    {
        Transaction transaction = store.Begin(MapAccess.Node);
        if (isDraining || replica.Role != ReplicaRole.Primary || service is not { } running
            || !running.Snapshots.Write(made, transaction, effects))
        {
            return;
        }

        running.Snapshots.Recorded(running.Pipeline.Order(transaction, replica.View, progress.Committed), effects);
    }

    private void Fail(string reason)
    {
        Perform(replica.Step(new ReplicaInput.StoreFailed()));
        isStopped = true;
        effects.Add(new Effect.Stop($"a block could not be made durable: {reason}"));
    }

    // They change a few times in the life of a network, and a view is made for each batch of transactions.
    private IReadOnlyList<Configuration> ActiveConfigurations()
    {
        IReadOnlyList<Configuration> active = replica.Configurations;
        IReadOnlyList<Configuration> known = published?.Configurations ?? [];
        bool isSame = known.Count == active.Count;
        for (int index = 0; isSame && index < active.Count; index++)
            isSame = ReferenceEquals(known[index], active[index]);
        return isSame ? known : [.. active];
    }

    // A node that stands finds out who answers; what it found is said until somebody orders.
    private string? FindDiversityLack()
    {
        if (replica.Primary is not null) return null;
        IReadOnlySet<NodeId> supporters = replica.Supporters;
        foreach (Configuration active in replica.Configurations)
        {
            if (active.HasMajority(supporters) && !active.IsSatisfiedBy(supporters))
                return Diversity.Lack(active, supporters);
        }

        return diversityLack;
    }

    private NodeView Describe() => new()
    {
        NodeId = id,
        IsOpen = isOpen,
        IsDraining = isDraining,
        MayEnd = isDraining && (!orders || (store.Current.TxId == tail.Committed && !MayHandOver)),
        Role = replica.Role,
        Primary = replica.Primary,
        DiversityLack = diversityLack = FindDiversityLack(),
        Configurations = ActiveConfigurations(),
        Nodes = tail.CommittedNodes,
        View = replica.View,
        Committed = tail.Committed,
        Last = joining is null ? store.Current.TxId : tail.Last,
        Views = views,
        ServiceCertificate = service?.Key.Certificate.Der ?? default,
        Genesis = genesis,
        ServiceCreated = first,
        Counters = new NodeCounters
        {
            TransactionsOrdered = service?.Pipeline.Ordered ?? 0,
            Conflicts = service?.Pipeline.Conflicts ?? 0,
            BlocksSealed = service?.Sealing.BlocksSealed ?? 0,
            BlockBytes = service?.Sealing.BytesSealed ?? 0,
            BlocksInFlight = tail.UncommittedCount,
            Snapshots = service?.Snapshots.Finished ?? 0,
            BlocksReadBack = service?.History.BlocksReadBack ?? 0,
            MessagesIgnored = ignored,
            WaitingReplies = WaitingCount,
            ReadRounds = (long)replica.Round,
        },
    };
}
