using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Who calls: looks the TLS client certificate up in the maps of users and members, for each request and in
/// the request's own transaction, so that a user who is removed meanwhile cannot commit any more.</summary>
internal sealed class CallerAuthentication(LedgerClock clock)
{
    // All requests of a connection show one certificate, and the shell hands in the same array for them: it is hashed
    // and read once. What is kept of it goes when the array does, so no client can fill the memory.
    private readonly ConditionalWeakTable<byte[], ShownCertificate> shown = [];

    /// <summary>Finds the caller that a policy asks for.</summary>
    /// <returns>Null when the policy is not met.</returns>
    public Caller? Identify(
        AuthenticationPolicy policy, ReadOnlyMemory<byte> clientCertificate, ReadOnlyTransaction transaction)
    {
        for (int i = 0; i < policy.Methods.Count; i++)
        {
            AuthenticationMethod method = policy.Methods[i];
            if (method == AuthenticationMethod.None) return Caller.Anonymous.Instance;
            if (clientCertificate.IsEmpty) continue;
            ShownCertificate certificate = Look(clientCertificate);
            Caller? caller = method switch
            {
                AuthenticationMethod.UserCertificate =>
                    IsRegistered(GenesisMaps.UserCertificates, certificate, transaction)
                    ? new Caller.User(new UserId(certificate.Fingerprint), clientCertificate)
                    : null,
                AuthenticationMethod.MemberCertificate =>
                    IsRegistered(GenesisMaps.MemberCertificates, certificate, transaction)
                    ? new Caller.Member(new MemberId(certificate.Fingerprint), clientCertificate)
                    : null,
                AuthenticationMethod.AnyCertificate =>
                    new Caller.AnyCertificate(certificate.Fingerprint, clientCertificate),
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

    private ShownCertificate Look(ReadOnlyMemory<byte> der) =>
        MemoryMarshal.TryGetArray(der, out ArraySegment<byte> segment) && segment.Count == segment.Array!.Length
            ? shown.GetValue(segment.Array, static array => new ShownCertificate(array))
            : new ShownCertificate(der);

    private bool IsRegistered(
        Map<string, string> map, ShownCertificate certificate, ReadOnlyTransaction transaction) =>
        transaction.Map(map).Contains(certificate.Id) && certificate.IsValidAt(clock.Now);

    private sealed class ShownCertificate(ReadOnlyMemory<byte> der)
    {
        // Read when the ledger knows the certificate: parsing costs more than looking it up.
        private volatile Validity? validity;

        public Digest Fingerprint { get; } = Digest.Of(der.Span);

        public string Id { get; } = Digest.Of(der.Span).ToString();

        public bool IsValidAt(DateTimeOffset time)
        {
            Validity dates = validity ??= Validity.Of(der);
            return dates.NotBefore <= time && time <= dates.NotAfter;
        }
    }

    private sealed record Validity(DateTimeOffset NotBefore, DateTimeOffset NotAfter)
    {
        // At no time, for what cannot be read.
        private static readonly Validity Never = new(DateTimeOffset.MaxValue, DateTimeOffset.MinValue);

        public static Validity Of(ReadOnlyMemory<byte> der) =>
            Certificate.TryFromDer(der.Span, out Certificate? certificate)
                ? new Validity(certificate!.NotBefore, certificate.NotAfter)
                : Never;
    }
}
