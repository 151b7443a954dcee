using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Attestation;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>What the ledger says of one founder, and what became of each check of it.</summary>
/// <param name="Slot">The slot, by name.</param>
/// <param name="Owner">The member that owns the slot, by the name that the charter has for it.</param>
/// <param name="Node">The node; null where the ledger names none.</param>
/// <param name="Platform">The platform, as the slot names it.</param>
/// <param name="Measurement">The program that its evidence vouches for; null where that was refused.</param>
/// <param name="Checks">The checks.</param>
public sealed record EstablishedFounder(
    string Slot, string Owner, NodeId? Node, string Platform, Measurement? Measurement, IReadOnlyList<Check> Checks)
{
    /// <summary>Whether it is on the simulated platform, which proves nothing.</summary>
    public bool IsInsecure => VirtualEvidence.IsName(Platform);
}

/// <summary>The verdict on an establishment.</summary>
public sealed record EstablishmentReport
{
    /// <summary>The charter; null when it cannot be read.</summary>
    public Charter? Charter { get; init; }

    /// <summary>Which attempt of the charter it was; null where no founder has signed a statement that can be
    /// read.</summary>
    public int? Attempt { get; init; }

    /// <summary>The time at which all of it had to hold.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The founders, one for each slot of the charter, in the order of the slots' names.</summary>
    public IReadOnlyList<EstablishedFounder> Founders { get; init; } = [];

    /// <summary>The checks of what all founders have in common.</summary>
    public required IReadOnlyList<Check> Checks { get; init; }

    /// <summary>Of the platforms that the charter takes, that on which confidentiality rests in the end; empty when the
    /// charter cannot be read.</summary>
    public string WeakestPlatform => Charter is null ? "" : CharterMeaning.WeakestPlatform(Charter.Content.Platforms);

    /// <summary>Whether a founder is on the simulated platform.</summary>
    public bool IsInsecure => Founders.Any(founder => founder.IsInsecure);

    /// <summary>Whether every check has passed.</summary>
    public bool IsSound => !Problems.Any();

    /// <summary>A sentence for each check that has not passed.</summary>
    public IEnumerable<string> Problems =>
    [
        .. Checks.Where(check => !check.Passed).Select(check => $"{check.Name}: {check.Detail}"),
        .. Founders.SelectMany(founder => founder.Checks.Where(check => !check.Passed)
            .Select(check => $"founder in slot {CharterCbor.Shown(founder.Slot)}, {check.Name}: {check.Detail}")),
    ];
}
