using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>Who gives collateral out, by the paths that he has for it.</summary>
public enum CollateralSource
{
    /// <summary>AMD's key distribution service, or a cache with the same paths.</summary>
    AmdKds,

    /// <summary>A caching service for Intel's certificates (PCCS), version 4.</summary>
    IntelPccs,
}

/// <summary>One thing that is fetched and kept: its file, its path at a server, and what it is. Two are the same when
/// their files are.</summary>
public sealed record CollateralItem
{
    private const int CertificateSizeMax = VendorCertificate.SizeMax;
    private const int ChainSizeMax = 64 * 1024;

    private CollateralItem(
        string kind, string file, CollateralSource source, string path, CollateralForm form,
        Func<Collateral, CollateralTrust, bool?> isGenuine)
    {
        Kind = kind;
        File = file;
        Source = source;
        Path = path;
        Form = form;
        IsGenuine = isGenuine;
    }

    /// <summary>What it is called in metrics: one of a few words.</summary>
    public string Kind { get; }

    /// <summary>The name of its file: made of what it is for, so that people can find it and put it there.</summary>
    public string File { get; }

    /// <summary>Who gives it out.</summary>
    public CollateralSource Source { get; }

    /// <summary>Its path and query behind the address of the server.</summary>
    public string Path { get; }

    /// <summary>What it is.</summary>
    public CollateralForm Form { get; }

    /// <summary>The header of the answer with the chain of its signer, in PEM and URL encoding; null when it has none.
    /// The chain is a file of its own, with <c>.chain.pem</c> behind the name.</summary>
    public string? ChainHeader { get; private init; }

    /// <summary>Whether its vendor has signed what is said to be this item; null where the certificate of the signer is
    /// not at hand.</summary>
    internal Func<Collateral, CollateralTrust, bool?> IsGenuine { get; }

    /// <summary>The most bytes that it may have as a file or in an answer.</summary>
    public int SizeMax => Form switch
    {
        CollateralForm.Certificate => CertificateSizeMax,
        CollateralForm.RevocationList => RevocationList.SizeMax,
        CollateralForm.Chain => ChainSizeMax,
        _ => IntelEndorsements.DocumentSizeMax,
    };

    /// <summary>The certificate of the key that one processor signs with at one TCB (AMD 57230 section 4.1).</summary>
    public static CollateralItem AmdKey(SnpKeyName key)
    {
        ArgumentNullException.ThrowIfNull(key);
        string chip = Convert.ToHexStringLower(key.ChipId.Span);
        SnpTcb tcb = key.Tcb;
        string fmc = key.Processor == SnpProcessor.Turin ? Text($"fmcSPL={tcb.Fmc:D2}&") : "";
        string query = Text($"blSPL={tcb.Bootloader:D2}&teeSPL={tcb.Tee:D2}&snpSPL={tcb.Snp:D2}");
        string microcode = Text($"ucodeSPL={tcb.Microcode:D2}");
        string levels = Text($"{tcb.Fmc}-{tcb.Bootloader}-{tcb.Tee}-{tcb.Snp}-{tcb.Microcode}");
        return new CollateralItem("amd-vcek", $"amd-vcek-{Lower(key.Processor)}-{chip}-{levels}.der",
            CollateralSource.AmdKds, $"vcek/v1/{key.Processor}/{chip}?{fmc}{query}&{microcode}",
            CollateralForm.Certificate,
            (held, trust) => trust.Held(AmdChain(key.Processor, SnpKeyKind.Vcek)) is { } chain
                ? EndorsementOrigin.IsAmdKey(held.Content, key, chain.Certificates)
                : null);
    }

    /// <summary>The certificates of AMD's signing key and root key (AMD 57230 section 4.2).</summary>
    public static CollateralItem AmdChain(SnpProcessor processor, SnpKeyKind kind) => new(
        "amd-chain", $"amd-{Lower(kind)}-{Lower(processor)}-chain.pem", CollateralSource.AmdKds,
        $"{Lower(kind)}/v1/{processor}/cert_chain", CollateralForm.Chain,
        (held, trust) => EndorsementOrigin.IsAmdChain(held.Certificates, processor, kind, trust.Amd));

