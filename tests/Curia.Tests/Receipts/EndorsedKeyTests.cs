using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Cryptography;
using Curia.Ledger;

namespace Curia.Tests.Receipts;

/// <summary>From the newest service key back to older ones, through what each has certified
/// (docs/receipts.md).</summary>
public sealed class EndorsedKeyTests
{
    private const int Restarts = 100;

    private readonly List<Certificate> identities = [];
    private readonly List<Certificate> endorsements = [];

    public EndorsedKeyTests()
    {
        SystemEntropy entropy = new();
        DateTimeOffset from = DateTimeOffset.UtcNow;
        for (int at = 0; at <= Restarts; at++)
        {
            using EcdsaSigner key = EcdsaSigner.Generate(entropy);
            identities.Add(Read(CertificateAuthority.SelfSigned(key, "service", from, from.AddDays(1), entropy)));
            if (at == 0) continue;
            endorsements.Add(Read(CertificateAuthority.Certify(
                key, identities[at], identities[at - 1], from, from.AddDays(1), entropy)));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_newest_key_leads_to_every_older_one_in_any_order(bool isReversed)
    {
        IEnumerable<Certificate> order = isReversed ? endorsements.AsEnumerable().Reverse() : endorsements;
        ServiceKeys keys = ServiceKeys.Of(identities[^1]).WithEndorsed(order);
        Assert.All(identities, identity => Assert.True(keys.TryFind(identity.KeyDigest, out _)));
    }

    [Fact]
    public void An_older_key_leads_to_no_newer_one_and_a_gap_ends_the_way()
    {
        ServiceKeys older = ServiceKeys.Of(identities[50]).WithEndorsed(endorsements);
        Assert.True(older.TryFind(identities[0].KeyDigest, out _));
        Assert.False(older.TryFind(identities[51].KeyDigest, out _));
        ServiceKeys gap = ServiceKeys.Of(identities[^1]).WithEndorsed(endorsements.Where((_, at) => at != 60));
        Assert.True(gap.TryFind(identities[61].KeyDigest, out _));
        Assert.False(gap.TryFind(identities[60].KeyDigest, out _));
    }

    [Fact]
    public void Whoever_trusts_nobody_is_led_nowhere() =>
        Assert.True(ServiceKeys.None.WithEndorsed(endorsements).IsEmpty);

    private static Certificate Read(byte[] der)
    {
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        return certificate!;
    }
}
