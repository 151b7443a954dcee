using System;
using System.Collections.Generic;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Curia.Vocabulary;

namespace Curia.Client;

/// <summary>Where a network is, who it must be, and who calls.</summary>
public sealed record CuriaClientSettings
{
    /// <summary>A node of the network, for example <c>https://127.0.0.1:8000</c>; always https.</summary>
    public required Uri Url { get; init; }

    /// <summary>The service certificates to believe, at least one: a node's certificate must be issued by one of
    /// them.</summary>
    public required IReadOnlyList<X509Certificate2> ServiceCertificates { get; init; }

    /// <summary>Whether to follow the service when it goes on under a new identity, as it does when its node restarts
    /// from disk: only if the pinned identity has endorsed the new one, and nothing is left out that this client saw
    /// committed. Otherwise another identity is <see cref="ClientFailure.WrongService"/>.</summary>
    public bool FollowService { get; init; }

    /// <summary>Where this client saw the service last: a service that goes on from an earlier transaction is not
    /// followed.</summary>
    public TxId LastSeen { get; init; }

    /// <summary>What the platform of a node must say before the first request is sent to it; null: nobody asks. A
    /// node that does not meet it is <see cref="ClientFailure.NotAttested"/>.</summary>
    public EvidenceDemand? Evidence { get; init; }

    /// <summary>The certificate of a user or member with its private key; null calls as nobody in particular.</summary>
    public X509Certificate2? Identity { get; init; }

    /// <summary>The highest HTTP version to speak; lower ones are taken when the node offers no more.</summary>
    public Version HttpVersion { get; init; } = System.Net.HttpVersion.Version20;

    /// <summary>How long one request may take, without the time to wait for commit.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long making a connection may take, repetitions included; then the node is
    /// unreachable.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a request is sent at most, where it is safe to repeat; 1 for never again.</summary>
    public int AttemptsMax { get; init; } = 4;

    /// <summary>What a TLS session with this network needs: the pin, and the identity. For programs that speak HTTP
    /// themselves; they add the name of the host and the protocols that they speak. Evidence is not looked
    /// at.</summary>
    public SslClientAuthenticationOptions CreateTlsOptions() => CreateTlsOptions(new ServicePin(ServiceCertificates));

    /// <summary>The same with a pin that its caller looks at.</summary>
    internal SslClientAuthenticationOptions CreateTlsOptions(ServicePin pin) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        RemoteCertificateValidationCallback = pin.Accept,
        ClientCertificateContext = Identity is { } identity
            ? SslStreamCertificateContext.Create(identity, null, offline: true)
            : null,
    };

    /// <summary>Anybody will do, and nothing is shown to them: for asking a server what it claims to be.</summary>
    /// <param name="met">Takes whose key the other end has.</param>
    internal static SslClientAuthenticationOptions CreateStrangerTlsOptions(Action<NodeId> met) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,

        // What it answers is proven by endorsements, or is the word of that key, and not by a chain.
        RemoteCertificateValidationCallback = (_, presented, _, _) =>
        {
            if (presented is not X509Certificate2 server) return false;
            met(new NodeId(Digest.Of(server.PublicKey.ExportSubjectPublicKeyInfo())));
            return true;
        },
    };
}
