using System.Collections.Generic;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Curia.Vocabulary;

namespace Curia.Client;

/// <summary>Accepts a server that the pinned service identity vouches for, and no other.</summary>
/// <remarks>The system's store plays no part: a certificate of a public authority for the same host is as wrong as
/// any.</remarks>
internal sealed class ServicePin
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1"; // id-kp-serverAuth, RFC 5280 section 4.2.1.12

    private readonly X509Certificate2Collection roots = [];
    private readonly AttestedNodes? attested;

    /// <param name="serviceCertificates">The pinned identities.</param>
    /// <param name="attested">The nodes that may be talked to; null for all of the service.</param>
    public ServicePin(IEnumerable<X509Certificate2> serviceCertificates, AttestedNodes? attested = null)
    {
        this.attested = attested;
        foreach (X509Certificate2 certificate in serviceCertificates) roots.Add(certificate);
    }

    /// <summary>The node that was accepted last.</summary>
    public NodeId? Node { get; private set; }

    /// <summary>The callback of SslStream. It throws instead of answering false, so that the caller learns the
    /// reason.</summary>
    public bool Accept(object sender, X509Certificate? presented, X509Chain? ignored, SslPolicyErrors alsoIgnored)
    {
        string? objection = presented is X509Certificate2 server
            ? ObjectionTo(server, (sender as SslStream)?.TargetHostName ?? "")
            : "the server shows no certificate";
        return objection is null ? Meet((X509Certificate2)presented!) : throw new ServicePinException(objection);
    }

    private bool Meet(X509Certificate2 server)
    {
        NodeId node = new(Digest.Of(server.PublicKey.ExportSubjectPublicKeyInfo()));
        Node = node;
        return attested?.Contains(node) != false ? true : throw new NotAttestedException(node);
    }

    private string? ObjectionTo(X509Certificate2 server, string host)
    {
        // RFC 9525 section 6.3: names are looked up in the subject alternative names, the common name never counts.
        if (!server.MatchesHostname(host, allowWildcards: false, allowCommonName: false))
        {
            return $"the server's certificate is not for {host}";
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // a service withdraws a node by a transaction
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        return chain.Build(server)
            ? null
            : $"the server's certificate is not one of the pinned service ({Reason(chain)})";
    }

    private static string Reason(X509Chain chain)
    {
        foreach (X509ChainStatus status in chain.ChainStatus)
        {
            if (status.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)) return "it is outside its period of validity";
        }

        return "another key issued it";
    }
}

/// <summary>The other end belongs to the service, and nobody has looked at its evidence.</summary>
internal sealed class NotAttestedException(NodeId node) : AuthenticationException(
    $"the evidence of node {node} was not appraised");

/// <summary>The other end is not who it must be.</summary>
internal sealed class ServicePinException(string message) : AuthenticationException(message);
