using System;
using System.Formats.Asn1;
using Curia.Cryptography;

namespace Curia.Attestation;

/// <summary>The certificate of a VCEK or VLEK, the key that signs reports (AMD 57230 chapter 3): for which processor,
/// or which provider, and for which security versions of firmware it stands. Immutable; any thread.</summary>
public sealed class SnpEndorsementKey
{
    private const string Prefix = "1.3.6.1.4.1.3704.1.";
    private const string ProductName = Prefix + "2";
    private const string SecurityLevel = Prefix + "3.";
    private const string HardwareId = Prefix + "4";
    private const string ProviderId = Prefix + "5";

    private const int HardwareIdSize = 64;
    private const int TurinHardwareIdSize = 8;

    private SnpEndorsementKey(VendorCertificate certificate)
    {
        Certificate = certificate;
        Kind = certificate.Subject switch
        {
            "SEV-VCEK" => SnpKeyKind.Vcek,
            "SEV-VLEK" => SnpKeyKind.Vlek,
            _ => throw new AsnContentException("The subject is neither SEV-VCEK nor SEV-VLEK."),
        };
        Processor = SnpProcessors.FromProductName(Text(ProductName))
            ?? throw new AsnContentException("The product is not known.");
        Tcb = ReadTcb();
        bool hasChip = certificate.Extensions.TryGet(HardwareId, out ReadOnlyMemory<byte> chip);
        bool hasProvider = certificate.Extensions.TryGet(ProviderId, out _);
        if (hasChip != (Kind == SnpKeyKind.Vcek) || hasProvider == hasChip)
            throw new AsnContentException("A VCEK has a hwID, a VLEK a cspID, and neither has both.");
        if (hasChip) ChipId = ReadChipId(chip);
        Provider = hasProvider ? Text(ProviderId) : "";
        if (!SignatureVerifier.TryFromSubjectPublicKeyInfo(
            certificate.SubjectPublicKeyInfo.Span, out SignatureVerifier? key) || key!.Curve != SigningCurve.P384)
        {
            throw new AsnContentException("The key is not on P-384.");
        }

        Key = key;
    }

    /// <summary>The certificate.</summary>
    public VendorCertificate Certificate { get; }

    /// <summary>The kind of key.</summary>
    public SnpKeyKind Kind { get; }

    /// <summary>The generation of processors, by its productName.</summary>
    public SnpProcessor Processor { get; }

    /// <summary>The security versions that the key was derived from.</summary>
    public SnpTcb Tcb { get; }

    /// <summary>VCEK: the name of the processor, 64 bytes, or 8 of Turin. VLEK: nothing.</summary>
    public ReadOnlyMemory<byte> ChipId { get; }

    /// <summary>VLEK: the provider, for example <c>CN=cc-eu-west-1.amazonaws.com</c>. VCEK: empty.</summary>
    public string Provider { get; }

    /// <summary>The key. It lives as long as this; nobody disposes it.</summary>
    public SignatureVerifier Key { get; }

    /// <summary>Reads a DER certificate; nothing throws. Who signed it is not looked at.</summary>
    /// <returns>False for other certificates, and for extensions that are missing or contradict each other.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> der, out SnpEndorsementKey? key)
    {
        key = null;
        return VendorCertificate.TryDecode(der, out VendorCertificate? certificate) && TryRead(certificate!, out key);
    }

    /// <summary>Whether it is the key of a name: of that chip at that TCB.</summary>
    public bool IsNamed(SnpKeyName name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Kind == SnpKeyKind.Vcek && Processor == name.Processor && Tcb == name.Tcb
            && ChipId.Span.SequenceEqual(name.ChipId.Span);
    }

    internal static bool TryRead(VendorCertificate certificate, out SnpEndorsementKey? key)
    {
        key = null;
        try
        {
            key = new SnpEndorsementKey(certificate);
            return true;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    // The bytes lie in the extension as they are, or in an octet string of their own: both have been issued.
    private ReadOnlyMemory<byte> ReadChipId(ReadOnlyMemory<byte> value)
    {
        int size = Processor == SnpProcessor.Turin ? TurinHardwareIdSize : HardwareIdSize;
        if (value.Length == size) return value;
        AsnReader outer = new(value, AsnEncodingRules.DER);
        ReadOnlyMemory<byte> chip = outer.ReadOctetString();
        outer.ThrowIfNotEmpty();
        return chip.Length == size ? chip : throw new AsnContentException("The hwID has another size.");
    }

    // 57230 numbers the levels: 1 bootloader, 2 TEE, 3 SNP, 4 to 7 reserved, 8 microcode, 9 FMC. Certificates of Turin
    // have the last one and no 4. A reserved level stands for a byte of TCB_VERSION that is zero.
    private SnpTcb ReadTcb()
    {
        bool hasFmc = Certificate.Extensions.TryGet(SecurityLevel + "9", out _);
        if (hasFmc != (Processor == SnpProcessor.Turin))
            throw new AsnContentException("Turin has a level of FMC, and no other generation has.");
        foreach (string reserved in (ReadOnlySpan<string>)["4", "5", "6", "7"])
        {
            if (Certificate.Extensions.TryGet(SecurityLevel + reserved, out _) && Level(reserved) != 0)
                throw new AsnContentException("A reserved level is not zero.");
        }

        return new SnpTcb(hasFmc ? Level("9") : (byte)0, Level("1"), Level("2"), Level("3"), Level("8"));
    }

    private byte Level(string number)
    {
        AsnReader reader = Value(SecurityLevel + number);
        if (!reader.TryReadInt32(out int level) || level is < 0 or > byte.MaxValue || reader.HasData)
            throw new AsnContentException("A level is not a byte.");
        return (byte)level;
    }

    private string Text(string name)
    {
        AsnReader reader = Value(name);
        string text = reader.ReadCharacterString(UniversalTagNumber.IA5String);
        reader.ThrowIfNotEmpty();
        return text;
    }

    private AsnReader Value(string name) =>
        Certificate.Extensions.TryGet(name, out ReadOnlyMemory<byte> value)
            ? new AsnReader(value, AsnEncodingRules.DER)
            : throw new AsnContentException("An extension is missing.");
}
