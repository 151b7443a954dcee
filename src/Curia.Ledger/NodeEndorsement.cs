using System;
using System.Collections.Generic;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>What the owner of a node has signed of it: the request that admitted it, or one that endorses a node that
/// takes part already (docs/http.md, "Nodes"). It binds the node's key to an operator and a platform, for whoever
/// believes the owner's certificate.</summary>
/// <param name="Message">The owner's message.</param>
/// <param name="Network">The name of the network.</param>
/// <param name="Node">The node.</param>
/// <param name="Platform">Its platform, by the word of its owner.</param>
internal sealed record NodeEndorsement(MemberMessage Message, Digest Network, NodeId Node, string Platform)
{
    /// <summary>The owner, who must have signed itself.</summary>
    public MemberId Owner => Message.Member;

    /// <summary>Reads a message; whether its signature is good is for <see cref="MemberMessage.IsSignedBy"/> to
    /// say.</summary>
    /// <returns>Null when it is no endorsement by the owner that it names.</returns>
    public static NodeEndorsement? Read(ReadOnlyMemory<byte> bytes)
    {
        if (!MemberMessage.TryDecode(bytes, out MemberMessage? message)) return null;
        if (message.Type != MemberMessage.ProposalType) return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(message.Payload, JsonFields.Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return null;
            JsonFields fields = new(document.RootElement);
            bool isOne = fields.Text("action") is "add_node" or "endorse_node"
                && fields.Text("owner") == message.Member.ToString();
            return isOne && Digest.TryParseHex(fields.Text("network"), out Digest network)
                && Digest.TryParseHex(fields.Text("nodeId"), out Digest node)
                && fields.Text("platform") is { Length: > 0 } platform
                ? new NodeEndorsement(message, network, new NodeId(node), platform)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>One acknowledgement as a receipt carries it.</summary>
/// <param name="By">What the node has signed.</param>
/// <param name="Endorsement">What the owner of the node has signed of it; empty where nobody did.</param>
public sealed record EndorsedAcknowledgement(Acknowledgement By, ReadOnlyMemory<byte> Endorsement);

/// <summary>Who has acknowledged the block of a receipt.</summary>
/// <param name="Genesis">The name of the network.</param>
/// <param name="Block">The signature transaction that ends the block.</param>
/// <param name="Nodes">The nodes; at most <see cref="BlockAcknowledgements.NodesMax"/>.</param>
public sealed record ReceiptAcknowledgements(
    Digest Genesis, TxId Block, IReadOnlyList<EndorsedAcknowledgement> Nodes);
