using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace Curia.Endpoints;

/// <summary>One way in which a caller can be known.</summary>
public enum AuthenticationMethod
{
    /// <summary>The TLS client certificate is in <c>public:ccf.gov.users.certs</c>.</summary>
    UserCertificate,

    /// <summary>The TLS client certificate is in <c>public:ccf.gov.members.certs</c>.</summary>
    MemberCertificate,

    /// <summary>There is a TLS client certificate.</summary>
    AnyCertificate,

    /// <summary>Nothing is asked for.</summary>
    None,
}

/// <summary>Whom an endpoint admits. A declaration: the node does the looking up.</summary>
/// <remarks>There is no default and no endpoint without one: an endpoint that forgot its policy was once public in CCF
/// (0.16.1), so forgetting must not compile.</remarks>
public sealed class AuthenticationPolicy
{
    private AuthenticationPolicy(ImmutableArray<AuthenticationMethod> methods) => Methods = methods;

    /// <summary>Users of the service.</summary>
    public static AuthenticationPolicy UserCertificate { get; } = new([AuthenticationMethod.UserCertificate]);

    /// <summary>Members of the consortium.</summary>
    public static AuthenticationPolicy MemberCertificate { get; } = new([AuthenticationMethod.MemberCertificate]);

    /// <summary>Everyone with a certificate, whoever issued it.</summary>
    public static AuthenticationPolicy AnyCertificate { get; } = new([AuthenticationMethod.AnyCertificate]);

    /// <summary>Everyone.</summary>
    public static AuthenticationPolicy None { get; } = new([AuthenticationMethod.None]);

    /// <summary>The ways to be admitted, in the order in which they are tried; the first that fits makes the
    /// caller.</summary>
    public IReadOnlyList<AuthenticationMethod> Methods { get; }

    /// <summary>Admits whom one of the policies admits; they are tried in this order.</summary>
    /// <exception cref="ArgumentException">No policy is given.</exception>
    public static AuthenticationPolicy AnyOf(params ReadOnlySpan<AuthenticationPolicy> policies)
    {
        if (policies.IsEmpty) throw new ArgumentException("AnyOf needs at least one policy.", nameof(policies));
        ImmutableArray<AuthenticationMethod>.Builder methods = ImmutableArray.CreateBuilder<AuthenticationMethod>();
        foreach (AuthenticationPolicy policy in policies) methods.AddRange(policy.Methods.Except(methods).ToArray());
        return new AuthenticationPolicy(methods.ToImmutable());
    }

    /// <summary>The names of the methods.</summary>
    public override string ToString() => string.Join(" or ", Methods);
}
