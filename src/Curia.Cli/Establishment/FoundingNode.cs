using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Nodes;
using Curia.Attestation;
using Curia.Cli.Files;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Cli.Establishment;

/// <summary>What a founding node says of itself, in its <c>identity.json</c>.</summary>
/// <param name="Id">The node.</param>
/// <param name="Evidence">Its evidence.</param>
/// <param name="PublishedAddresses">Where clients will find it.</param>
internal sealed record FoundingNode(NodeId Id, AttesterEvidence Evidence, IReadOnlyList<string> PublishedAddresses)
{
    private const int IdentityBytesMax = 4 << 20;

    private static readonly JsonSerializerOptions format =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Reads the file.</summary>
    /// <exception cref="CommandFailure">It is something else.</exception>
    public static FoundingNode Read(string path)
    {
        try
        {
            JsonNode? json = JsonNode.Parse(InputFile.Read(path, IdentityBytesMax));
            bool isRead = Digest.TryParseHex((string?)json?["node_id"] ?? (string?)json?["id"], out Digest id);
            AttesterEvidence? evidence = json?["evidence"].Deserialize<AttesterEvidence>(format);
            string[] addresses = json?["published_addresses"].Deserialize<string[]>() ?? [];
            if (isRead && evidence is { IsBounded: true }) return new FoundingNode(new NodeId(id), evidence, addresses);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Said below.
        }

        throw CommandFailure.Environment($"{path} does not say who a node is: it is the identity.json of a node that "
            + "waits to be endorsed.");
    }

    /// <summary>What its owner says of it, once the owner has found its evidence to be what the charter asks
    /// for.</summary>
    /// <param name="charter">The owner's charter.</param>
    /// <param name="slot">The slot, one of the charter.</param>
    /// <param name="owner">The owner's certificate.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="hours">How long a network may be founded on it.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="CommandFailure">The slot is somebody else's, or the evidence is refused.</exception>
    public FounderEndorsement ToEndorse(
        Charter charter, string slot, Certificate owner, int attempt, int hours, DateTimeOffset now)
    {
        CharterSlot place = charter.Content.Slots.TryGetValue(slot, out CharterSlot? found)
            ? found
            : throw CommandFailure.WrongUsage(
                $"the charter has no slot {slot}; there are {string.Join(", ", charter.Content.Slots.Keys)}.");
        if (charter.Content.Members[place.Owner].Id != new MemberId(owner.Fingerprint))
        {
            throw CommandFailure.Refused($"slot {slot} belongs to {place.Owner}, and the certificate is another one: "
                + $"its SHA-256 is {owner.Fingerprint}.");
        }

        if (FounderCheck.FindEvidence(charter, slot, Id, Evidence, now) is { } refusal)
        {
            throw CommandFailure.Refused($"node {Id} is not what the charter says of slot {slot}: {refusal}. "
                + "It was not endorsed.");
        }

        // To the hour, so that both steps of signing with a device say the same.
        DateTimeOffset expires = new(now.UtcDateTime.Date.AddHours(now.Hour + 1 + hours), TimeSpan.Zero);
        return new FounderEndorsement(
            charter.Digest, slot, Id, new MemberId(owner.Fingerprint), place.Address, PublishedAddresses,
            FounderPresentation.DigestOf(Evidence), attempt, expires);
    }
}
