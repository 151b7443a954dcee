using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Reads a ledger back from disk before a process goes on with it: verifies every byte, opens the private
/// parts with the sealed secrets, and makes the state again. Files come in one by one in the order of their
/// names.</summary>
/// <remarks>One thread verifies, one applies, which may be another one: each costs about as much. Nothing of the state
/// is believed before <see cref="Finish"/> says so: the last signature vouches for all before it. Dispose it only if no
/// node took it over. DESIGN 6, "Epochs".</remarks>
public sealed class LedgerReplay : LoadedState
{
    private readonly IReadOnlyList<SealedSecrets> candidates;
    private readonly LedgerAudit audit;
    private StateBuilder state = new();
    private List<Block> accepted = [];
    private string? unusable;
    private bool isWhole;
    private State? atGenesis;

    /// <summary>Begins with what the platform unsealed.</summary>
    /// <param name="candidates">All sealed secrets that were found and opened: those of the newest epoch must be among
    /// them. Taken over.</param>
    public LedgerReplay(IReadOnlyList<SealedSecrets> candidates)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        this.candidates = candidates;
        audit = new LedgerAudit(
            new AuditOptions { Signatures = AuditSignatures.LastOfEachEpoch, Accept = block => accepted.Add(block) });
    }

    /// <summary>Transactions applied so far.</summary>
    public ulong Transactions => Math.Max(state.TxId.SeqNo.Value, Store.Current.TxId.SeqNo.Value);

    /// <summary>The file of the sealed secrets that the ledger is continued with, when there was no obstacle.</summary>
    public string? SecretsFileName =>
        Sealed is { Periods: [.., SecretPeriod newest] }
            ? SealedSecrets.FileName(newest.From, newest.ServiceKeyId)
            : null;

    /// <summary>What the ledger says without being opened.</summary>
    internal LedgerOutline Outline { get; } = new();

    internal ViewHistory Views => Outline.Views;

    /// <summary>The name of the network.</summary>
    public Digest Genesis => Outline.Genesis;

    /// <summary>The format of the ledger that a node must be able to read to go on with it.</summary>
    public int Format => Outline.Format;

    /// <summary>The last signature transaction.</summary>
    public TxId Last => Outline.Last;

    /// <summary>The root that it signs.</summary>
    internal Digest Root => Outline.Root;

    /// <summary>When it was signed.</summary>
    internal DateTimeOffset Time => Outline.Time;

    /// <summary>Verifies and applies the next file.</summary>
    /// <param name="fileName">Its name without the folder.</param>
    /// <param name="bytes">The whole file.</param>
    public void AddChunk(string fileName, ReadOnlyMemory<byte> bytes) => Apply(Verify(fileName, bytes));

    /// <summary>Verifies the next file.</summary>
    /// <param name="fileName">Its name without the folder.</param>
    /// <param name="bytes">The whole file; kept by the blocks.</param>
    /// <returns>What is to be applied of it, in order.</returns>
    public IReadOnlyList<Block> Verify(string fileName, ReadOnlyMemory<byte> bytes)
    {
        accepted = [];
        audit.AddChunk(fileName, bytes);
        return accepted;
    }

    /// <summary>Opens and applies what <see cref="Verify"/> gave, in the same order.</summary>
    public void Apply(IReadOnlyList<Block> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        foreach (Block block in blocks) Apply(block);
    }

    /// <summary>The verdict, when everything is applied. No file can follow.</summary>
    public AuditReport Finish()
    {
        AuditReport report = audit.Finish();
        isWhole = report.Ok;
        return report;
    }

    /// <summary>Whether the newest configuration is the node whose secrets are here, and nobody else: then this process
    /// may go on alone (DESIGN 6, "Epochs").</summary>
    public bool IsAlone => Outline.Active is [.., { Voters: [NodeId only] }] && only == Sealed!.NodeId
        && Outline.Active.All(older => older.Voters.Count == 1);

    /// <summary>Why a node cannot go on from what was read, alone or with others; null when it can. That is never so
    /// before <see cref="Finish"/> has found the ledger whole.</summary>
    /// <param name="settings">What node.json says of genesis: it must be what the genesis block says.</param>
    /// <param name="platform">What node.json says of the platform.</param>
    public string? FindObstacle(GenesisSettings settings, string platform)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!isWhole) return "it did not pass its audit to the end";
        if (unusable is not null) return unusable;
        Digest newest = Epochs.InOrder[^1].Certificate.KeyDigest;
        Sealed = candidates.FirstOrDefault(candidate => candidate.Periods[^1].ServiceKeyId == newest);
        if (Sealed is null) return $"no sealed secrets of its newest epoch (service key {newest}) can be opened";
        Store = new KeyValueStore(state.ToState());
        state = new StateBuilder(); // its tables are as large as the state
        return FindDifference(atGenesis!, settings, platform);
    }

    /// <summary>Why the state cannot be taken from what was read by a node of the same epoch, which another node told
    /// its secrets; null when it can. That is never so before <see cref="Finish"/> has found the ledger
    /// whole.</summary>
    /// <param name="settings">What node.json says of genesis: it must be what the genesis block says.</param>
    /// <param name="platform">What node.json says of the platform.</param>
    public string? FindLoadObstacle(GenesisSettings settings, string platform)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!isWhole) return "it did not pass its audit to the end";
        if (unusable is not null) return unusable;
        Sealed = candidates[0];
        Store = new KeyValueStore(state.ToState());
        state = new StateBuilder();
        return FindDifference(atGenesis!, settings, platform);
    }

    private protected override void ReleaseSecrets()
    {
        foreach (SealedSecrets candidate in candidates) candidate.Dispose();
    }

    private void Apply(Block block)
    {
        if (unusable is not null) return;
        int epochs = Outline.Epochs.Count;
        Outline.Add(block);
        if (Outline.Epochs.Count > epochs) unusable = BeginEpoch(Outline.Epochs[^1], candidates);
        foreach (LedgerEntry entry in block.Entries)
        {
            if (unusable is not null) return;
            if (LedgerOutline.TryOpenWrites(Opener, block, entry, out WriteSet? writes))
                state.Apply(entry.TxId, writes);
            else
                unusable = $"{entry.TxId} cannot be opened with the sealed secrets";
        }

        if (block.First.Value == 1) atGenesis = state.ToState();
    }

    // DESIGN 6, "node.json": what a promise to others rests on stands in the ledger, and settings must not differ.
    internal static string? FindDifference(State atGenesis, GenesisSettings settings, string platform)
    {
        ReadOnlyTransaction genesis = KeyValueStore.ReadAt(atGenesis, MapAccess.Node);
        genesis.Map(GenesisMaps.ServiceInfo).TryGet(GenesisMaps.ServiceKeyName, out string? info);
        JsonNode? service = JsonNode.Parse(info ?? "{}");
        if ((string?)service!["name"] != settings.Name)
            return $"its network is named \"{service["name"]}\" and not \"{settings.Name}\" (genesis.name)";
        if (genesis.Map(GenesisMaps.Charter).TryGet(GenesisMaps.CharterKeyName, out byte[]? charter))
        {
            // It says all that follows here, and the node's platform is that of its slot.
            return settings.Charter is not { } own || own == Digest.Of(charter)
                ? null
                : $"it was founded by the charter {Digest.Of(charter)} and not by {own}";
        }

        if ((string?)service["platform"] != platform)
            return $"its platform is {service["platform"]} and not {platform} (genesis.platform)";
        genesis.Map(GenesisMaps.CommitRule).TryGet(GenesisMaps.RuleKeyName, out DiversityRule? rule);
        if (rule != settings.Rule) return "its genesis block has another diversity rule (genesis.commit_rule)";
        NodeRecord founder = genesis.Map(GenesisMaps.NodeInfo).Range().First().Value;
        if (founder.Owner != settings.Owner) return "its founding node has another owner (genesis.owner)";
        if (founder.Platform != (settings.Plays ?? platform))
            return "its founding node has another platform (genesis.plays)";
        IEnumerable<string> members = settings.Members.Select(member => member.Certificate.Fingerprint.ToString());
        IEnumerable<string> users = settings.Users.Select(user => user.Certificate.Fingerprint.ToString());
        if (!Holds(genesis.Map(GenesisMaps.MemberCertificates), members))
            return "its genesis block names other members (genesis.members)";
        IEnumerable<(string Id, string Key)> keys = settings.Members
            .Where(member => member.EncryptionKeyPem is not null)
            .Select(member => (Id: member.Certificate.Fingerprint.ToString(), Key: member.EncryptionKeyPem!))
            .OrderBy(member => member.Id, StringComparer.Ordinal);
        if (!keys.SequenceEqual(
            genesis.Map(GenesisMaps.MemberEncryptionKeys).Range().Select(one => (one.Key, one.Value))))
            return "its genesis block has other encryption keys of members (genesis.members)";
        return Holds(genesis.Map(GenesisMaps.UserCertificates), users)
            ? null
            : "its genesis block names other users (genesis.users)";
    }

    private static bool Holds(ReadOnlyMapView<string, string> map, IEnumerable<string> ids) =>
        map.Range().Select(one => one.Key).SequenceEqual(ids.Order(StringComparer.Ordinal), StringComparer.Ordinal);
}
