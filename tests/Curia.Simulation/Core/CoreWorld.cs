using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>A network of replicas in virtual time, from one seed. This file performs what replicas ask for; others say
/// what goes wrong (<see cref="CoreFaults"/>) and who joins and leaves (<see cref="CoreMembers"/>).</summary>
internal sealed class CoreWorld
{
    // A hundred times what a long run takes.
    private const long StepsMax = 5_000_000;

    private readonly SeededRandom random;
    private readonly Trace? trace;
    private readonly CoreFaults faults;
    private readonly CoreMembers members;
    private ulong digests;
    private ulong fingerprint;

    public CoreWorld(SeededRandom random, CoreSettings settings, Trace? trace)
    {
        this.random = random;
        this.trace = trace;
        Settings = settings;
        Network = new CoreNetwork(random.Fork(), settings);
        members = new CoreMembers(this, random.Fork());
        faults = new CoreFaults(this, random.Fork());
        Beginning = settings.BeginsLate ? new TxId(new View(5), new SeqNo(20)) : TxId.Zero;
        First = members.FirstConfiguration(settings.Nodes, new SeqNo(settings.BeginsLate ? 7UL : 1UL));
        Checker = new CoreChecker(Nodes, Counts, Beginning, First);
    }

    public CoreSettings Settings { get; }

    public Agenda Agenda { get; } = new();

    public CoreNetwork Network { get; }

    public CoreCounts Counts { get; } = new();

    public CoreChecker Checker { get; }

    public List<CoreNode> Nodes { get; } = [];

    /// <summary>Where the ledger ends that the run begins with.</summary>
    public TxId Beginning { get; }

    public Configuration First { get; }

    public long Steps { get; private set; }

    /// <summary>Differs when anything differs.</summary>
    public ulong Fingerprint => fingerprint;

    public bool IsTraced => trace is not null;

    public void Run()
    {
        if (IsTraced) Note($"{Settings}");
        members.StartFirst();
        Agenda.After(0, Propose);
        Agenda.After(Settings.ChangeMicroseconds, members.Change);
        if (Settings.WithFaults) Agenda.After(Settings.FaultMicroseconds, faults.Strike);
        RunUntil(Settings.Microseconds);
        new CoreFinale(this, faults, random.Fork()).Run();
    }

    public void RunUntil(long microseconds)
    {
        bool isOver = false;
        Agenda.After(microseconds - Agenda.Now, () => isOver = true);
        while (!isOver && Agenda.Next())
        {
        }
    }

    public void Note(string line) => trace?.Add(Agenda.Now, line);

    public CoreNode Start(Func<NodeId, Replica> make, CoreLog disk, VoterKind kind)
    {
        CoreNode node = new(Nodes.Count + 1, make, disk) { Kind = kind };
        Nodes.Add(node);
        Agenda.After(random.Between(1, CoreSettings.TickMicroseconds), () => Tick(node));
        if (IsTraced) Note($"{node} starts with {disk.Last}");
        return node;
    }

    /// <summary>The process ends; what its disk was about to write may or may not get there.</summary>
    public void Crash(CoreNode node)
    {
        if (!node.IsAlive) return;
        node.IsAlive = false;
        for (int left = random.Below(node.Writing.Count + 1); left > 0; left--) Write(node);
        node.Writing.Clear();
        if (IsTraced) Note($"{node} is no more; its disk has {node.Disk.Last}");
        Checker.ExpectNothingLost();
    }

    public void Step(CoreNode node, ReplicaInput input)
    {
        if (!node.IsAlive) return;
        if (IsTraced) Note($"{node} {CoreDescribe.Of(input)}");
        Checker.Before(node);
        ReplicaEffects effects = node.Replica.Step(input);
        if (++Steps > StepsMax) throw new Violation(CoreRules.GoesOn, "messages breed messages");
        foreach (ReplicaEffect effect in effects.All) Perform(node, input, effect);
        Checker.After(node, input);
        Mix(node, effects.All.Count);
        if (node.Replica.Role is ReplicaRole.Retired or ReplicaRole.Stopped) Crash(node);
    }

    /// <summary>Seals a block on the end of the log and asks for its order.</summary>
    /// <returns>Whether it was taken.</returns>
    public bool ProposeAt(CoreNode node, Func<SeqNo, Configuration>? change)
    {
        if (!node.IsAlive || node.Replica.Role != ReplicaRole.Primary) return false;
        bool isExpected = node.Replica.CanPropose;
        SeqNo first = node.Log.Last.SeqNo.Next;

        // The first block of a ledger repeats the configuration that the network begins with.
        if (first.Value == 1) change = _ => First with { };
        SeqNo last = new(first.Value + (ulong)random.Below(3));
        SeqNo from = new(first.Value + (ulong)random.Below((int)(last.Value - first.Value) + 1));
        if (first.Value == 1) from = first;
        Configuration? made = change?.Invoke(from);
        BlockInfo block = new(node.Replica.View, first, last, CoreIds.Digest(++digests), made);
        if (isExpected) Checker.Propose(node, block, Agenda.Now);
        SeqNo before = node.Log.Last.SeqNo;
        Step(node, new ReplicaInput.Propose(block));
        bool isTaken = node.Log.Last.SeqNo > before;
        if (isTaken != isExpected)
            throw new Violation(CoreRules.ProposalsAreTaken, $"{node}: {block.LastTxId} taken: {isTaken}");
        if (!isTaken) Counts.Reached(CoreSituation.ProposalRefused);
        return isTaken;
    }

