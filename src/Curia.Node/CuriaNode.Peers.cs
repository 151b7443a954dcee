using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Node;

/// <content>The node among others: what it tells and hears, blocks that were ordered elsewhere, and how it becomes one
/// of them (docs/node-protocol.md).</content>
public sealed partial class CuriaNode
{
    // Blocks of this step that may be appended: sealed here, or received.
    private readonly List<AppendedBlock> arriving = [];

    // Each waits for an election timeout before it is given up.
    private const int HandOversMax = 3;

    // Other nodes vote than before, and no block says yet that this has committed.
    private bool isRecordDue;

    // Null once the node can open the ledger.
    private Joining? joining;
    private int ticksToTelling;

    // Who is to vote and has said that it can open the ledger.
    private readonly HashSet<NodeId> openers = [];
    private bool orders;
    private int questions;

    // While they are sent.
    private RecalledBlocks? recalled;
    private int handOvers;
    private readonly ConcurrentDictionary<string, long> ignored = new(StringComparer.Ordinal);
    private volatile EpochIdentity[] identities = [];

    /// <summary>Reads what another node sent: decodes it and verifies the roots and signatures of its blocks. Any
    /// thread; nothing changes by it.</summary>
    /// <param name="bytes">One message; what is read keeps the memory.</param>
    /// <param name="message">The message, or null.</param>
    /// <param name="problem">Null, or why it is refused.</param>
    public bool TryRead(
        ReadOnlyMemory<byte> bytes,
        [NotNullWhen(true)] out PeerMessage? message,
        [NotNullWhen(false)] out MessageProblem? problem)
    {
        problem = null;
        if (!PeerCodec.TryDecode(bytes, out message, out string reason))
        {
            problem = new MessageProblem(MessageProblem.Malformed, reason);
            return false;
        }

        if (message is not PeerMessage.Consensus { Blocks: { Count: > 0 } blocks }) return true;
        ServiceIdentity? opened = null;
        foreach (ReceivedBlock received in blocks)
        {
            problem = FindProblem(received.Block, ref opened);
            if (problem is null) continue;
            message = null;
            return false;
        }

        return true;
    }

    // Who has told the others less than it writes itself, or more than this program reads, is not to go on silently.
    private MessageProblem? FindProblem(Block block, ref ServiceIdentity? opened)
    {
        int format = LedgerFormat.Of(block);
        if (format > setup.LedgerFormat)
        {
            return new MessageProblem(MessageProblem.FormatTooNew,
                $"the block from seqno {block.First} on is of ledger format {format}, and this node reads up to "
                + $"{setup.LedgerFormat}");
        }

        if (Signer(block, ref opened) is not { } identity)
        {
            return new MessageProblem(
                MessageProblem.UnknownEpoch, $"no epoch that is known here holds seqno {block.First}");
        }

        if (identity.Verify(block, out string reason)) return null;
        bool isOfAnother = block.Signature.Header.KeyId != identity.KeyId;
        return new MessageProblem(isOfAnother ? MessageProblem.UnknownEpoch : MessageProblem.BadBlock, reason);
    }

    // An epoch is opened by a block of its own identity, and those after it in the message are of that one too. Whether
    // the one before endorsed it is seen when it is taken.
    private ServiceIdentity? Signer(Block block, ref ServiceIdentity? opened)
    {
        if (EpochBlock.TryRead(block, out EpochBlock? epoch)) opened = new ServiceIdentity(epoch.ServiceCertificate);
        else if (agreement is not null && GenesisBlock.TryRead(block, out GenesisBlock? first))
            opened = new ServiceIdentity(first.ServiceCertificate);
        return opened ?? Array.FindLast(identities, epoch => epoch.First.SeqNo <= block.First)?.Identity;
    }

    // One step at a time writes; metrics read at any time.
    private void Ignore(string reason) => ignored[reason] = ignored.GetValueOrDefault(reason) + 1;

    private void Receive(NodeId from, PeerMessage message)
    {
        switch (message)
        {
            case PeerMessage.Consensus { Message: ReplicaMessage.Append append } consensus:
                ReceiveBlocks(from, append, consensus.Blocks);
                break;
            case PeerMessage.Consensus { Message: ReplicaMessage.Appended appended }:
                ReceiveAppended(from, appended);
                break;
            case PeerMessage.SignedAppended signed when !orders || acknowledging.TryTake(from, signed, genesis):
                ReceiveAppended(from, signed.Message);
                break;
            case PeerMessage.SignedAppended:
                Ignore(IgnoredMessages.NotSigned);
                effects.Add(new Effect.Log(LogSeverity.Error,
                    $"node {from} sent an acknowledgement that it has not signed; it does not count"));
                break;
            case PeerMessage.Consensus consensus:
                Perform(replica.Step(new ReplicaInput.Receive(from, consensus.Message)));
                break;
            case PeerMessage.AskForSecrets:
                GiveSecrets(from);
                break;
            case PeerMessage.GiveSecrets given:
                TakeSecrets(from, given.Secrets);
                break;
            case PeerMessage.CanOpen:
                NoteOpener(from);
                break;
        }
    }

