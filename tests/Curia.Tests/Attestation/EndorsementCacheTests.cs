using System;
using System.Linq;
using System.Threading.Tasks;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>What has been verified is not verified again, and nothing is taken for it that is not the same
/// (decisions/0022).</summary>
public sealed class EndorsementCacheTests
{
    private static readonly MadeIntel tdx = new(5);
    private static readonly MadeSnp snp = new(SnpProcessor.Genoa);

    [Fact]
    public void An_answer_from_the_cache_is_the_same_answer()
    {
        EndorsementCache cache = new();
        byte[] quote = tdx.MakeQuote();
        byte[] report = snp.MakeReport();
        AttestationResult[] quotes = [.. Enumerable.Range(0, 2).Select(_ => tdx.Appraise(quote, cache: cache))];
        AttestationResult[] reports = [.. Enumerable.Range(0, 2).Select(_ => Appraise(report, cache))];
        Assert.Equal(4, cache.Count);
        Assert.Equal(tdx.Appraise(quote).Checks, quotes[1].Checks);
        Assert.Equal(quotes[0].Checks, quotes[1].Checks);
        Assert.Equal(snp.Appraise(report).Checks, reports[1].Checks);
        Assert.All((AttestationResult[])[.. quotes, .. reports], result => Assert.Equal("", result.Reason));
    }

    /// <summary>Another quote of the same processor still has to be signed by it.</summary>
    [Fact]
    public void Only_the_chain_is_remembered()
    {
        EndorsementCache cache = new();
        Assert.Equal("", tdx.Appraise(tdx.MakeQuote(), cache: cache).Reason);
        byte[] forged = tdx.MakeQuote();
        forged[tdx.Body + 136] ^= 1;
        Assert.Equal("quote-signature-invalid", tdx.Appraise(forged, cache: cache).Reason);
        Assert.Equal("debug-enabled",
            tdx.Appraise(tdx.MakeQuote(quote => quote[tdx.Body + 120] = 1), cache: cache).Reason);
        Assert.Equal("", Appraise(snp.MakeReport(), cache).Reason);
        Assert.Equal("policy-debug-enabled",
            Appraise(snp.MakeReport(report => report[0x00A] = 0x0B), cache).Reason);
    }

    /// <summary>A newer list, another root and a stricter policy are other keys.</summary>
    [Fact]
    public void Whatever_decided_is_part_of_the_key()
    {
        EndorsementCache cache = new();
        byte[] quote = tdx.MakeQuote();
        TdxPolicy lax = tdx.Tdx with { RequiredCollateral = IntelCollateral.None };
        IntelEndorsements bare = tdx.Endorsements with { RootRevocationList = null, PckRevocationList = null };
        Assert.Equal("", tdx.Appraise(quote, bare, policy: lax, cache: cache).Reason);
        Assert.Equal("root-crl-missing", tdx.Appraise(quote, bare, cache: cache).Reason);
        Assert.Equal("", tdx.Appraise(quote, cache: cache).Reason);
        Assert.Equal("leaf-revoked", Reason(tdx.Endorsements with { PckRevocationList = tdx.MakePckList(0x30001) }));
        Assert.Equal("signer-revoked",
            Reason(tdx.Endorsements with { RootRevocationList = tdx.MakeRootList(0x20001) }));
        Assert.Equal("tcb-signer-revoked",
            Reason(tdx.Endorsements with { RootRevocationList = tdx.MakeRootList(0x20002) }));
        Assert.Equal("untrusted-root", tdx.Appraise(quote, policy: TdxPolicy.Strict, cache: cache).Reason);
        Assert.Equal("", Appraise(snp.MakeReport(), cache).Reason);
        Assert.Equal("ask-revoked", SnpVerifier.Appraise(
            new SnpEvidence { Report = snp.MakeReport() },
            snp.Endorsements with { RevocationList = snp.MakeRevocationList(0x20002) }, ReferenceValues.None,
            snp.Policy, MadeSnp.Now, cache).Reason);

        string Reason(IntelEndorsements endorsements) => tdx.Appraise(quote, endorsements, cache: cache).Reason;
    }

    [Fact]
    public void Time_ends_an_entry_as_it_ends_the_checks()
    {
        EndorsementCache cache = new();
        byte[] quote = tdx.MakeQuote();
        DateTimeOffset now = MadeIntel.Now;
        foreach (DateTimeOffset at in (DateTimeOffset[])
            [now, now.AddDays(18), now.AddDays(19), now.AddDays(31), now.AddDays(-13), now.AddYears(9), now])
        {
            Assert.Equal(tdx.Appraise(quote, at: at).Reason, tdx.Appraise(quote, at: at, cache: cache).Reason);
            byte[] report = snp.MakeReport();
            Assert.Equal(snp.Appraise(report, at: at).Reason, Appraise(report, cache, at).Reason);
        }

        // Until the last second, which is in.
        DateTimeOffset end = new(2026, 6, 19, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal("", tdx.Appraise(quote, at: end, cache: cache).Reason);
        Assert.Equal("qe-identity-expired", tdx.Appraise(quote, at: end.AddTicks(1), cache: cache).Reason);
    }

    [Fact]
    public void A_cache_is_bounded_and_keeps_no_refusals()
    {
        EndorsementCache cache = new(4);
        for (int i = 0; i < 10; i++)
        {
            IntelEndorsements other = tdx.Endorsements with { PckRevocationList = tdx.MakePckList(100 + i) };
            Assert.Equal("", tdx.Appraise(tdx.MakeQuote(), other, cache: cache).Reason);
            Assert.InRange(cache.Count, 1, 4);
        }

        EndorsementCache empty = new();
        tdx.Appraise(tdx.MakeQuote(), tdx.Endorsements with { PckRevocationList = new byte[3] }, cache: empty);
        Assert.Equal(0, empty.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => new EndorsementCache(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EndorsementCache(EndorsementCache.CapacityMax + 1));
    }

    [Fact]
    public void Many_threads_may_ask_at_once()
    {
        EndorsementCache cache = new(2);
        byte[][] quotes = [.. Enumerable.Range(0, 8).Select(_ => tdx.MakeQuote())];
        Parallel.For(0, 200, i => Assert.Equal("", tdx.Appraise(quotes[i % 8], cache: cache).Reason));
        Assert.Equal(2, cache.Count);
    }

    private static AttestationResult Appraise(byte[] report, EndorsementCache cache, DateTimeOffset? at = null) =>
        SnpVerifier.Appraise(
            new SnpEvidence { Report = report }, snp.Endorsements, ReferenceValues.None, snp.Policy, at ?? MadeSnp.Now,
            cache);
}
