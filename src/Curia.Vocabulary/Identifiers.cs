using System;

namespace Curia.Vocabulary;

/// <summary>Names a node: SHA-256 of its public key's SubjectPublicKeyInfo (DESIGN 7, "Ids").</summary>
/// <remarks>The key is made at start inside the TEE and never stored, so a process that restarts is a new
/// node.</remarks>
public readonly record struct NodeId(Digest Value) : IComparable<NodeId>
{
    /// <inheritdoc/>
    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString();
}

/// <summary>Names a member: SHA-256 of its certificate's DER.</summary>
public readonly record struct MemberId(Digest Value) : IComparable<MemberId>
{
    /// <inheritdoc/>
    public int CompareTo(MemberId other) => Value.CompareTo(other.Value);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString();
}

/// <summary>Names a user: SHA-256 of its certificate's DER.</summary>
public readonly record struct UserId(Digest Value) : IComparable<UserId>
{
    /// <inheritdoc/>
    public int CompareTo(UserId other) => Value.CompareTo(other.Value);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString();
}

/// <summary>An application's digest of its own claims, bound into the leaf of the transaction that set it.</summary>
/// <remarks>The application reveals the claims as it likes; a receipt proves the digest.</remarks>
public readonly record struct ClaimsDigest(Digest Value)
{
    /// <summary>No claims: 32 zero bytes.</summary>
    public static readonly ClaimsDigest None;

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString();
}

/// <summary>What can be said of a TxID. <see cref="Committed"/> and <see cref="Invalid"/> never change again.</summary>
public enum TransactionStatus
{
    /// <summary>This node has not seen the transaction; it may still come.</summary>
    Unknown,

    /// <summary>Ordered and not yet committed; it may become either final status.</summary>
    Pending,

    /// <summary>Stored by the configuration; final.</summary>
    Committed,

    /// <summary>Another transaction holds its position, or its view ended without it; final.</summary>
    Invalid,
}
