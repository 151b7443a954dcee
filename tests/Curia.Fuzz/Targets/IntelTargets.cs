using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Attestation;

namespace Curia.Fuzz.Targets;

/// <summary>Quotes of TDX and SGX, and what Intel says of them.</summary>
internal static class IntelTargets
{
    private static readonly DateTimeOffset now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public static IEnumerable<FuzzTarget> All =>
    [
        new("intel-quote", ["IntelQuote.TryDecode", "TdxReport.TryFromLocalReport"], TryQuote),
        new("intel", ["IntelRoot.TryCreate"], TryAppraisal),
        new("pck-certificate", ["PckCertificate.TryDecode"], TryCertificate),
        new("tcb-info", ["TcbInfo.TryDecode"], TryTcbInfo),
        new("qe-identity", ["QeIdentity.TryDecode"], TryQeIdentity),
    ];

    private static void TryQuote(ReadOnlyMemory<byte> input)
    {
        if (TdxReport.TryFromLocalReport(input, out TdxReport? local))
            Must.Hold(local!.ReportData.Length == 64, "a report of the machine has report data");
        if (!IntelQuote.TryDecode(input, out IntelQuote? quote)) return;
        Must.Hold(input.Length <= IntelQuote.SizeMax, "a quote is bounded");
        Must.Hold((quote!.Version == 3) == quote.Enclave is not null && (quote.Version > 3) == quote.Domain is not null,
            "a quote is of an enclave or of a domain");
        int body = quote.Version == 5 ? 54 : 48;
        if (quote.Enclave is { } enclave)
            Must.BeSame(enclave.ReportData.Span, input.Span.Slice(body + 320, 64), "report data");
        if (quote.Domain is { } domain)
            Must.BeSame(domain.ReportData.Span, input.Span.Slice(body + 520, 64), "report data");
        Must.Hold(quote.CertificationData.Length < input.Length, "certification data are part of the quote");
        Must.Hold(IntelQuote.TryDecode((byte[])[.. input.Span, .. new byte[8]], out _)
            || input.Length > IntelQuote.SizeMax - 8, "zeros may follow");
        Must.Hold(!IntelQuote.TryDecode((byte[])[.. input.Span, 1], out _), "nothing else may");
        _ = quote.IsSigned | quote.KeyIsBound;
    }

    // Quote, root, the two lists, identity, security versions, the chain of their signer: a whole appraisal, of which
    // only the last word is known. With the root of the input anything may be accepted that is consistent; with that
    // of Intel nothing is.
    private static void TryAppraisal(ReadOnlyMemory<byte> input)
    {
        List<ReadOnlyMemory<byte>> parts = Parts.Split(input);
        if (parts.Count < 2) return;
        IntelEndorsements endorsements = new()
        {
            RootRevocationList = Part(parts, 2),
            PckRevocationList = Part(parts, 3),
            QeIdentity = Part(parts, 4),
            TcbInfo = Part(parts, 5),
            TcbSigningChain = Part(parts, 6),
        };
        IReadOnlyList<IntelRoot> roots = IntelRoot.TryCreate(parts[1].Span, out IntelRoot? root) ? [root!] : [];
        TdxEvidence domain = new() { Quote = parts[0], HclReport = Part(parts, 7) };
        SgxEvidence enclave = new() { Quote = parts[0] };
        EndorsementCache cache = new();
        foreach (bool genuine in (bool[])[true, false])
        {
            IReadOnlyList<IntelRoot> taken = genuine ? IntelRoot.Intel : roots;
            TdxPolicy tdx = TdxPolicy.Standalone with { Roots = taken };
            SgxPolicy sgx = SgxPolicy.Standalone with { Roots = taken };
            AttestationResult[] results =
            [
                TdxVerifier.Appraise(domain, endorsements, ReferenceValues.None, tdx, now),
                TdxVerifier.Appraise(domain, endorsements, ReferenceValues.None, tdx, now, cache),
                TdxVerifier.Appraise(domain, endorsements, ReferenceValues.None, tdx, now, cache),
                SgxVerifier.Appraise(enclave, endorsements, ReferenceValues.None, sgx, now),
            ];
            foreach (AttestationResult result in results)
            {
                AttestationTargets.Check(result);
                bool refused = result.Verdict == AttestationVerdict.Rejected;
                Must.Hold(!genuine || refused, "nothing that was made is genuine");
            }

            Must.Hold(results[0].Checks.SequenceEqual(results[1].Checks)
                && results[0].Checks.SequenceEqual(results[2].Checks), "a cache changes nothing");
        }
    }

    private static ReadOnlyMemory<byte>? Part(List<ReadOnlyMemory<byte>> parts, int index) =>
        index < parts.Count && !parts[index].IsEmpty ? parts[index] : (ReadOnlyMemory<byte>?)null;

    private static void TryCertificate(ReadOnlyMemory<byte> input)
    {
        if (!PckCertificate.TryDecode(input.Span, out PckCertificate? pck)) return;
        Must.Hold(VendorCertificate.TryDecode(input.Span, out _), "a key has a certificate");
        Must.Hold(pck!.Components.Count == PckCertificate.ComponentCount && pck.CpuSvn.Length == 16
            && pck.Fmspc.Length == 6 && pck.PceId.Length == 2 && pck.Ppid.Length == 16, "each part has its size");
    }

    private static void TryTcbInfo(ReadOnlyMemory<byte> input)
    {
        if (!TcbInfo.TryDecode(input, out TcbInfo? info)) return;
        Must.Hold(info!.Fmspc.Length == 6 && info.PceId.Length == 2, "each part has its size");
        Must.Hold((info.Platform == AttestationPlatform.Tdx) == info.Module is not null, "only TDX has a module");
        Must.Hold(info.Levels.Count <= 256 && info.ModuleVersions.Count <= 256, "lists are bounded");
        for (int version = 0; version <= byte.MaxValue; version++)
        {
            if (info.ModuleOf((byte)version) is { } module)
                Must.Hold(module.Signer.Length == 48, "a module has a signer");
        }
    }

    private static void TryQeIdentity(ReadOnlyMemory<byte> input)
    {
        if (!QeIdentity.TryDecode(input, out QeIdentity? identity)) return;
        Must.Hold(identity!.Signer.Length == 32 && identity.Levels.Count <= 256, "an identity has its shape");
        Must.Hold(identity.LevelOf(int.MaxValue) is null == (identity.Levels.Count == 0), "the newest reaches a level");
    }
}
