using System;
using System.Collections.Generic;
using System.Formats.Asn1;
using Curia.Cryptography;

namespace Curia.Attestation;

/// <summary>The certificate of a Provisioning Certification Key (Intel SGX PCK Certificate and CRL Profile
/// Specification): for which processor, and for which security versions of its firmware, the key stands. Immutable;
/// any thread.</summary>
public sealed class PckCertificate
{
    /// <summary>How many components the security version of a processor has.</summary>
    public const int ComponentCount = 16;

    private const string Extension = "1.2.840.113741.1.13.1";
    private const string Prefix = Extension + ".";
    private const string TcbPrefix = Prefix + "2.";
    private const string Name = "Intel SGX PCK Certificate";
    private const int PceSvnNumber = 17;
    private const int CpuSvnNumber = 18;
    private const int PpidSize = 16;
    private const int PceIdSize = 2;
    private const int FmspcSize = 6;

    private readonly byte[] components = new byte[ComponentCount];

    private PckCertificate(VendorCertificate certificate)
    {
        Certificate = certificate;
        if (certificate.Subject != Name) throw new AsnContentException("The subject is another one.");
        if (!certificate.Extensions.TryGet(Extension, out ReadOnlyMemory<byte> value))
            throw new AsnContentException("The extension of SGX is missing.");
        Dictionary<string, AsnReader> fields = ReadFields(new AsnReader(value, AsnEncodingRules.DER));
        Ppid = Octets(fields, Prefix + "1", PpidSize);
        PceId = Octets(fields, Prefix + "3", PceIdSize);
        Fmspc = Octets(fields, Prefix + "4", FmspcSize);
        Dictionary<string, AsnReader> tcb = ReadFields(Field(fields, Prefix + "2"));
        for (int i = 0; i < ComponentCount; i++) components[i] = (byte)Number(tcb, i + 1, byte.MaxValue);
        PceSvn = (ushort)Number(tcb, PceSvnNumber, ushort.MaxValue);
        CpuSvn = Octets(tcb, $"{TcbPrefix}{CpuSvnNumber}", ComponentCount);
        if (!SignatureVerifier.TryFromSubjectPublicKeyInfo(
            certificate.SubjectPublicKeyInfo.Span, out SignatureVerifier? key) || key!.Curve != SigningCurve.P256)
        {
            throw new AsnContentException("The key is not on P-256.");
        }

        Key = key;
    }

    /// <summary>The certificate.</summary>
    public VendorCertificate Certificate { get; }

    /// <summary>The name of the processor, as Intel's service knows it: 16 bytes.</summary>
    public ReadOnlyMemory<byte> Ppid { get; }

    /// <summary>The security versions of the processor's components: 16.</summary>
    public IReadOnlyList<byte> Components => components;

    /// <summary>The security version of the provisioning enclave.</summary>
    public ushort PceSvn { get; }

    /// <summary>The security versions as the processor has them: 16 bytes that mean nothing by themselves.</summary>
    public ReadOnlyMemory<byte> CpuSvn { get; }

    /// <summary>The number of the provisioning enclave: 2 bytes.</summary>
    public ReadOnlyMemory<byte> PceId { get; }

    /// <summary>Family, model, stepping, platform and customisation, by which collateral is given out: 6
    /// bytes.</summary>
    public ReadOnlyMemory<byte> Fmspc { get; }

    /// <summary>The key. It lives as long as this; nobody disposes it.</summary>
    public SignatureVerifier Key { get; }

    /// <summary>Reads a DER certificate; nothing throws. Who signed it is not looked at.</summary>
    /// <returns>False for other certificates, and for an extension with parts that are missing, come twice or have
    /// another size.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> der, out PckCertificate? certificate)
    {
        certificate = null;
        return VendorCertificate.TryDecode(der, out VendorCertificate? read) && TryRead(read!, out certificate);
    }

    internal static bool TryRead(VendorCertificate certificate, out PckCertificate? pck)
    {
        pck = null;
        try
        {
            pck = new PckCertificate(certificate);
            return true;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    // Pairs of a name and a value. Names that are not known are for readers of another day; a pair has two parts.
    private static Dictionary<string, AsnReader> ReadFields(AsnReader outer)
    {
        Dictionary<string, AsnReader> fields = new(StringComparer.Ordinal);
        AsnReader sequence = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        while (sequence.HasData)
        {
            AsnReader pair = sequence.ReadSequence();
            string name = pair.ReadObjectIdentifier();
            AsnReader value = new(pair.ReadEncodedValue(), AsnEncodingRules.DER);
            pair.ThrowIfNotEmpty();
            if (!fields.TryAdd(name, value)) throw new AsnContentException("A part comes twice.");
        }

        return fields;
    }

    private static AsnReader Field(Dictionary<string, AsnReader> fields, string name) =>
        fields.TryGetValue(name, out AsnReader? value) ? value : throw new AsnContentException("A part is missing.");

    private static byte[] Octets(Dictionary<string, AsnReader> fields, string name, int size)
    {
        byte[] octets = Field(fields, name).ReadOctetString();
        return octets.Length == size ? octets : throw new AsnContentException("A part has another size.");
    }

    private static int Number(Dictionary<string, AsnReader> fields, int number, int most) =>
        Field(fields, $"{TcbPrefix}{number}").TryReadInt32(out int value) && value >= 0 && value <= most
            ? value
            : throw new AsnContentException("A security version has another size.");
}