    // Consensus counts what is stored; under a diversity rule that is what is signed.
    private void ReceiveAppended(NodeId from, ReplicaMessage.Appended appended)
    {
        if (orders) appended = appended with { Matched = acknowledging.Counted(from, appended.Matched) };
        Perform(replica.Step(new ReplicaInput.Receive(from, appended)));
    }

    // Consensus sees opaque blocks: whether each follows on the one before, root by root, is looked at here.
    private void ReceiveBlocks(NodeId from, ReplicaMessage.Append append, IReadOnlyList<ReceivedBlock> blocks)
    {
        AppendedBlock? before = tail.Find(append.Previous);
        bool isKnown = before is not null || append.Previous.SeqNo <= tail.Committed.SeqNo;
        TxId previous = append.Previous;
        ImmutableArray<BlockInfo>.Builder infos = ImmutableArray.CreateBuilder<BlockInfo>();
        ServiceIdentity? opened = null; // not by a block that is left out: nobody looks at what that says
        foreach (ReceivedBlock received in isKnown ? blocks : [])
        {
            // What is committed here is left out: the message then follows on the last of it.
            if (received.Block.Last <= tail.Committed.SeqNo) continue;
            if (infos.Count == 0 && before is null) previous = tail.Committed;
            Digest? signer = Signer(received.Block, ref opened)?.KeyId;
            AppendedBlock? next = null;
            string? wrong = received.Block.Signature.Header.KeyId == signer
                ? FindProblem(received, before, out next)
                : $"its block {received.Block.Entries[^1].TxId} is signed by the service key of another epoch";
            if (wrong is not null)
            {
                Ignore(IgnoredMessages.DoesNotFollow);
                arriving.Clear();
                effects.Add(new Effect.Log(LogSeverity.Error, $"node {from} sent a block that is refused: {wrong}"));
                return;
            }

            infos.Add(next!.Info);
            before = next;
        }

        Perform(replica.Step(new ReplicaInput.Receive(
            from, append with { Previous = previous, Blocks = infos.ToImmutable() })));
    }

    /// <summary>Why a block cannot go on from the one before it; null when it can, and is ready to be
    /// appended.</summary>
    /// <param name="received">The block.</param>
    /// <param name="before">The block before it; null for the last committed one.</param>
    /// <param name="next">The block as this node holds it.</param>
    private string? FindProblem(ReceivedBlock received, AppendedBlock? before, out AppendedBlock? next)
    {
        Block block = received.Block;
        TxId last = block.Entries[^1].TxId;
        next = tail.Find(last);
        if (next is not null)
            return next.Info.Digest == received.Digest ? null : $"its block {last} is not the one that is here";
        TxId lastBefore = before?.LastTxId ?? tail.Committed;
        if (block.First != lastBefore.SeqNo.Next) return $"its block {last} does not follow {lastBefore}";
        if (!block.Signature.Frontier.Equals(before?.After ?? tail.CommittedAfter))
            return $"the Merkle tree of its block {last} does not go on from {lastBefore}";
        if (lastBefore == TxId.Zero && FindGenesisProblem(block) is { } another) return another;
        if (EpochBlock.TryRead(block, out EpochBlock? epoch)
            && epoch.FindProblem(
                identities[^1].Identity.Certificate, lastBefore, before?.Root ?? tail.CommittedRoot) is { } problem)
        {
            return problem;
        }

        NodeTable nodes = before?.Nodes ?? tail.CommittedNodes;
        SeqNo from = default;
        if (LedgerOutline.NodesAfter(block, nodes, ref from) is not { } changed)
            return $"what its block {last} says of nodes cannot be read";
        Configuration? configuration = ReferenceEquals(changed, nodes) ? null : changed.ToConfiguration(from);
        BlockInfo info = new(block.View, block.First, block.Last, received.Digest, configuration);
        next = new AppendedBlock(info, block.Bytes, received.After, block.Signature.Root, changed, block);
        arriving.Add(next);
        return null;
    }

