using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Curia.Cli.Files;
using Curia.Cli.Terminal;
using Curia.Governance;

namespace Curia.Cli.Establishment;

/// <summary>What one node says of a founding slot.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="Owner">Who owns its node.</param>
/// <param name="State">How far the node is with it.</param>
/// <param name="Reason">Why it is refused; empty when it is not.</param>
/// <param name="Says">How far the other one is with this node, by what it has told this node.</param>
/// <param name="SaysReason">Why the other one refuses this node; empty when it does not.</param>
/// <param name="Differences">In what the charters of both differ.</param>
/// <param name="Urls">Where the other one can be asked itself.</param>
internal sealed record SlotView(
    string Slot, string Owner, string State, string Reason, string Says, string SaysReason,
    IReadOnlyList<ChartersDiffer> Differences, IReadOnlyList<string> Urls);

/// <summary>A field in which two charters differ; null where it is not there.</summary>
internal sealed record ChartersDiffer(string Field, string? Here, string? There);

/// <summary>How one node sees the establishment: <c>GET /node/establishment</c>, read.</summary>
/// <param name="Url">Where it was asked.</param>
/// <param name="Json">All of it.</param>
internal sealed record FounderView(string Url, JsonElement Json)
{
    public const string Missing = nameof(FounderState.Missing);
    public const string Refused = nameof(FounderState.Refused);
    public const string Verified = nameof(FounderState.Verified);
    public const string Agreed = nameof(FounderState.Agreed);

    private const int SlotsMax = 1024;

    public required string State { get; init; }

    public required string NodeId { get; init; }

    /// <summary>Empty for a node that joined later.</summary>
    public required string Slot { get; init; }

    public required string Charter { get; init; }

    public required string Name { get; init; }

    public required ulong Attempt { get; init; }

    /// <summary>Empty before there is one.</summary>
    public required string Network { get; init; }

    /// <summary>Until it gives up; null when it has not to.</summary>
    public required ulong? SecondsLeft { get; init; }

    public required IReadOnlyList<SlotView> Slots { get; init; }

    public bool IsOpen => State == "Open";

    /// <summary>Reads it; what is a stranger's text is made harmless for terminals.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static FounderView Of(string url, JsonElement json)
    {
        SlotView[] slots = [.. json.List("founders").Take(SlotsMax + 1).Select(SlotOf)];
        if (slots.Length > SlotsMax) throw new FormatException($"it has more than {SlotsMax} founders");
        return new FounderView(url, json)
        {
            State = Text(json, "state"),
            NodeId = Text(json, "node_id"),
            Slot = TextIfThere(json, "slot"),
            Charter = Text(json, "charter"),
            Name = Text(json, "name"),
            Attempt = json.Number("attempt"),
            Network = TextIfThere(json, "network"),
            SecondsLeft = IsThere(json, "seconds_left") ? json.Number("seconds_left") : null,
            Slots = slots,
        };
    }

    private static SlotView SlotOf(JsonElement json) => new(
        Text(json, "slot"), Text(json, "owner"), Text(json, "state"), TextIfThere(json, "reason"), Text(json, "says"),
        TextIfThere(json, "says_reason"),
        IsThere(json, "differences") ? [.. json.List("differences").Select(DifferenceOf)] : [],
        [
            .. json.List("published_addresses").Where(one => one.ValueKind == JsonValueKind.String)
                .Select(one => $"https://{one.GetString()}"),
        ]);

    private static ChartersDiffer DifferenceOf(JsonElement json) => new(
        Text(json, "field"),
        IsThere(json, "here") ? Text(json, "here") : null,
        IsThere(json, "there") ? Text(json, "there") : null);

    private static bool IsThere(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement found) && found.ValueKind != JsonValueKind.Null;

    private static string Text(JsonElement json, string name) => Screen.Visible(json.Text(name));

    private static string TextIfThere(JsonElement json, string name) => IsThere(json, name) ? Text(json, name) : "";
}
