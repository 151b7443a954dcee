using Curia.Attestation;
using Curia.Governance;
using Curia.Node;

namespace Curia.Host;

/// <summary>The charter that a founding node goes by, and what follows from it for the node: node.json is the host's,
/// and promises nothing (DESIGN 6, "node.json").</summary>
internal static class CharterOf
{
    /// <summary>Reads and checks the file.</summary>
    /// <exception cref="StartFailure">It is no charter, has no such slot, or asks for what this version has
    /// not.</exception>
    public static Charter Read(EstablishmentConfiguration settings)
    {
        byte[] bytes = ConfigurationFiles.Read("charter", settings.Charter, Charter.SizeMax);
        string what = $"The charter {settings.Charter} cannot be gone by";
        if (!Charter.TryDecode(bytes, out Charter? charter, out CharterRefusal? refusal))
            throw new StartFailure(what, $"{refusal}", "Make it with: ./curia charter new");
        CharterContent content = charter.Content;
        if (!content.Slots.ContainsKey(settings.Slot))
        {
            throw new StartFailure(what, $"it has no slot \"{settings.Slot}\"",
                $"Set establishment.slot to one of {string.Join(", ", content.Slots.Keys)}");
        }

        string? lack = content switch
        {
            { Opening: OpeningRule.ByVote } => "opening by vote",
            { LeaseHours: > 0 } => "leases of nodes",
            { Consensus.Durability: Durability.Buffered } => "buffered durability",
            { Consensus.Curve: not Cryptography.SigningCurve.P256 } => "another curve of the service key than P-256",
            _ when content.FoundersNeeded < content.Slots.Count => "founding without some of the slots",
            _ => null,
        };
        return lack is null
            ? charter
            : throw new StartFailure(what, $"this version has no {lack}", "Agree on a charter without it");
    }

    /// <summary>What the charter says in place of node.json.</summary>
    public static NodeConfiguration Apply(Charter charter, NodeConfiguration configuration)
    {
        string platform = charter.Content.Slots[configuration.Establishment!.Slot].Platform;
        bool isVirtual = VirtualEvidence.IsName(platform);
        return configuration with
        {
            Genesis = configuration.Genesis with
            {
                Platform = isVirtual ? NodeSetup.VirtualPlatform : platform,
                Plays = isVirtual && platform != NodeSetup.VirtualPlatform ? platform : null,
            },
        };
    }
}