    private void Append(BlockInfo info, ulong number)
    {
        AppendedBlock? block = arriving.Find(one => one.Info == info);
        Invariant.Holds(block is not null, "consensus appended a block that is not here");
        NodeTable before = tail.Nodes;
        tail.Append(block);
        effects.Add(new Effect.StoreBlock(number, info.First, info.Last, block.Bytes));
        if (block.Received is not null)
        {
            clock.Observe(block.Received.Signature.Time);
            if (views.Starts.Count == 0 || views.Starts[^1].View != info.View)
                views = views.With(new TxId(info.View, info.First));
            BeginEpochIfOpened(block.Received);
            if (joining is null) Apply(block.Received);
        }

        if (!ReferenceEquals(before, block.Nodes)) effects.Add(new Effect.Peers(block.Nodes.Addresses()));
    }

    private void BeginEpochIfOpened(Block block)
    {
        if (agreement is not null && GenesisBlock.TryRead(block, out GenesisBlock? founded))
        {
            genesis = founded.Digest;
            identities =
                [new EpochIdentity(GenesisWrites.TxId, new ServiceIdentity(founded.ServiceCertificate), Opened: null)];
        }

        if (!EpochBlock.TryRead(block, out EpochBlock? epoch)) return;
        Invariant.Holds(joining is not null, "another node opened an epoch while this one holds the service");
        identities =
        [
            .. identities,
            new EpochIdentity(block.Entries[0].TxId, new ServiceIdentity(epoch.ServiceCertificate), epoch),
        ];
    }

    // Without validation: the primary has ordered it, and no copy of the transaction is needed (DESIGN 1).
    private void Apply(Block block)
    {
        foreach (LedgerEntry entry in block.Entries)
        {
            bool isRead = LedgerOutline.TryOpenWrites(service!.Opener, block, entry, out WriteSet? writes);
            Invariant.Holds(isRead, $"{entry.TxId}, signed by the service, cannot be opened with its secrets");
            store.Apply(entry.TxId, writes!);
        }
    }

    private void TruncateAfter(SeqNo last)
    {
        NodeTable before = tail.Nodes;
        tail.TruncateAfter(last);
        views = views.TruncateAfter(last);
        if (joining is null) TakeBack();
        effects.Add(new Effect.TruncateLedger(last));
        if (!ReferenceEquals(before, tail.Nodes)) effects.Add(new Effect.Peers(tail.Nodes.Addresses()));
    }

    // Published first: who executes on what is left can see by then that it is less (docs/http.md, "Several nodes").
    private void TakeBack()
    {
        published = Describe() with { Last = tail.Last };
        store.Rollback(tail.Last.SeqNo);
    }

    private void ChangeRole(ReplicaEffect.RoleChanged changed)
    {
        reads.Refuse(effects);
        bool wasPrimary = orders;
        orders = changed.Role == ReplicaRole.Primary;

        // After a failed store nothing is done any more, not even this: the process ends.
        if (wasPrimary && !orders && changed.Role != ReplicaRole.Stopped) LayDown();
        if (!orders) return;
        acknowledging.Begin();
        views = views.With(new TxId(changed.View, store.Current.TxId.SeqNo.Next));

        // The first primary of a service or an epoch begins with a transaction of its own.
        if (service is not { } running) return;
        running.Sealing.Begin(tail.After);
        running.Sealing.OpenEmpty(changed.View, tail.Last.SeqNo.Next);
    }

    // What is open was seen by nobody: it is as if it had never been.
    private void LayDown()
    {
        if (service is not { } running) return;
        View ended = views.Starts[^1].View;
        running.Sealing.End();
        running.Snapshots.Abandon(effects);
        views = views.TruncateAfter(tail.Last.SeqNo)
            .WithLaidDown(new TxId(ended, tail.Last.SeqNo), tail.Committed);
        if (store.Current.TxId.SeqNo > tail.Last.SeqNo) TakeBack();
        progress.Drop(tail.Last.SeqNo, ended, effects);
    }

    private void Send(NodeId to, ReplicaMessage message)
    {
        if (message is ReplicaMessage.Appended appended
            && acknowledging.Sign(appended.Matched, genesis) is { Count: > 0 } signed)
        {
            byte[] bytes = PeerCodec.Encode(appended, setup.NodeKey.SubjectPublicKeyInfo.Span, signed);
            effects.Add(new Effect.Send(to, new OutgoingMessage(bytes, [])));
            return;
        }

        List<OutgoingBlock> blocks = [];
        if (message is ReplicaMessage.Append append)
        {
            foreach (BlockInfo info in append.Blocks)
            {
                ReadOnlyMemory<byte>? bytes = tail.Find(info.LastTxId)?.Bytes ?? recalled?.BytesOf(info)
                    ?? service?.History.BytesOf(info.First);
                blocks.Add(new OutgoingBlock(info.First, info.Last, bytes));
            }
        }

        effects.Add(new Effect.Send(to, new OutgoingMessage(PeerCodec.Encode(message), blocks)));
    }

