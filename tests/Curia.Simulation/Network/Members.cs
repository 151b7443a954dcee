using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>A member of the simulated consortium, with its key.</summary>
internal sealed class Member
{
    private readonly ulong seed;

    public Member(string name, ulong seed)
    {
        this.seed = seed;
        SeededEntropy entropy = new(seed);
        using SeededSigner signer = new(entropy);
        byte[] der = CertificateAuthority.SelfSigned(
            signer, name, Identities.Beginning.AddYears(-1), Identities.Beginning.AddYears(10), entropy);
        Certificate = Cryptography.Certificate.TryFromDer(der, out Certificate? certificate)
            ? certificate!
            : throw new InvalidOperationException("a certificate that was just made cannot be read");
    }

    public Certificate Certificate { get; }

    /// <summary>The request as it comes over the network.</summary>
    public Request Sign(NodeRequest asked, DateTimeOffset now)
    {
        using SeededSigner signer = new(new SeededEntropy(seed));
        byte[] message = MemberMessage.Sign(
            signer, new MemberId(Certificate.Fingerprint), MemberMessage.ProposalType, now,
            JsonSerializer.SerializeToUtf8Bytes(asked, JsonFormat.Options));
        return Requests.Make("POST", "/node/network/nodes", message);
    }
}

/// <summary>The members: more than half of the three decide.</summary>
internal static class Members
{
    public static IReadOnlyList<Member> All { get; } =
        [new Member("member1", 101), new Member("member2", 102), new Member("member3", 103)];

    /// <summary>No member of this network.</summary>
    public static Member Stranger { get; } = new("member4", 104);

    /// <summary>What a network begins with.</summary>
    public static GenesisSettings GenesisOf(NetworkPlan plan) => plan.IsDiverse ? Diverse : Genesis;

    /// <summary>Who owns a node.</summary>
    public static Member OwnerOf(NodeProcess process) => All[process.Number % All.Count];

    private static GenesisSettings Genesis { get; } = Platform.Genesis with
    {
        Members = [.. All.Select(member => new GenesisMember(member.Certificate, null))],
    };

    private static GenesisSettings Diverse { get; } = Genesis with
    {
        Rule = new DiversityRule(Platforms: 1, Operators: 2, LossWaived: false, InForce: false),
        Owner = new MemberId(All[0].Certificate.Fingerprint),
    };
}
