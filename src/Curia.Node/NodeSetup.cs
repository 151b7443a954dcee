using System;
using System.Collections.Generic;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;

namespace Curia.Node;

/// <summary>All that a node is given at birth. What a promise to others rests on goes into the genesis block.</summary>
public sealed record NodeSetup
{
    /// <summary>The node's own key, made at this start inside the TEE and never stored: its id is the hash of the
    /// public half. It also serves TLS, so the shell makes it.</summary>
    public required Signer NodeKey { get; init; }

    /// <summary>Where keys and serial numbers come from.</summary>
    public required Entropy Entropy { get; init; }

    /// <summary>Makes the service key.</summary>
    public required Func<Entropy, Signer> NewSigner { get; init; }

    /// <summary>Reads a service key that <see cref="Signer.Export"/> gave; null when it is none.</summary>
    public Func<SecretBytes, Signer?> OpenSigner { get; init; } =
        exported => EcdsaSigner.TryOpen(exported, out EcdsaSigner? signer) ? signer : null;

    /// <summary>The key under which the platform lets this code keep secrets on its disk; null where it has none: then
    /// a process that ends cannot be continued from its disk by another one.</summary>
    public SecretBytes? SealingKey { get; init; }

    /// <summary>The application that this node runs; part of the measured image.</summary>
    public required EndpointTable Application { get; init; }

    /// <summary>What the service begins with.</summary>
    public required GenesisSettings Genesis { get; init; }

    /// <summary>Names and addresses that the node's certificate is good for.</summary>
    public required IReadOnlyList<SubjectAlternativeName> SubjectAlternativeNames { get; init; }

    /// <summary>The addresses that others are told, <c>host:port</c>, the first one being the main one.</summary>
    public required IReadOnlyList<string> PublishedAddresses { get; init; }

    /// <summary>Where other nodes find this one, <c>host:port</c>; null for a node that is to stay alone.</summary>
    public string? PeerAddress { get; init; }

    /// <summary>Bounds of this node; they promise nothing to anybody else.</summary>
    public NodeLimits Limits { get; init; } = new();

    /// <summary>The newest format of the ledger that this node reads and writes, 1 to
    /// <see cref="Ledger.LedgerFormat.Newest"/>. Less than that only so that nodes of an older program can join, or to
    /// try how that is.</summary>
    public int LedgerFormat { get; init; } = Ledger.LedgerFormat.Newest;

    /// <summary>The TEE platform. <c>virtual</c> is simulated and proves nothing.</summary>
    public string Platform { get; init; } = VirtualPlatform;

    /// <summary>What the platform says of this process: its report data bind <see cref="NodeKey"/>
    /// (<see cref="NodeAttestation.ReportDataOf"/>). Null only where nobody is to be convinced.</summary>
    public AttesterEvidence? Evidence { get; init; }

    /// <summary>The same with what others say of it by now, for who asks this node; any thread. Null where it does not
    /// change.</summary>
    public Func<AttesterEvidence?>? CurrentEvidence { get; init; }

    /// <summary>The version of the program, as <c>/node/version</c> tells it.</summary>
    public string ProgramVersion { get; init; } = "0.0.0";

    /// <summary>The simulated platform of development: no confidentiality at all.</summary>
    public const string VirtualPlatform = Attestation.VirtualPlatform.Name;

    /// <summary>How the name of a platform begins that a virtual node only plays, so that the diversity rule can be
    /// tried: INSECURE, as all of virtual.</summary>
    public const string PlayedPrefix = Attestation.VirtualPlatform.PlayedPrefix;

    /// <summary>Whether a node may be of a platform of this name: <c>snp</c>, <c>tdx</c>, or a virtual one
    /// (<see cref="VirtualEvidence.IsName"/>).</summary>
    public static bool IsPlatform(string name) => name is "snp" or "tdx" || VirtualEvidence.IsName(name);
}

/// <summary>Bounds of one node, each with its reason.</summary>
public sealed record NodeLimits
{
    /// <summary>A transaction that meets a conflict is executed again this often. Ten rounds of losing against others
    /// mean that the key is too hot; the client hears 503 and may try later.</summary>
    public int ExecutionsMax { get; init; } = 10;

    /// <summary>Transactions ordered and not yet committed; beyond it writes get 503. The same figure as CCF's
    /// max_uncommitted_tx_count: about a second of work at full speed.</summary>
    public int UncommittedTransactionsMax { get; init; } = 10_000;

    /// <summary>While the pipe is busy a block is sealed when it holds this many bytes: large enough that a signature
    /// and a sync are a small part of its cost, small enough to stay well under a disk's write cache.</summary>
    public int BlockBytes { get; init; } = 1 << 20;

    /// <summary>While the pipe is busy a block is sealed when it holds this many transactions.</summary>
    public int BlockTransactions { get; init; } = 1_000;

    /// <summary>Blocks proposed and not yet stored. More would only queue before the same disk.</summary>
    public int BlocksInFlightMax { get; init; } = 8;

    /// <summary>Committed blocks of which consensus knows place and digest, about 100 bytes each; what a node
    /// needs that is further behind is found on disk.</summary>
    public int BlocksRememberedMax { get; init; } = 16_384;

    /// <summary>Ticks of 10 ms between two words of a primary that has nothing to say.</summary>
    public int HeartbeatTicks { get; init; } = 10;

    /// <summary>Ticks of 10 ms without a word of the primary until a node asks for votes, up to twice as many: a
    /// machine that stands still for half a second must not cost an election, and a dead primary is replaced in little
    /// more than one.</summary>
    public int ElectionTimeoutTicks { get; init; } = 80;

    /// <summary>A snapshot is made each time that so many transactions have committed (CCF: tx_count 10,000), or as
    /// many as the state has entries when those are more.</summary>
    public ulong SnapshotInterval { get; init; } = 10_000;

    /// <summary>Bytes of blocks held for historical queries; the oldest used go first.</summary>
    public long HistoryBytesMax { get; init; } = 32L << 20;

    /// <summary>Replies that wait for commit at one time; beyond it the client is told to poll.</summary>
    public int WaitingRepliesMax { get; init; } = 20_000;
}
