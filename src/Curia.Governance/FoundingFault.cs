namespace Curia.Governance;

/// <summary>Why a founder does not take another one, or itself (docs/establishment.md, "Refusals").</summary>
public enum FoundingFault
{
    /// <summary>Bytes that are not what they should be.</summary>
    Malformed,

    /// <summary>Its node goes by another charter.</summary>
    AnotherCharter,

    /// <summary>The charter has no slot of this name.</summary>
    UnknownSlot,

    /// <summary>It says to be in the slot of the node that it talks to.</summary>
    OwnSlot,

    /// <summary>Another node is in the slot already.</summary>
    SlotTaken,

    /// <summary>A node in two slots.</summary>
    NodeTaken,

    /// <summary>The owner has not endorsed the node.</summary>
    EndorsementMissing,

    /// <summary>Bytes that are no endorsement.</summary>
    EndorsementMalformed,

    /// <summary>The endorsement is by somebody else than the slot's owner.</summary>
    EndorsementNotByOwner,

    /// <summary>The owner's key did not sign the endorsement.</summary>
    EndorsementInvalid,

    /// <summary>The endorsement is for another charter.</summary>
    EndorsementForAnotherCharter,

    /// <summary>The endorsement is for another slot.</summary>
    EndorsementForAnotherSlot,

    /// <summary>The endorsement is for another node.</summary>
    EndorsementForAnotherNode,

    /// <summary>The endorsement is for another address.</summary>
    EndorsementForAnotherAddress,

    /// <summary>The endorsement is for other evidence.</summary>
    EndorsementForOtherEvidence,

    /// <summary>The endorsement is for another attempt.</summary>
    EndorsementForAnotherAttempt,

    /// <summary>The endorsement is for another role than that of a founder.</summary>
    EndorsementForAnotherRole,

    /// <summary>The endorsement has ended.</summary>
    EndorsementExpired,

    /// <summary>The evidence is of another platform than the slot.</summary>
    AnotherPlatform,

    /// <summary>The evidence did not pass.</summary>
    EvidenceRefused,

    /// <summary>The founding statement names another agreement than this node has.</summary>
    StatementDiffers,

    /// <summary>The node's key did not sign the statement.</summary>
    StatementInvalid,

    /// <summary>The node has signed two statements.</summary>
    SecondStatement,
}

/// <summary>Why a founder is not taken.</summary>
/// <param name="Fault">The name of the reason.</param>
/// <param name="Detail">The rest of a sentence for people.</param>
public sealed record FoundingRefusal(FoundingFault Fault, string Detail)
{
    /// <summary>All of it on one line.</summary>
    public override string ToString() => $"{Fault}: {Detail}";
}
