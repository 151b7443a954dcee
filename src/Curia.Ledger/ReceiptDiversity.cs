using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>Who must have acknowledged the block of a receipt (docs/receipts.md, "Acknowledgements"). No service key is
/// asked: nodes sign for themselves, and their owners say whose and what they are.</summary>
/// <param name="Platforms">Nodes of at least so many platforms; 0 when not asked.</param>
/// <param name="Operators">Nodes of at least so many owners; 0 when not asked.</param>
/// <param name="Members">The certificates of the members that are believed, each of its own nodes.</param>
public sealed record ReceiptDiversity(int Platforms, int Operators, ImmutableArray<Certificate> Members)
{
    /// <summary>Nothing is asked.</summary>
    public static ReceiptDiversity None { get; } = new(0, 0, []);

    /// <summary>Whether anything is asked.</summary>
    public bool IsAsked => Platforms > 0 || Operators > 0;

    internal ReceiptFinding Judge(ReceiptFinding finding, ReceiptAcknowledgements? acknowledgements)
    {
        if (acknowledgements is null)
        {
            return finding.Lacks("acknowledgements: the receipt carries none; those of the newest block come with the "
                + "next one, and without a diversity rule there are none");
        }

        HashSet<string> platforms = [];
        HashSet<MemberId> owners = [];
        int unknown = 0;
        foreach (EndorsedAcknowledgement one in acknowledgements.Nodes)
        {
            if (!one.By.Verify(acknowledgements.Genesis, acknowledgements.Block, finding.Root!.Value))
                return finding.Refuse($"acknowledgement: node {one.By.Node} has not signed it");
            if (one.Endorsement.IsEmpty)
            {
                unknown++;
                continue;
            }

            if (NodeEndorsement.Read(one.Endorsement) is not { } owned || owned.Node != one.By.Node
                || owned.Network != acknowledgements.Genesis)
            {
                return finding.Refuse($"node endorsement: that of node {one.By.Node} is of something else");
            }

            if (Members.FirstOrDefault(member => member.Fingerprint == owned.Owner.Value) is not { } owner)
            {
                unknown++;
                continue;
            }

            if (!owned.Message.IsSignedBy(owner))
                return finding.Refuse($"node endorsement: the owner of node {one.By.Node} has not signed it");
            platforms.Add(owned.Platform);
            owners.Add(owned.Owner);
        }

        string names = string.Join(", ", platforms.Order(StringComparer.Ordinal));
        string found = $"nodes of {platforms.Count} platforms ({names})"
            + $" and {owners.Count} operators have stored it";
        if (platforms.Count >= Platforms && owners.Count >= Operators) return finding.Accept($"acknowledged: {found}");
        return finding.Lacks($"acknowledgements: {found}, {Platforms} and {Operators} are asked for"
            + (unknown > 0 ? $"; {unknown} more nodes did whose owner is none of the members given" : ""));
    }
}
