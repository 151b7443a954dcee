using System;

namespace Curia.Governance;

/// <summary>Why something is no charter (docs/charter.md, "Refusals").</summary>
public enum CharterFault
{
    /// <summary>More bytes, items or levels than a charter has.</summary>
    TooLarge,

    /// <summary>Neither CBOR nor JSON, or cut off.</summary>
    Malformed,

    /// <summary>Something follows behind the end.</summary>
    TrailingBytes,

    /// <summary>A value of another kind than its field has.</summary>
    UnexpectedType,

    /// <summary>A field that charters do not have.</summary>
    UnknownField,

    /// <summary>A field without which there is no charter.</summary>
    MissingField,

    /// <summary>A field twice.</summary>
    DuplicateField,

    /// <summary>Fields that are not in the order of the encoding.</summary>
    UnorderedFields,

    /// <summary>A value that the encoding writes in another way.</summary>
    NotCanonical,

    /// <summary>A version of the format that is not known.</summary>
    UnknownVersion,

    /// <summary>A word or bytes that say nothing here.</summary>
    UnknownValue,

    /// <summary>A number, text or list outside its bounds.</summary>
    OutOfBounds,

    /// <summary>A name that is not 1 to 64 small letters, digits, dots and hyphens.</summary>
    BadName,

    /// <summary>Bytes that are no certificate of an ECDSA key.</summary>
    BadCertificate,

    /// <summary>Bytes that are no RSA public key of 2048 bits or more.</summary>
    BadEncryptionKey,

    /// <summary>A member and a participant of one name.</summary>
    NameTaken,

    /// <summary>Two actors with one certificate.</summary>
    CertificateTaken,

    /// <summary>Two certificates with one key.</summary>
    KeyTaken,

    /// <summary>Two members with one encryption key: one of them would hold two shares.</summary>
    EncryptionKeyTaken,

    /// <summary>A member with a part in recovery and no encryption key.</summary>
    EncryptionKeyMissing,

    /// <summary>Nobody has a part in recovery.</summary>
    NoShareHolders,

    /// <summary>More shares are needed than there are holders.</summary>
    ThresholdAboveHolders,

    /// <summary>A platform that no node can be of.</summary>
    UnknownPlatform,

    /// <summary>Code for a platform without a policy.</summary>
    PolicyMissing,

    /// <summary>A policy for a platform without code.</summary>
    CodeMissing,

    /// <summary>A policy that could take no evidence, or takes what nobody should.</summary>
    BadPolicy,

    /// <summary>A reference with both a measurement and an endorser, or with neither.</summary>
    AmbiguousReference,

    /// <summary>A reference of which a part is not of its platform, or of another size.</summary>
    BadReference,

    /// <summary>One reference twice.</summary>
    ReferenceTaken,

    /// <summary>There is no actor of the slot owner's name.</summary>
    UnknownOwner,

    /// <summary>The slot's owner is a participant, whose nodes do not vote.</summary>
    OwnerIsNoMember,

    /// <summary>No code may run on the slot's platform.</summary>
    MeasurementMissing,

    /// <summary>The policy of the slot's platform takes no node of its name.</summary>
    PlatformNotAccepted,

    /// <summary>An address that is not host and port.</summary>
    BadAddress,

    /// <summary>Two slots of one address.</summary>
    AddressTaken,

    /// <summary>No more than half of the founders: there could be two networks.</summary>
    TooFewFounders,

    /// <summary>More founders than slots.</summary>
    TooManyFounders,

    /// <summary>The founders could not meet the commit rule.</summary>
    RuleNotMet,

    /// <summary>After the loss of one node the others could not meet the commit rule, and it is not waived.</summary>
    RuleNotMetAfterLoss,

    /// <summary>More owners must appraise than own nodes: no node would ever come in.</summary>
    TooManyAppraisers,
}

/// <summary>Why something is no charter, and where.</summary>
/// <param name="Fault">The name of the reason.</param>
/// <param name="Path">The field, as <see cref="CharterDifference"/> spells it; empty for the whole.</param>
/// <param name="Detail">The rest of a sentence for people.</param>
public sealed record CharterRefusal(CharterFault Fault, string Path, string Detail)
{
    /// <summary>All of it on one line.</summary>
    public override string ToString() =>
        Path.Length == 0 ? $"{Fault}: {Detail}" : $"{Fault}: {Path} {Detail}";
}

/// <summary>Carries a refusal out of the depth of a reader to its door, and no further.</summary>
internal sealed class RefusedException(CharterFault fault, string path, string detail) : Exception
{
    public CharterRefusal Refusal { get; } = new(fault, path, detail);
}
