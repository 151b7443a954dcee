using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>All that a charter says (DESIGN 1, "The charter never changes"; docs/charter.md). Data alone: whether it
/// may be a charter is what <see cref="Charter.TryCreate"/> finds out.</summary>
/// <remarks>Members, participants, components, terms and slots have names, and the charter has them by these names: so
/// a founder whose charter has another certificate for the same member is told exactly that.</remarks>
public sealed record CharterContent
{
    /// <summary>The network's name for people, 1 to 64 printable ASCII characters.</summary>
    public required string Name { get; init; }

    /// <summary>Who governs, by name.</summary>
    public required IReadOnlyDictionary<string, CharterMember> Members { get; init; }

    /// <summary>Who uses the network from the beginning without governing it, by name.</summary>
    public IReadOnlyDictionary<string, CharterParticipant> Participants { get; init; } =
        ImmutableDictionary<string, CharterParticipant>.Empty;

    /// <summary>The code manifest: the programs that a node may run, by name.</summary>
    public required IReadOnlyDictionary<string, CodeComponent> Code { get; init; }

    /// <summary>What genuine evidence must be like, for each platform on which code may run.</summary>
    public required PlatformPolicies Platforms { get; init; }

    /// <summary>The program that decides about proposals, JavaScript, whole.</summary>
    public required string Constitution { get; init; }

    /// <summary>When a block is committed, and how it is made.</summary>
    public ConsensusRules Consensus { get; init; } = new();

    /// <summary>How many recovery shares open the ledger secrets.</summary>
    public required int RecoveryThreshold { get; init; }

    /// <summary>After how many days a new ledger secret begins; 0: by vote alone.</summary>
    public int KeyPeriodDays { get; init; } = 90;

    /// <summary>How nodes come in later.</summary>
    public AdmissionRules Admission { get; init; } = new();

    /// <summary>After how many hours a node must come back as a fresh process with fresh evidence; 0: never.</summary>
    public int LeaseHours { get; init; }

    /// <summary>When the network takes requests of applications.</summary>
    public OpeningRule Opening { get; init; }

    /// <summary>How many of the founding slots must be there. All of them is the usual rule.</summary>
    public required int FoundersNeeded { get; init; }

    /// <summary>Agreements outside of the network that it rests on: the digest of each, by name.</summary>
    public IReadOnlyDictionary<string, Digest> Terms { get; init; } = ImmutableDictionary<string, Digest>.Empty;

    /// <summary>The founding nodes, by name. Their ids do not exist before they run.</summary>
    public required IReadOnlyDictionary<string, CharterSlot> Slots { get; init; }
}

/// <summary>An organisation that governs.</summary>
/// <param name="Certificate">Identifies it and checks what it signs.</param>
/// <param name="EncryptionKey">What its recovery share is encrypted to; null for one without a share.</param>
/// <param name="Recovery">Its part in recovery.</param>
public sealed record CharterMember(Certificate Certificate, EncryptionKey? EncryptionKey, RecoveryRole Recovery)
{
    /// <summary>Its id.</summary>
    public MemberId Id => new(Certificate.Fingerprint);
}

/// <summary>What a member can do when a network is recovered (the words are those of CCF).</summary>
public enum RecoveryRole
{
    /// <summary>Nothing.</summary>
    NonParticipant,

    /// <summary>It has one share of those of which the threshold is needed.</summary>
    Participant,

    /// <summary>It opens the ledger secrets alone.</summary>
    Owner,
}

/// <summary>Somebody who uses the network from the beginning.</summary>
/// <param name="Certificate">Its transaction key, or the authority that issues these.</param>
/// <param name="Kind">Which of the two.</param>
public sealed record CharterParticipant(Certificate Certificate, ParticipantKind Kind);

/// <summary>What the certificate of a participant stands for.</summary>
public enum ParticipantKind
{
    /// <summary>One key that signs and calls.</summary>
    Key,

    /// <summary>An authority: each key that it certifies is the participant's, without a vote.</summary>
    Authority,
}

/// <summary>A program that a node may run.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Source">Where exactly this source is, for people: an address and a commit.</param>
/// <param name="BuildStatement">SHA-256 of the statement that says how it was built and can be built again.</param>
/// <param name="Platforms">What its evidence says on <c>snp</c>, <c>tdx</c> or <c>virtual</c>: any one of
/// these.</param>
public sealed record CodeComponent(
    string Version, string Source, Digest BuildStatement,
    IReadOnlyDictionary<string, IReadOnlyList<CodeReference>> Platforms);

/// <summary>What evidence says of a program. Everything that is there must be so.</summary>
public sealed record CodeReference
{
    /// <summary>The launch digest. Null where <see cref="Endorser"/> vouches for it.</summary>
    public Measurement? Measurement { get; init; }

