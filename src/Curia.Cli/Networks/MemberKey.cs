using System;
using Curia.Cli.Files;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Cli.Networks;

/// <summary>The key of a member. Whatever this program signs as a member, it signs here.</summary>
internal sealed class MemberKey : IDisposable
{
    private readonly EcdsaSigner signer;
    private readonly MemberId member;

    private MemberKey(EcdsaSigner signer, MemberId member)
    {
        this.signer = signer;
        this.member = member;
    }

    /// <summary>The member.</summary>
    public MemberId Id => member;

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
            return new MemberKey(signer, new MemberId(certificate.Fingerprint));
        signer.Dispose();
        throw CommandFailure.Environment($"{keyPath} is not the private key of {certificatePath}.");
    }

    /// <summary>Signs a proposal now.</summary>
    public byte[] SignProposal(ReadOnlySpan<byte> payload) =>
        MemberMessage.Sign(signer, member, MemberMessage.ProposalType, DateTimeOffset.UtcNow, payload);

    public void Dispose() => signer.Dispose();
}
