using System.Text.Json.Serialization;

namespace Curia.Governance;

/// <summary>The diversity rule as the ledger has it: of how many kinds the nodes must be that acknowledge a block, on
/// top of the majority (DESIGN 4, "Diversity rule"; decision 16).</summary>
/// <param name="Platforms">TEE platforms, 1 to 1000; 1 asks for nothing.</param>
/// <param name="Operators">Owners of nodes, 1 to 1000; 1 asks for nothing.</param>
/// <param name="LossWaived">Whether a configuration is allowed that could not meet it after the loss of some one
/// node.</param>
/// <param name="InForce">Whether it counts: since the first configuration that could meet it.</param>
public sealed record DiversityRule(int Platforms, int Operators, bool LossWaived, bool InForce)
{
    /// <summary>More kinds than a configuration can have voters, which are 1000, are never met.</summary>
    public const int KindsMax = 1000;

    /// <summary>Whether a node may write it.</summary>
    [JsonIgnore]
    public bool IsValid => Platforms is >= 1 and <= KindsMax && Operators is >= 1 and <= KindsMax;
}