    // What one node has of an older view, and the other of a newer one, they do not share.
    private void Recall(ReplicaEffect.Recall asked)
    {
        SeqNo notAfter = asked.NotAfter.SeqNo;
        foreach (TxId start in views.Starts)
        {
            if (start.View <= asked.NotAfter.View || start.SeqNo > notAfter) continue;
            notAfter = new SeqNo(start.SeqNo.Value - 1);
            break;
        }

        effects.Add(new Effect.RecallBlocks(asked.Node, notAfter, asked.Count));
    }

    private void SendRecalled(NodeId to, RecalledBlocks? blocks)
    {
        if (blocks is { Last: var last } && last.SeqNo > tail.Committed.SeqNo) blocks = null;
        recalled = blocks;
        Perform(replica.Step(new ReplicaInput.Recalled(to, blocks?.Previous ?? TxId.Zero, blocks?.Infos ?? [])));
        recalled = null;
    }

    // Secrets go to a node only when the transaction that trusts it has committed (DESIGN 6, "Secrets").
    private void GiveSecrets(NodeId to)
    {
        if (!isOpen || !tail.CommittedNodes.IsAdmitted(to))
        {
            Ignore(IgnoredMessages.NotTrusted);
            return;
        }

        using SealedSecrets all = service!.Export(id);
        effects.Add(new Effect.SendSecrets(to, all.Export()));
        effects.Add(new Effect.Log(LogSeverity.Information,
            $"node {to} is {tail.CommittedNodes.StatusOf(to)} and is told the secrets"));
    }

    private void AskForSecretsIfDue()
    {
        if (joining is null || !tail.CommittedNodes.IsAdmitted(id) || !joining.IsQuestionDue()) return;
        if (told is { } known)
        {
            told = null;
            Load(known);
            return;
        }

        // Who leads has them. But who led may be gone, and this node may be needed to elect another one: so every
        // other question goes to one after the other.
        NodeId[] others =
        [
            .. tail.CommittedNodes.Records
                .Where(node => node.Value.Status == NodeRecord.Trusted && node.Key != id).Select(node => node.Key),
        ];
        int question = questions++;
        NodeId? asked = question % 2 == 0 ? replica.Primary : null;
        if (asked is null && others.Length > 0) asked = others[question / 2 % others.Length];
        if (asked is { } to && to != id)
            effects.Add(new Effect.Send(to, new OutgoingMessage(PeerCodec.AskForSecrets(), [])));
    }

    // A vote is given to who can lead with it: else those who can might end first, and leave a majority that cannot.
    private void TellThatItOpensIfDue()
    {
        bool isWaiting = joining is null && tail.CommittedNodes.StatusOf(id) == NodeRecord.Pending;
        if (!isWaiting || --ticksToTelling > 0) return;
        if (replica.Primary is not { } primary || primary == id) return;
        ticksToTelling = Joining.TicksBetweenQuestions;
        effects.Add(new Effect.Send(primary, new OutgoingMessage(PeerCodec.CanOpen(), [])));
    }

    private void NoteOpener(NodeId node)
    {
        if (!tail.CommittedNodes.IsAdmitted(node))
        {
            Ignore(IgnoredMessages.NotTrusted);
            return;
        }

        openers.RemoveWhere(known => tail.CommittedNodes.StatusOf(known) != NodeRecord.Pending);
        if (tail.CommittedNodes.StatusOf(node) == NodeRecord.Pending) openers.Add(node);
    }

    private void TakeSecrets(NodeId from, SealedSecrets secrets)
    {
        bool isWanted = joining is { IsLoading: false }
            && tail.CommittedNodes.StatusOf(from) == NodeRecord.Trusted
            && secrets.Periods[^1].ServiceKeyId == identities[^1].Identity.KeyId;
        if (!isWanted)
        {
            Ignore(nameof(MessageRefusal.NotAsked));
            secrets.Dispose();
            return;
        }

        effects.Add(new Effect.Log(LogSeverity.Information, $"node {from} told the secrets"));
        Load(secrets);
    }

    private void Load(SealedSecrets secrets)
    {
        joining!.Load();
        effects.Add(new Effect.Log(LogSeverity.Information, $"the state is made up to {tail.Committed}"));
        Effect.LoadState load = new(secrets, tail.Committed.SeqNo, genesis, joining.Snapshots) { Epochs = identities };
        effects.Add(load);
    }

