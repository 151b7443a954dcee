using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>What the service begins with, recorded in the genesis block: what its founders agreed on, or what one node
/// that begins alone was given.</summary>
public sealed record GenesisSettings
{
    /// <summary>The network's name for people, 1 to 64 printable ASCII characters.</summary>
    public required string Name { get; init; }

    /// <summary>The members: who will govern.</summary>
    public required IReadOnlyList<GenesisMember> Members { get; init; }

    /// <summary>The users: who may call the application.</summary>
    public required IReadOnlyList<GenesisUser> Users { get; init; }

    /// <summary>The diversity rule, not in force yet: one node meets none. Null: majorities are enough.</summary>
    public DiversityRule? Rule { get; init; }

    /// <summary>The member that owns a node that begins alone: its own word.</summary>
    public MemberId? Owner { get; init; }

    /// <summary>The platform in the founding node's record, where that plays one; null: its own.</summary>
    public string? Plays { get; init; }

    /// <summary>SHA-256 of the charter by which this network was founded, when this node goes by one; null for
    /// none.</summary>
    public Digest? Charter { get; init; }

    /// <summary>What a charter says of it.</summary>
    public static GenesisSettings Of(Charter charter)
    {
        ArgumentNullException.ThrowIfNull(charter);
        CharterContent content = charter.Content;
        return new GenesisSettings
        {
            Name = content.Name,
            Members =
            [
                .. content.Members.Values.Select(
                    member => new GenesisMember(member.Certificate, member.EncryptionKey?.ToPem())),
            ],
            Users =
            [
                .. content.Participants.Values.Where(one => one.Kind == ParticipantKind.Key)
                    .Select(one => new GenesisUser(one.Certificate)),
            ],
            Charter = charter.Digest,
        };
    }

    /// <summary>How long the certificates of service and node are good for.</summary>
    public int CertificateValidityDays { get; init; } = 365;
}

/// <summary>A member at genesis.</summary>
/// <param name="Certificate">Identifies the member and checks its signatures.</param>
/// <param name="EncryptionKeyPem">The public key that recovery shares will be sealed to, PEM, or null.</param>
public sealed record GenesisMember(Certificate Certificate, string? EncryptionKeyPem);

/// <summary>A user at genesis.</summary>
/// <param name="Certificate">Identifies the user.</param>
public sealed record GenesisUser(Certificate Certificate);
