using System.Buffers.Text;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>Who may endorse the measurement of a utility machine, the guest in which a confidential container
/// runs.</summary>
/// <param name="RootFingerprint">SHA-256 of the root certificate.</param>
/// <param name="Purpose">The extended key usage that the signing certificate must have.</param>
/// <param name="Feed">The name of the line of machines.</param>
/// <param name="MinimumSvn">The oldest security version that is taken.</param>
public sealed record UvmEndorser(Digest RootFingerprint, string Purpose, string Feed, ulong MinimumSvn)
{
    private const string MicrosoftRoot = "23ffe2b8bdb9a1711515d4cffda04bc7f793d513c76c243f1020507d8669b7db";

    /// <summary>Microsoft, for containers on Azure (root <c>Microsoft Supply Chain RSA Root CA 2022</c>), of every
    /// security version.</summary>
    public static UvmEndorser Microsoft { get; } = CreateMicrosoft();

    /// <summary>The endorser's name as a did:x509: root and purpose.</summary>
    public string Issuer => $"did:x509:0:sha256:{Base64Url.EncodeToString(RootBytes())}::eku:{Purpose}";

    private byte[] RootBytes()
    {
        byte[] bytes = new byte[Digest.Size];
        RootFingerprint.CopyTo(bytes);
        return bytes;
    }

    private static UvmEndorser CreateMicrosoft()
    {
        bool read = Digest.TryParseHex(MicrosoftRoot, out Digest root);
        Invariant.Holds(read, "the fingerprint is a digest");
        return new UvmEndorser(root, "1.3.6.1.4.1.311.76.59.1.2", "ContainerPlat-AMD-UVM", 0);
    }
}