    /// <summary>Nodes that believe to be primary; usually one.</summary>
    public IEnumerable<CoreNode> Primaries() =>
        Nodes.Where(node => node.IsAlive && node.Replica.Role == ReplicaRole.Primary);

    private void Propose()
    {
        for (int index = 0; index < Nodes.Count; index++)
        {
            CoreNode node = Nodes[index];
            if (!node.IsAlive || node.Replica.Role != ReplicaRole.Primary) continue;
            if (random.Percent(20))
            {
                Checker.Ask(node, node.Replica.Round + 1);
                Step(node, new ReplicaInput.Confirm());
            }

            // Before its first block a view is not open for others.
            bool isOpen = node.Log.Last.View == node.Replica.View;
            if (!isOpen || (!node.Replica.CanPropose && !random.Percent(10))) continue;
            if (ProposeAt(node, null)) faults.AfterProposal(node);
        }

        Agenda.After(random.Between(1, 2 * Settings.ProposalMicroseconds), Propose);
    }

    private void Open(CoreNode node, View view)
    {
        if (!node.IsAlive || node.Replica.View != view || node.Replica.Role != ReplicaRole.Primary) return;
        if (node.Replica.CanPropose && ProposeAt(node, null)) faults.AfterProposal(node);
        else Agenda.After(CoreSettings.TickMicroseconds, () => Open(node, view));
    }

    private void Tick(CoreNode node)
    {
        if (!node.IsAlive) return;
        if (Agenda.Now >= node.ClockStopsUntil) Step(node, new ReplicaInput.Tick());
        Agenda.After(node.TickMicroseconds, () => Tick(node));
    }

    private void Perform(CoreNode node, ReplicaInput input, ReplicaEffect effect)
    {
        if (IsTraced) Note($"  {CoreDescribe.Of(effect)}");
        switch (effect)
        {
            case ReplicaEffect.Send send:
                Checker.Send(node, send, input);
                Send(node, send);
                break;
            case ReplicaEffect.Store store:
                Checker.Store(node, store.Block);
                node.Log.Append(store.Block);
                node.Writing.Enqueue((store.Block, store.Number, default));
                WakeDisk(node);
                break;
            case ReplicaEffect.Truncate truncate:
                Checker.Truncate(node, truncate.After);
                node.Log.TruncateAfter(truncate.After.SeqNo);
                node.Writing.Enqueue((null, 0, truncate.After.SeqNo));
                WakeDisk(node);
                break;
            case ReplicaEffect.Committed committed:
                Checker.Commit(node, committed.TxId, Agenda.Now);
                MakeSnapshot(node);
                break;
            case ReplicaEffect.RoleChanged changed:
                Checker.RoleChanged(node, changed, input);
                if (changed.Role != ReplicaRole.Primary) break;
                int opening = Settings.Seesaws
                    ? faults.AfterElection(node)
                    : random.Below(Settings.OpeningMicroseconds);
                Agenda.After(opening, () => Open(node, changed.View));
                break;
            case ReplicaEffect.Confirmed confirmed:
                Checker.Confirmed(node, confirmed.Round);
                break;
            case ReplicaEffect.InstallSnapshot install:
                Agenda.After(random.Between(1, 5_000), () => Install(node, install.Snapshot));
                break;
            case ReplicaEffect.Recall recall:
                Agenda.After(random.Between(1, Settings.DiskMicroseconds), () => Recall(node, recall));
                break;
        }
    }

    private void Send(CoreNode from, ReplicaEffect.Send send)
    {
        int to = CoreIds.NumberOf(send.To);
        (long? first, long? second) = Network.Delays(from.Number, to, Agenda.Now);
        if (first is { } once) Agenda.After(once, () => Deliver(from, to, send.Message));
        if (second is { } again) Agenda.After(again, () => Deliver(from, to, send.Message));
    }

    private void Deliver(CoreNode from, int to, ReplicaMessage message)
    {
        CoreNode node = Nodes[to - 1];
        if (!node.IsAlive || !Network.Reaches(from.Number, to)) return;
        if (message is ReplicaMessage.HandOver && message.View == node.Replica.View)
            faults.HandedOver = (node.Number, message.View.Next);
        Step(node, new ReplicaInput.Receive(from.Id, message));
        if (faults.HandedOver == (to, node.Replica.View) && node.Replica.Role == ReplicaRole.Primary)
        {
            Counts.Reached(CoreSituation.HandOverWorked);
            faults.HandedOver = default;
        }
    }

