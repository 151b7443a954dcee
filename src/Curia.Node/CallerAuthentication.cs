using System;
using System.Collections.Concurrent;
using System.Threading;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Who calls: looks the TLS client certificate up in the maps of users and members, for each request and in
/// the request's own transaction, so that a user who is removed meanwhile cannot commit any more.</summary>
internal sealed class CallerAuthentication(LedgerClock clock)
{
    // Parsing a certificate costs more than looking it up. Bounded, because a client chooses what it sends:
    // certificates that no map holds never enter.
    private const int KnownCertificatesMax = 10_000;

    private readonly ConcurrentDictionary<Digest, Validity> known = new();
    private int knownCount;

    /// <summary>Finds the caller that a policy asks for.</summary>
    /// <returns>Null when the policy is not met.</returns>
    public Caller? Identify(
        AuthenticationPolicy policy, ReadOnlyMemory<byte> clientCertificate, ReadOnlyTransaction transaction)
    {
        foreach (AuthenticationMethod method in policy.Methods)
        {
            if (method == AuthenticationMethod.None) return Caller.Anonymous.Instance;
            if (clientCertificate.IsEmpty) continue;
            Digest fingerprint = Digest.Of(clientCertificate.Span);
            Caller? caller = method switch
            {
                AuthenticationMethod.UserCertificate =>
                    Registered(NodeMaps.UserCertificates, fingerprint, clientCertificate, transaction)
                    ? new Caller.User(new UserId(fingerprint), clientCertificate)
                    : null,
                AuthenticationMethod.MemberCertificate =>
                    Registered(NodeMaps.MemberCertificates, fingerprint, clientCertificate, transaction)
                    ? new Caller.Member(new MemberId(fingerprint), clientCertificate)
                    : null,
                AuthenticationMethod.AnyCertificate => new Caller.AnyCertificate(fingerprint, clientCertificate),
                _ => null,
            };
            if (caller is not null) return caller;
        }

        return null;
    }

    /// <summary>401, with what was asked for.</summary>
    public static Response Refusal(AuthenticationPolicy policy) => Response.Error(
        401,
        ErrorCodes.InvalidAuthenticationInfo,
        $"This endpoint asks for: {policy}. The certificate must be registered and within its dates.");

    private bool Registered(
        Map<string, string> map, Digest fingerprint, ReadOnlyMemory<byte> der, ReadOnlyTransaction transaction)
    {
        if (!transaction.Map(map).Contains(fingerprint.ToString())) return false;
        if (!known.TryGetValue(fingerprint, out Validity validity))
        {
            if (!Certificate.TryFromDer(der.Span, out Certificate? certificate)) return false;
            validity = new Validity(certificate!.NotBefore, certificate.NotAfter);
            if (Interlocked.Increment(ref knownCount) <= KnownCertificatesMax) known.TryAdd(fingerprint, validity);
        }

        return validity.NotBefore <= clock.Now && clock.Now <= validity.NotAfter;
    }

    private readonly record struct Validity(DateTimeOffset NotBefore, DateTimeOffset NotAfter);
}