    /// <summary>Who may endorse the launch digest instead: containers on SEV-SNP run in a machine of the provider, and
    /// the program is in <see cref="HostData"/>.</summary>
    public UvmEndorser? Endorser { get; init; }

    /// <summary>What the host put in at launch: the digest of a container policy on SEV-SNP. Null: not
    /// compared.</summary>
    public ReadOnlyMemory<byte>? HostData { get; init; }

    /// <summary>Runtime measurements of TDX by register, 0 to 3; one that is missing is not compared.</summary>
    public IReadOnlyDictionary<int, Measurement> RuntimeMeasurements { get; init; } =
        ImmutableDictionary<int, Measurement>.Empty;

    /// <summary>The same as reference values of an appraisal.</summary>
    /// <param name="platform">The platform that it is of.</param>
    /// <param name="reportData">What the node must have bound.</param>
    public ReferenceValues ToReferenceValues(AttestationPlatform platform, ReadOnlyMemory<byte> reportData) => new()
    {
        Platforms = [platform],
        Measurements = Measurement is { } one ? [one] : null,
        MeasurementEndorsers = Endorser is { } endorser ? [endorser] : null,
        ReportData = reportData,
        HostData = HostData,
        RuntimeMeasurements = RuntimeMeasurements.Count > 0 ? RuntimeMeasurements : null,
    };
}

/// <summary>What genuine evidence must be like, for each platform that is accepted; null: not accepted. The vendors'
/// roots are part of the program, and so of its measurement.</summary>
/// <param name="Snp">Of SEV-SNP.</param>
/// <param name="Tdx">Of TDX.</param>
/// <param name="Virtual">Of the virtual platform, which proves nothing.</param>
public sealed record PlatformPolicies(SnpPolicy? Snp = null, TdxPolicy? Tdx = null, VirtualPolicy? Virtual = null)
{
    /// <summary>The same for an appraisal, whose reference values say which platforms are accepted
    /// (<see cref="CodeReference.ToReferenceValues"/>).</summary>
    public AppraisalPolicy ToAppraisalPolicy() => new()
    {
        Snp = Snp ?? SnpPolicy.Strict,
        Tdx = Tdx ?? TdxPolicy.Strict,
        Virtual = Virtual ?? VirtualPolicy.Strict,
    };
}

/// <summary>When a block is committed, and how it is made.</summary>
public sealed record ConsensusRules
{
    /// <summary>TEE platforms that must have acknowledged a block; 1 asks for nothing.</summary>
    public int Platforms { get; init; } = 1;

    /// <summary>Owners of nodes that must have acknowledged a block; 1 asks for nothing.</summary>
    public int Operators { get; init; } = 1;

    /// <summary>Whether a configuration is allowed that could not meet this after the loss of some one node.</summary>
    public bool LossWaived { get; init; }

    /// <summary>When a node may acknowledge a block.</summary>
    public Durability Durability { get; init; }

    /// <summary>The curve of the service key.</summary>
    public SigningCurve Curve { get; init; } = SigningCurve.P256;

    /// <summary>A block is sealed when it holds this many bytes.</summary>
    public int BlockBytes { get; init; } = 1 << 20;

    /// <summary>A block is sealed when it holds this many transactions.</summary>
    public int BlockTransactions { get; init; } = 1_000;
}

/// <summary>When a node may acknowledge a block.</summary>
public enum Durability
{
    /// <summary>When its disk says that it is there for good.</summary>
    Synced,

    /// <summary>When its operating system has taken it: a power cut may take it away again.</summary>
    Buffered,
}

/// <summary>How nodes come in after the founding.</summary>
public sealed record AdmissionRules
{
    /// <summary>Nodes of how many owners must have appraised a newcomer's evidence themselves.</summary>
    public int Appraisers { get; init; } = 1;

    /// <summary>How many nodes an owner may have that run voted code and come in without a vote; 0: every node needs
    /// one.</summary>
    public int NodesPerOwner { get; init; }
}

/// <summary>When the network takes requests of applications.</summary>
public enum OpeningRule
{
    /// <summary>As soon as its genesis block has committed.</summary>
    AtOnce,

    /// <summary>When the members have voted for it.</summary>
    ByVote,
}

/// <summary>A place for a founding node, which votes.</summary>
/// <param name="Owner">The member that owns it, by name.</param>
/// <param name="Platform">Its TEE platform: <c>snp</c>, <c>tdx</c>, <c>virtual</c>, or <c>virtual-NAME</c> for a
/// virtual one that plays another.</param>
/// <param name="Address">Where the other founders find it, <c>host:port</c>.</param>
public sealed record CharterSlot(string Owner, string Platform, string Address);