    private void MakeSnapshot(CoreNode node)
    {
        if (Settings.SnapshotBlocks is not { } interval || ++node.BlocksSinceSnapshot < interval) return;
        node.BlocksSinceSnapshot = 0;
        TxId at = node.Committed;
        SnapshotInfo made = new(
            at, CoreIds.Digest(at.SeqNo.Value), 1 + (int)(at.SeqNo.Value % 3), Checker.ConfigurationAt(at));
        Agenda.After(random.Between(1, 2_000), () => SnapshotMade(node, made));
    }

    public void SnapshotMade(CoreNode node, SnapshotInfo made)
    {
        if (node.Snapshot is { } known && known.At >= made.At) return;
        node.Snapshot = made;
        Step(node, new ReplicaInput.SnapshotMade(made));
    }

    private void Install(CoreNode node, SnapshotInfo snapshot)
    {
        if (!node.IsAlive) return;
        if (!Network.IsQuiet && Settings.WithFaults && random.Percent(15))
        {
            Counts.Reached(CoreSituation.SnapshotRefused);
            Step(node, new ReplicaInput.SnapshotRefused(snapshot.At));
            return;
        }

        Checker.Install(node, snapshot);
        node.Log.Reset(snapshot.At);
        node.Disk.Reset(snapshot.At);
        node.Writing.Clear();
        node.Snapshot = snapshot;
        Step(node, new ReplicaInput.SnapshotInstalled(snapshot.At));
    }

    private void Recall(CoreNode node, ReplicaEffect.Recall asked)
    {
        if (!node.IsAlive) return;
        int count = node.Log.CountThrough(asked.NotAfter.SeqNo);
        while (count > 0 && node.Log[count - 1].View > asked.NotAfter.View) count--;
        TxId previous = count == 0 ? node.Log.Start : node.Log[count - 1].LastTxId;
        ImmutableArray<BlockInfo>.Builder blocks = ImmutableArray.CreateBuilder<BlockInfo>();
        bool isReadable = previous.SeqNo <= asked.NotAfter.SeqNo
            && !(Settings.WithFaults && !Network.IsQuiet && random.Percent(10));
        for (; isReadable && blocks.Count < asked.Count && count < node.Log.Count; count++)
        {
            if (node.Log[count].Last > node.Committed.SeqNo) break;
            blocks.Add(node.Log[count]);
        }

        if (blocks.Count > 0) Counts.Reached(CoreSituation.BlocksRecalled);
        Step(node, new ReplicaInput.Recalled(asked.Node, previous, blocks.ToImmutable()));
    }

    private void WakeDisk(CoreNode node)
    {
        if (node.IsDiskBusy) return;
        node.IsDiskBusy = true;
        long takes = (1 + random.Below(Settings.DiskMicroseconds)) * node.DiskSlowness;
        Agenda.After(takes, () => Sync(node));
    }

    /// <summary>A disk that took long is done.</summary>
    public void HurryDisk(CoreNode node)
    {
        if (node.IsDiskBusy) Agenda.After(1, () => Sync(node));
    }

    // One sync covers as much of what waits as chance will have it.
    private void Sync(CoreNode node)
    {
        node.IsDiskBusy = false;
        if (!node.IsAlive || node.Writing.Count == 0) return;
        if (node.NextStoreFails)
        {
            Counts.Reached(CoreSituation.StoreFailed);
            Step(node, new ReplicaInput.StoreFailed());
            return;
        }

        ulong number = 0;
        for (int left = 1 + random.Below(node.Writing.Count); left > 0; left--)
            number = Math.Max(number, Write(node));
        if (node.Writing.Count > 0) WakeDisk(node);
        if (number > 0) Step(node, new ReplicaInput.Stored(number));
    }

    private ulong Write(CoreNode node)
    {
        (BlockInfo? block, ulong number, SeqNo after) = node.Writing.Dequeue();
        if (block is null)
        {
            node.Disk.TruncateAfter(after);
            return 0;
        }

        node.Disk.Append(block);
        if (!node.Log.Contains(block.LastTxId)) Counts.Reached(CoreSituation.StoreForTruncatedBlockReported);
        return number;
    }

    private void Mix(CoreNode node, int effects)
    {
        ulong state = fingerprint ^ ((ulong)Agenda.Now << 20) ^ ((ulong)node.Number << 8) ^ (ulong)effects;
        state ^= (node.Replica.View.Value << 48) ^ (node.Log.Last.SeqNo.Value << 32) ^ node.Committed.SeqNo.Value;
        fingerprint = unchecked((state ^ (state >> 29)) * 0xBF58476D1CE4E5B9);
    }
}
