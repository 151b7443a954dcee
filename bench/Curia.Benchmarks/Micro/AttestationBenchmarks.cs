using System;
using BenchmarkDotNet.Attributes;
using Curia.Attestation;
using Curia.Tests.Attestation;

namespace Curia.Benchmarks.Micro;

/// <summary>What the appraisal of evidence costs, with keys of the sizes that vendors have. Expected for SEV-SNP: one
/// P-384 verification (about 0.7 ms), and cold four of RSA-4096 (0.1 ms each). For TDX: two of P-256 (0.1 ms each), and
/// cold ten more and 10 kB of JSON. The aim is 8 ms at most for a quote of TDX with its collateral, warm.</summary>
[MemoryDiagnoser]
public class AttestationBenchmarks
{
    private const int LevelsOfRealCollateral = 18;

    private readonly MadeSnp snp = new(SnpProcessor.Genoa, keyBits: 4096);
    private readonly MadeIntel tdx = new(5);
    private readonly EndorsementCache cache = new();
    private IntelEndorsements collateral = IntelEndorsements.None;
    private byte[] report = [];
    private byte[] quote = [];

    [GlobalSetup]
    public void Make()
    {
        report = snp.MakeReport(version: 5);
        quote = tdx.MakeQuote();
        collateral = tdx.Endorsements with { TcbInfo = tdx.MakeTcbInfo(olderLevels: LevelsOfRealCollateral) };
        SnpWarm();
        TdxWarm();
    }

    [Benchmark]
    public object SnpCold() => Accepted(Snp(null));

    [Benchmark]
    public object SnpWarm() => Accepted(Snp(cache));

    [Benchmark]
    public object TdxCold() => Accepted(tdx.Appraise(quote, collateral));

    [Benchmark]
    public object TdxWarm() => Accepted(tdx.Appraise(quote, collateral, cache: cache));

    private AttestationResult Snp(EndorsementCache? remembered) => SnpVerifier.Appraise(
        new SnpEvidence { Report = report }, snp.Endorsements, ReferenceValues.None, snp.Policy, MadeSnp.Now,
        remembered);

    private static AttestationResult Accepted(AttestationResult result) => result.Reason.Length == 0
        ? result
        : throw new InvalidOperationException($"the evidence of the benchmark is refused: {result.Reason}");
}