    /// <summary>The revocation list of AMD's root key (AMD 57230 section 4.3).</summary>
    public static CollateralItem AmdRevocationList(SnpProcessor processor, SnpKeyKind kind) => new(
        "amd-crl", $"amd-{Lower(kind)}-{Lower(processor)}.crl", CollateralSource.AmdKds,
        $"{Lower(kind)}/v1/{processor}/crl", CollateralForm.RevocationList,
        (held, trust) => EndorsementOrigin.IsAmdList(held.Content, processor, trust.Amd));

    /// <summary>Intel's TCB info of processors.</summary>
    /// <param name="platform">TDX or SGX.</param>
    /// <param name="fmspc">Their FMSPC: 12 hexadecimal digits.</param>
    /// <exception cref="ArgumentException">It is something else.</exception>
    public static CollateralItem IntelTcbInfo(AttestationPlatform platform, string fmspc)
    {
        string digits = Digits(fmspc, 12, nameof(fmspc));
        return new CollateralItem("intel-tcb-info", $"intel-{Intel(platform)}-tcb-info-{digits}.json",
            CollateralSource.IntelPccs, $"{Intel(platform)}/certification/v4/tcb?fmspc={digits}",
            CollateralForm.TcbInfo, (held, trust) => EndorsementOrigin.IsIntelTcbInfo(
                held.Content, held.Certificates, platform, Convert.FromHexString(digits), trust.Intel))
        { ChainHeader = "TCB-Info-Issuer-Chain" };
    }

    /// <summary>Intel's identity of the quoting enclave.</summary>
    /// <param name="platform">TDX or SGX.</param>
    public static CollateralItem IntelQeIdentity(AttestationPlatform platform) => new(
        "intel-qe-identity", $"intel-{Intel(platform)}-qe-identity.json", CollateralSource.IntelPccs,
        $"{Intel(platform)}/certification/v4/qe/identity", CollateralForm.QeIdentity,
        (held, trust) => EndorsementOrigin.IsIntelQeIdentity(held.Content, held.Certificates, platform, trust.Intel))
    { ChainHeader = "SGX-Enclave-Identity-Issuer-Chain" };

    /// <summary>The revocation list of one of the authorities that certify processors.</summary>
    /// <param name="platformCa">That of platforms with several processors, or that of single ones.</param>
    public static CollateralItem IntelPckRevocationList(bool platformCa)
    {
        string authority = platformCa ? "platform" : "processor";
        return new CollateralItem("intel-pck-crl", $"intel-pck-{authority}.crl", CollateralSource.IntelPccs,
            $"sgx/certification/v4/pckcrl?ca={authority}&encoding=der", CollateralForm.RevocationList,
            (held, trust) => EndorsementOrigin.IsIntelPckList(
                held.Content, held.Certificates, platformCa, trust.Intel))
        { ChainHeader = "SGX-PCK-CRL-Issuer-Chain" };
    }

    /// <summary>The revocation list of Intel's root key.</summary>
    public static CollateralItem IntelRootRevocationList() => new(
        "intel-root-crl", "intel-root.crl", CollateralSource.IntelPccs, "sgx/certification/v4/rootcacrl",
        CollateralForm.RevocationList, (held, trust) => EndorsementOrigin.IsIntelRootList(held.Content, trust.Intel));

    /// <inheritdoc/>
    public bool Equals(CollateralItem? other) => other is not null && File == other.File;

    /// <inheritdoc/>
    public override int GetHashCode() => File.GetHashCode(StringComparison.Ordinal);

    private static string Lower<T>(T name) where T : struct, Enum => name.ToString().ToLowerInvariant();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Intel(AttestationPlatform platform) => platform switch
    {
        AttestationPlatform.Tdx => "tdx",
        AttestationPlatform.Sgx => "sgx",
        _ => throw new ArgumentException("Intel has collateral of TDX and SGX.", nameof(platform)),
    };

    private static string Digits(string text, int count, string name) =>
        text is not null && text.Length == count && text.All(char.IsAsciiHexDigit)
            ? text.ToUpperInvariant()
            : throw new ArgumentException($"There are {count} hexadecimal digits.", name);
}

/// <summary>By whom collateral must be signed.</summary>
/// <param name="Amd">The roots of AMD.</param>
/// <param name="Intel">The roots of Intel.</param>
/// <param name="Held">What is held of another item; null when nothing is.</param>
internal sealed record CollateralTrust(
    IReadOnlyList<SnpRoot> Amd, IReadOnlyList<IntelRoot> Intel, Func<CollateralItem, Collateral?> Held);
