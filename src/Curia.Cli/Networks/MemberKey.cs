using System;
using Curia.Cli.Files;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Cli.Networks;

/// <summary>The key of a member. Whatever this program signs as a member, it signs here.</summary>
internal sealed class MemberKey : IDisposable
{
    private readonly EcdsaSigner signer;

    private MemberKey(EcdsaSigner signer, Certificate certificate)
    {
        this.signer = signer;
        Certificate = certificate;
    }

    /// <summary>The member's certificate.</summary>
    public Certificate Certificate { get; }

    /// <summary>The member.</summary>
    public MemberId Id => new(Certificate.Fingerprint);

    /// <summary>Reads a certificate and its private key.</summary>
    public static MemberKey Read(string certificatePath, string keyPath)
    {
        string certificatePem = InputFile.ReadPem(certificatePath);
        string keyPem = InputFile.ReadPem(keyPath);
        if (!Certificate.TryFromPem(certificatePem, out Certificate? certificate))
            throw CommandFailure.Environment($"{certificatePath} is no certificate in PEM with a key on a NIST curve.");
        if (!EcdsaSigner.TryFromPem(keyPem, out EcdsaSigner? signer))
            throw CommandFailure.Environment($"{keyPath} is no private key in PEM on a NIST curve.");
        if (signer!.SubjectPublicKeyInfo.Span.SequenceEqual(certificate!.SubjectPublicKeyInfo.Span))
            return new MemberKey(signer, certificate);
        signer.Dispose();
        throw CommandFailure.Environment($"{keyPath} is not the private key of {certificatePath}.");
    }

    /// <summary>Signs a proposal now.</summary>
    public byte[] SignProposal(ReadOnlySpan<byte> payload) =>
        MemberMessage.Sign(signer, Id, MemberMessage.ProposalType, DateTimeOffset.UtcNow, payload);

    /// <summary>Signs a charter.</summary>
    public byte[] Sign(Charter charter) => CharterSignature.Sign(charter, Certificate, signer);

    /// <summary>Signs what it says of a founding node.</summary>
    public byte[] Sign(FounderEndorsement said) => said.Sign(Certificate, signer);

    public void Dispose() => signer.Dispose();
}
