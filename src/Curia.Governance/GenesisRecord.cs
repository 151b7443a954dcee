using System;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>What an auditor takes from the genesis block of a ledger, after its digests and signatures have been
/// verified: the block is what its service signed, and nothing is known of whether that is right.</summary>
/// <param name="PublicWrites">The public part of its write set.</param>
/// <param name="HasPrivatePart">Whether something is sealed behind it.</param>
/// <param name="Service">The certificate of the service.</param>
/// <param name="SealedBy">The node that has made the block.</param>
/// <param name="At">The time at which the service signed it: the time of the establishment (decision 26).</param>
public sealed record GenesisRecord(
    ReadOnlyMemory<byte> PublicWrites, bool HasPrivatePart, Certificate Service, NodeId SealedBy, DateTimeOffset At);
