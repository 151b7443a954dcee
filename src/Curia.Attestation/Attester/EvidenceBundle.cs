using System;
using System.Collections.Generic;
using System.Formats.Cbor;
using Curia.Cryptography;

namespace Curia.Attestation;

/// <summary>What an attester gives out: evidence, and the endorsements that its machine had beside it (RFC 9334 section
/// 8). Nobody has appraised any of it.</summary>
/// <remarks>One type for all platforms, so that what carries evidence from node to node need not know any. Encoded as
/// CBOR: an array of version, platform, report, certificates, revocation list, endorsement of the measurement, policy
/// of the container; the last three may be null.</remarks>
public sealed record EvidenceBundle
{
    /// <summary>The largest report or quote in bytes. An SNP report has 1184, a quote some 8,000.</summary>
    public const int ReportSizeMax = 64 * 1024;

    /// <summary>The largest policy of a container in bytes. Real ones have up to some 100,000.</summary>
    public const int PolicySizeMax = 1024 * 1024;

    /// <summary>The largest encoding in bytes.</summary>
    public const int SizeMax = ReportSizeMax + PolicySizeMax + Attestation.UvmEndorsement.SizeMax
        + Attestation.RevocationList.SizeMax + (PemCertificates.CountMax * VendorCertificate.SizeMax) + 128;

    private const int Version = 1;
    private const int Fields = 7;

    /// <summary>The platform that the evidence is from.</summary>
    public required AttestationPlatform Platform { get; init; }

    /// <summary>The report or quote of the hardware.</summary>
    public required ReadOnlyMemory<byte> Report { get; init; }

    /// <summary>The certificates that the machine had, DER, that of the key which signed the report first; empty when
    /// it had none.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; init; } = [];

    /// <summary>The revocation list that the machine had, DER; null when it had none.</summary>
    public ReadOnlyMemory<byte>? RevocationList { get; init; }

    /// <summary>The endorsement of the measurement (<see cref="Attestation.UvmEndorsement"/>); null when there is
    /// none.</summary>
    public ReadOnlyMemory<byte>? UvmEndorsement { get; init; }

    /// <summary>The policy of a confidential container, as it was hashed; null when there is none.</summary>
    public ReadOnlyMemory<byte>? ContainerPolicy { get; init; }

    /// <summary>The evidence as <see cref="SnpVerifier"/> takes it.</summary>
    /// <exception cref="InvalidOperationException">It is of another platform.</exception>
    public SnpEvidence ToSnpEvidence() => Platform == AttestationPlatform.Snp
        ? new SnpEvidence { Report = Report, ContainerPolicy = ContainerPolicy }
        : throw new InvalidOperationException($"The evidence is of {Platform}.");

    /// <summary>The endorsements as <see cref="SnpVerifier"/> takes them; null when the machine had no
    /// certificate.</summary>
    /// <exception cref="InvalidOperationException">The evidence is of another platform.</exception>
    public SnpEndorsements? ToSnpEndorsements()
    {
        if (Platform != AttestationPlatform.Snp)
            throw new InvalidOperationException($"The evidence is of {Platform}.");
        if (Certificates.Count == 0) return null;
        List<ReadOnlyMemory<byte>> chain = [.. Certificates];
        chain.RemoveAt(0);
        return new SnpEndorsements
        {
            Leaf = Certificates[0],
            Chain = chain,
            RevocationList = RevocationList,
            UvmEndorsement = UvmEndorsement,
        };
    }

    /// <summary>The bytes of a bundle. A bundle has one encoding.</summary>
    /// <exception cref="InvalidOperationException">A part is larger than it may be.</exception>
    public byte[] Encode()
    {
        if (!HoldsBounds()) throw new InvalidOperationException("A part of the evidence is larger than it may be.");
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartArray(Fields);
        writer.WriteUInt32(Version);
        writer.WriteUInt32((uint)Platform);
        writer.WriteByteString(Report.Span);
        writer.WriteStartArray(Certificates.Count);
        foreach (ReadOnlyMemory<byte> certificate in Certificates) writer.WriteByteString(certificate.Span);
        writer.WriteEndArray();
        Write(writer, RevocationList);
        Write(writer, UvmEndorsement);
        Write(writer, ContainerPolicy);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <summary>Reads a bundle and nothing behind it; nothing throws. The parts are copies.</summary>
    /// <returns>False for another version, an unknown platform, parts that are too large, and any other
    /// encoding.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out EvidenceBundle? bundle)
    {
        bundle = null;
        if (bytes.Length > SizeMax || !CborBounds.Hold(bytes)) return false;
        try
        {
            EvidenceBundle? read = Read(new CborReader(bytes.ToArray(), CborConformanceMode.Canonical));
            if (read is null || !read.HoldsBounds()) return false;
            bundle = read;
            return true;
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            return false;
        }
    }

    private static EvidenceBundle? Read(CborReader reader)
    {
        if (reader.ReadStartArray() != Fields || reader.ReadUInt32() != Version) return null;
        AttestationPlatform platform = (AttestationPlatform)reader.ReadUInt32();
        if (!Enum.IsDefined(platform)) return null;
        ReadOnlyMemory<byte> report = reader.ReadByteString();
        int count = reader.ReadStartArray() ?? 0;
        if (count > PemCertificates.CountMax) return null;
        List<ReadOnlyMemory<byte>> certificates = [];
        for (int i = 0; i < count; i++) certificates.Add(reader.ReadByteString());
        reader.ReadEndArray();
        EvidenceBundle read = new()
        {
            Platform = platform,
            Report = report,
            Certificates = certificates,
            RevocationList = ReadOptional(reader),
            UvmEndorsement = ReadOptional(reader),
            ContainerPolicy = ReadOptional(reader),
        };
        reader.ReadEndArray();
        return read;
    }

    private bool HoldsBounds()
    {
        foreach (ReadOnlyMemory<byte> certificate in Certificates)
        {
            if (certificate.Length is 0 or > VendorCertificate.SizeMax) return false;
        }

        return Report.Length is > 0 and <= ReportSizeMax && Certificates.Count <= PemCertificates.CountMax
            && (RevocationList?.Length ?? 0) <= Attestation.RevocationList.SizeMax
            && (UvmEndorsement?.Length ?? 0) <= Attestation.UvmEndorsement.SizeMax
            && (ContainerPolicy?.Length ?? 0) <= PolicySizeMax;
    }

    private static void Write(CborWriter writer, ReadOnlyMemory<byte>? part)
    {
        if (part is { } bytes) writer.WriteByteString(bytes.Span);
        else writer.WriteNull();
    }

    private static ReadOnlyMemory<byte>? ReadOptional(CborReader reader)
    {
        if (reader.PeekState() != CborReaderState.Null) return reader.ReadByteString();
        reader.ReadNull();
        return null;
    }
}