    private void OpenState(Input.StateLoaded loaded)
    {
        Invariant.Holds(joining is { IsLoading: true }, "a state was loaded that nobody asked for");
        if (loaded.State is not { } read)
        {
            isStopped = true;
            effects.Add(new Effect.Stop($"the ledger cannot be opened: {loaded.Problem}"));
            return;
        }

        Signer? signer = setup.OpenSigner(read.Sealed!.ServiceKey);
        Invariant.Holds(
            signer is not null && signer.SubjectPublicKeyInfo.Span.SequenceEqual(
                identities[^1].Identity.Certificate.SubjectPublicKeyInfo.Span),
            "the service key that was told is not that of the service");
        store = read.Store;
        progress = new CommitProgress(store);
        Service joined = Service.Join(setup, id, store, clock, read.Epochs, signer, () => published);
        read.Release();
        service = joined;
        foreach (AppendedBlock block in joining.Since) ApplyIfNewer(block);
        foreach (AppendedBlock block in tail.Uncommitted) ApplyIfNewer(block);
        joining = null;
        if (tail.Committed > progress.Committed) progress.Advance(tail.Committed, views, effects);
        StoreSecrets(joined);
        Open();
        Perform(replica.Step(new ReplicaInput.Ready()));
        effects.Add(new Effect.Log(LogSeverity.Information, $"this node is part of the network from {tail.Last} on"));
    }

    private void ApplyIfNewer(AppendedBlock block)
    {
        if (block.Info.First > store.Current.TxId.SeqNo) Apply(block.Received!);
    }

    // A primary gives a vote to who can open the ledger and has caught up, begins with a diversity rule when it can be
    // met, and lets go who has left: the second transaction of each, which needs no one's word beyond the first (DESIGN
    // 4, "Reconfiguration").
    private void TendNodes()
    {
        if (!orders || !isOpen || isDraining || replica.Configurations.Count > 1 || !replica.CanPropose
            || !ReferenceEquals(tail.Nodes, tail.CommittedNodes) || service!.Sealing.NodesFrom is not null)
        {
            return;
        }

        Transaction? transaction = null;
        NodeTable nodes = tail.CommittedNodes;
        foreach ((NodeId node, NodeRecord record) in nodes.Records)
        {
            NodeRecord? next = record switch
            {
                { Status: NodeRecord.Pending } when openers.Contains(node) && replica.IsWithinAWindow(node) =>
                    record with { Status = NodeRecord.Trusted },
                { Status: NodeRecord.Retired, IsLearner: true } => record with { RetiredCommitted = true },
                _ => null,
            };
            if (next is null) continue;
            transaction ??= store.Begin(MapAccess.Node);
            transaction.Map(GenesisMaps.NodeInfo).Put(node.ToString(), next);
            nodes = nodes.With(node, next);
        }

        // Under the rule blocks carry acknowledgements, which a node of an older program could not read.
        if (nodes.Rule is { InForce: false } waiting
            && tail.CommittedNodes.LedgerFormat >= LedgerFormat.WithAcknowledgements
            && nodes.With(waiting with { InForce = true }) is { Rule: { } rule } ruled && ruled.FindRisk() is null)
        {
            transaction ??= store.Begin(MapAccess.Node);
            transaction.Map(GenesisMaps.CommitRule).Put(GenesisMaps.RuleKeyName, rule);
            effects.Add(new Effect.Log(LogSeverity.Information,
                $"the diversity rule counts from here on: {rule.Platforms} platforms, {rule.Operators} operators"));
        }

        if (transaction is not null) service.Pipeline.Order(transaction, replica.View, progress.Committed);
    }

    // Whoever reads the ledger back counts the voters of before as well until a block says that those after them have
    // committed (R5, R6). Where nothing else comes to say it, a signature alone does.
    private void RecordCommitIfDue()
    {
        if (isRecordDue && orders && isOpen && tail.UncommittedCount == 0 && store.Current.TxId == tail.Last)
            service!.Sealing.OpenEmpty(replica.View, tail.Last.SeqNo.Next);
    }

    // Nobody takes over from a node that is alone, and who was asked often enough does not answer.
    private bool MayHandOver => replica.Configurations[^1].Voters.Count > 1 && handOvers < HandOversMax;

    // Nothing is open or on its way any more, so nothing is lost when another node goes on.
    private void HandOverIfDrained()
    {
        if (!isDraining || !orders || store.Current.TxId != tail.Committed || !MayHandOver) return;
        if (replica.CanPropose && handOvers++ < HandOversMax) Perform(replica.Step(new ReplicaInput.HandOver()));
    }
}
