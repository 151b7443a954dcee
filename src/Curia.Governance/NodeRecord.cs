using System.Collections.Generic;
using System.Text.Json.Serialization;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>The value of a node in <see cref="GenesisMaps.NodeInfo"/>.</summary>
/// <param name="Status">Pending, Learner, Trusted or Retired.</param>
/// <param name="Platform">The TEE platform.</param>
/// <param name="PublishedAddresses">Where clients find it.</param>
/// <param name="PeerAddress">Where other nodes find it, <c>host:port</c>; null for a node that is alone.</param>
/// <param name="RetiredCommitted">Whether the second transaction of its retirement is written.</param>
/// <param name="Owner">The member that owns it, its operator by the diversity rule; null where nobody said.</param>
/// <param name="LedgerFormat">The newest format of the ledger that it reads; null, as in ledgers of before there was a
/// second one, for the first.</param>
public sealed record NodeRecord(
    string Status, string Platform, IReadOnlyList<string> PublishedAddresses,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? PeerAddress = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool RetiredCommitted = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MemberId? Owner = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? LedgerFormat = null)
{
    /// <summary>The status of a node that the members have admitted, and that is to vote once it has caught up and can
    /// open the ledger.</summary>
    public const string Pending = "Pending";

    /// <summary>The status of a node that receives and serves, and never votes.</summary>
    public const string Learner = "Learner";

    /// <summary>The status of a node that votes.</summary>
    public const string Trusted = "Trusted";

    /// <summary>The status of a node that never votes again.</summary>
    public const string Retired = "Retired";

    /// <summary>Whether it receives without a vote. A retired node that no other could ever reach has nothing to
    /// hear.</summary>
    [JsonIgnore]
    public bool IsLearner =>
        Status is Pending or Learner || (Status == Retired && !RetiredCommitted && PeerAddress is not null);

    /// <summary>Whether the members want it among those that can open the ledger.</summary>
    [JsonIgnore]
    public bool IsAdmitted => Status is Pending or Learner or Trusted;
}
