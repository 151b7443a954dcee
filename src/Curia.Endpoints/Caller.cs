using System;
using Curia.Vocabulary;

namespace Curia.Endpoints;

/// <summary>Who sent a request, as far as the endpoint's <see cref="AuthenticationPolicy"/> asked to know.</summary>
public abstract record Caller
{
    private Caller()
    {
    }

    /// <summary>Nobody was asked for: the endpoint admits everyone.</summary>
    public sealed record Anonymous : Caller
    {
        /// <summary>The one value.</summary>
        public static readonly Anonymous Instance = new();
    }

    /// <summary>A user of the service: its certificate is in the users map.</summary>
    /// <param name="Id">SHA-256 of the certificate.</param>
    /// <param name="Certificate">DER.</param>
    public sealed record User(UserId Id, ReadOnlyMemory<byte> Certificate) : Caller;

    /// <summary>A member of the consortium: its certificate is in the members map.</summary>
    /// <param name="Id">SHA-256 of the certificate.</param>
    /// <param name="Certificate">DER.</param>
    public sealed record Member(MemberId Id, ReadOnlyMemory<byte> Certificate) : Caller;

    /// <summary>Someone who holds the key of a certificate that the service does not know; trust is the application's
    /// affair.</summary>
    /// <param name="Fingerprint">SHA-256 of the certificate.</param>
    /// <param name="Certificate">DER.</param>
    public sealed record AnyCertificate(Digest Fingerprint, ReadOnlyMemory<byte> Certificate) : Caller;
}
