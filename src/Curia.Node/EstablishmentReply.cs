using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Serialization;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>How far the establishment of the network is, as one node sees it.</summary>
public enum EstablishmentState
{
    /// <summary>The node waits for its owner's endorsement.</summary>
    AwaitingEndorsement,

    /// <summary>The founders verify each other.</summary>
    Verifying,

    /// <summary>All founders have signed the same; the genesis block is on its way.</summary>
    Agreed,

    /// <summary>The genesis block has committed, and the network is open.</summary>
    Open,
}

/// <summary><c>GET /node/establishment</c>: what this node knows of the founders. It speaks for itself alone.</summary>
/// <param name="State">How far it is.</param>
/// <param name="NodeId">This node.</param>
/// <param name="Slot">Its founding slot; null for a node that joined later.</param>
/// <param name="Charter">SHA-256 of its charter.</param>
/// <param name="Name">The network's name for people, from the charter.</param>
/// <param name="Attempt">Which attempt at a network by this charter it is.</param>
/// <param name="Network">The digest of the genesis block; null before it has committed.</param>
/// <param name="FirstPrimary">Who makes the genesis block; null before this node has verified all.</param>
/// <param name="SecondsLeft">Until the node gives up; null when it has not to.</param>
/// <param name="Founders">One for each slot, in the order of their names.</param>
public sealed record EstablishmentReply(
    EstablishmentState State, NodeId NodeId, string? Slot, Digest Charter, string Name, int Attempt, Digest? Network,
    NodeId? FirstPrimary, int? SecondsLeft, IReadOnlyList<FounderReply> Founders)
{
    /// <summary>What the ledger says of an establishment that is over; null for a network without a charter.</summary>
    internal static EstablishmentReply? Of(ReadOnlyTransaction transaction, NodeView view)
    {
        if (!transaction.Map(GenesisMaps.Charter).TryGet(GenesisMaps.CharterKeyName, out byte[]? encoded)
            || !Curia.Governance.Charter.TryDecode(encoded, out Charter? charter, out _)
            || ReadStatement(transaction) is not { } statement)
        {
            return null;
        }

        return new EstablishmentReply(
            EstablishmentState.Open, view.NodeId,
            statement.Founders.FirstOrDefault(one => one.Node == view.NodeId)?.Slot, charter.Digest,
            charter.Content.Name, statement.Attempt, view.Genesis, statement.Founders[0].Node, SecondsLeft: null,
            [
                .. statement.Founders.OrderBy(one => one.Slot, StringComparer.Ordinal).Select(one => FounderReply
                    .Of(charter, one.Slot) with
                {
                    State = FounderState.Agreed,
                    NodeId = one.Node,
                    PublishedAddresses =
                        transaction.Map(GenesisMaps.NodeInfo).TryGet(one.Node.ToString(), out NodeRecord? record)
                            ? record.PublishedAddresses
                            : [],
                    Says = FounderState.Agreed,
                }),
            ]);
    }

    private static FoundingStatement? ReadStatement(ReadOnlyTransaction transaction)
    {
        byte[]? first = transaction.Map(GenesisMaps.FoundingStatements).Range()
            .Select(one => one.Value).FirstOrDefault();
        return first is not null && SignedFoundingStatement.TryDecode(first, out SignedFoundingStatement? signed)
            && FoundingStatement.TryDecode(signed.Statement, out FoundingStatement? statement)
                ? statement
                : null;
    }
}

/// <summary>A founding slot, as one node sees it.</summary>
/// <param name="Slot">Its name.</param>
/// <param name="Owner">The member that owns its node, by name.</param>
/// <param name="Platform">The TEE platform that it is for.</param>
/// <param name="Address">Where other founders find its node.</param>
public sealed record FounderReply(string Slot, string Owner, string Platform, string Address)
{
    /// <summary>How far this node is with it; for its own slot, whether it has signed.</summary>
    public FounderState State { get; init; }

    /// <summary>Why what it shows is refused here; left out when it is not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>The node in it; null while nobody was heard.</summary>
    public NodeId? NodeId { get; init; }

    /// <summary>Where clients will find it, and where it can be asked for its own view; none before it is
    /// verified.</summary>
    public IReadOnlyList<string> PublishedAddresses { get; init; } = [];

    /// <summary>How far it is with this node, by its own word; Missing before it has said so.</summary>
    public FounderState Says { get; init; }

    /// <summary>Why it refuses this node; left out when it does not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SaysReason { get; init; }

    /// <summary>In what its charter differs from the one here; left out where nothing of that is known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FieldDifference>? Differences { get; init; }

    /// <summary>A slot of a charter, of whose node nothing is known.</summary>
    public static FounderReply Of(Charter charter, string slot)
    {
        ArgumentNullException.ThrowIfNull(charter);
        CharterSlot said = charter.Content.Slots[slot];
        return new FounderReply(slot, said.Owner, said.Platform, said.Address);
    }
}

/// <summary>A field in which two charters differ (<see cref="CharterDifference"/>).</summary>
/// <param name="Field">Its path.</param>
/// <param name="Here">What it is in the charter of this node; null where it is not there.</param>
/// <param name="There">What it is in the other one; null where it is not there.</param>
public sealed record FieldDifference(string Field, string? Here, string? There);
