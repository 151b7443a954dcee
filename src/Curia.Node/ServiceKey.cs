using System;
using Curia.Cryptography;

namespace Curia.Node;

/// <summary>The private half of the service identity, with the certificates that it has signed.</summary>
internal sealed class ServiceKey
{
    // A host clock that is a little ahead of a client's must not make a new certificate look unborn.
    private static readonly TimeSpan clockSkew = TimeSpan.FromHours(1);

    private readonly DateTimeOffset from;
    private readonly DateTimeOffset to;

    private ServiceKey(
        Signer signer, Certificate certificate, Certificate nodeCertificate, DateTimeOffset from, DateTimeOffset to)
    {
        Signer = signer;
        Certificate = certificate;
        NodeCertificate = nodeCertificate;
        this.from = from;
        this.to = to;
    }

    /// <summary>Signs roots and certificates.</summary>
    public Signer Signer { get; }

    /// <summary>What clients pin.</summary>
    public Certificate Certificate { get; }

    /// <summary>This node's key, endorsed by the service.</summary>
    public Certificate NodeCertificate { get; }

    /// <summary>The key is born here, in the TEE of the first primary.</summary>
    public static ServiceKey Create(NodeSetup setup, DateTimeOffset now)
    {
        Signer signer = setup.NewSigner(setup.Entropy);
        (DateTimeOffset from, DateTimeOffset to) = Validity(setup, now);
        byte[] own = CertificateAuthority.SelfSigned(signer, "Curia Service", from, to, setup.Entropy);
        return Issue(setup, signer, Read(own), from, to);
    }

    /// <summary>The key came from another trusted node.</summary>
    /// <param name="setup">What this node was given.</param>
    /// <param name="signer">The service key; taken over.</param>
    /// <param name="certificate">The certificate of the service.</param>
    /// <param name="now">The ledger's time.</param>
    public static ServiceKey Join(NodeSetup setup, Signer signer, Certificate certificate, DateTimeOffset now)
    {
        (DateTimeOffset from, DateTimeOffset to) = Validity(setup, now);
        return Issue(setup, signer, certificate, from, to);
    }

    private static (DateTimeOffset From, DateTimeOffset To) Validity(NodeSetup setup, DateTimeOffset now) =>
        (now - clockSkew, now + TimeSpan.FromDays(setup.Genesis.CertificateValidityDays));

    private static ServiceKey Issue(
        NodeSetup setup, Signer signer, Certificate certificate, DateTimeOffset from, DateTimeOffset to)
    {
        byte[] node = CertificateAuthority.Issue(
            signer,
            certificate,
            setup.NodeKey.SubjectPublicKeyInfo.Span,
            "Curia Node",
            setup.SubjectAlternativeNames,
            from,
            to,
            setup.Entropy);
        return new ServiceKey(signer, certificate, Read(node), from, to);
    }

    /// <summary>The key of the epoch before, certified by this one: old receipts verify through it.</summary>
    public byte[] Certify(Certificate older, Entropy entropy) =>
        CertificateAuthority.Certify(Signer, Certificate, older, from, to, entropy);

    private static Certificate Read(byte[] der) =>
        Certificate.TryFromDer(der, out Certificate? certificate)
            ? certificate!
            : throw new Curia.Vocabulary.InvariantException("a certificate that was just made cannot be read");
}
