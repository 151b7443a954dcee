using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Curia.Cli.Terminal;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Vocabulary;
using Spectre.Console;

namespace Curia.Cli.Charters;

/// <summary>A charter as tables: its actors, its programs, its founding nodes, and the rest as lines.</summary>
internal static class CharterPicture
{
    public static void Draw(Screen screen, Charter charter)
    {
        CharterContent content = charter.Content;
        screen.Line($"[bold]{Screen.Escape(content.Name)}[/]");
        screen.Verbatim($"charter  {charter.Digest}");
        DrawActors(screen, content);
        DrawCode(screen, content);
        DrawTable(screen, ["founding node", "owner", "platform", "address"], content.Slots
            .OrderBy(one => one.Key, StringComparer.Ordinal)
            .Select(one => (string[])[one.Key, one.Value.Owner, one.Value.Platform, one.Value.Address]));
        foreach ((string what, string value) in LinesOf(content)) screen.Verbatim($"  {what,-24}{value}");
        screen.Line();
    }

    private static void DrawActors(Screen screen, CharterContent content)
    {
        IEnumerable<string[]> members = content.Members.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one =>
            (string[])
            [
                one.Key, "member", one.Value.Id.ToString(), $"{one.Value.Recovery}",
                one.Value.EncryptionKey is { } key ? $"RSA {key.Bits}" : "", Until(one.Value.Certificate),
            ]);
        IEnumerable<string[]> participants =
            content.Participants.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => (string[])
            [
                one.Key, one.Value.Kind == ParticipantKind.Authority ? "authority" : "participant",
                one.Value.Certificate.Fingerprint.ToString(), "", "", Until(one.Value.Certificate),
            ]);
        DrawTable(
            screen,
            ["name", "is", "id (SHA-256 of the certificate)", "recovery", "encryption key", "valid until"],
            members.Concat(participants));
    }

    private static void DrawCode(Screen screen, CharterContent content)
    {
        List<string[]> rows = [];
        foreach ((string name, CodeComponent component) in content.Code.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            foreach ((string platform, IReadOnlyList<CodeReference> references) in component.Platforms
                .OrderBy(one => one.Key, StringComparer.Ordinal))
            {
                rows.AddRange(references.Select(
                    reference => (string[])[name, component.Version, platform, Shown(reference)]));
            }
        }

        DrawTable(screen, ["program", "version", "on", "measurement"], rows);
        foreach ((string name, CodeComponent component) in content.Code.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            screen.Verbatim($"  {name + ", source",-24}{component.Source}");
            screen.Verbatim($"  {name + ", built",-24}sha256 {component.BuildStatement}");
        }
    }

    private static string Shown(CodeReference reference) => string.Join(", ", ((string?[])
    [
        reference.Measurement?.ToString(),
        reference.Endorser is { } endorser ? $"endorsed by {endorser.Issuer}, {endorser.Feed}" : null,
        reference.HostData is { } data ? $"host data {Convert.ToHexStringLower(data.Span)}" : null,
        .. reference.RuntimeMeasurements.OrderBy(one => one.Key).Select(one => $"rtmr{one.Key} {one.Value}"),
    ]).OfType<string>());

    private static IEnumerable<(string What, string Value)> LinesOf(CharterContent content)
    {
        ConsensusRules rules = content.Consensus;
        byte[] constitution = Encoding.UTF8.GetBytes(content.Constitution);
        yield return ("constitution", $"{constitution.Length} bytes, sha256 {Digest.Of(constitution)}");
        yield return ("commit rule", $"{rules.Platforms} platforms, {rules.Operators} owners, "
            + $"loss of a node {(rules.LossWaived ? "waived" : "refused")}");
        yield return ("durability", rules.Durability == Durability.Synced ? "synced" : "buffered");
        yield return ("curve", rules.Curve == SigningCurve.P256 ? "P-256" : "P-384");
        yield return ("blocks", $"{rules.BlockBytes} bytes, {rules.BlockTransactions} transactions");
        yield return ("recovery threshold", Text(content.RecoveryThreshold));
        yield return ("key period", content.KeyPeriodDays == 0 ? "none" : $"{content.KeyPeriodDays} days");
        yield return ("admission without vote", content.Admission.NodesPerOwner == 0
            ? "none"
            : $"{content.Admission.NodesPerOwner} for each owner, appraised by {content.Admission.Appraisers} owners");
        yield return ("lease", content.LeaseHours == 0 ? "none" : $"{content.LeaseHours} hours");
        yield return ("opening", content.Opening == OpeningRule.AtOnce ? "at once" : "by vote");
        yield return ("founders", $"{content.FoundersNeeded} of {content.Slots.Count}");
        foreach ((string name, Digest digest) in content.Terms.OrderBy(one => one.Key, StringComparer.Ordinal))
            yield return ($"terms, {name}", $"sha256 {digest}");
    }

    private static void DrawTable(Screen screen, string[] columns, IEnumerable<string[]> rows)
    {
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumns(columns);
        foreach (string[] row in rows) table.AddRow([.. row.Select(cell => new Text(cell))]);
        screen.Console.Write(table);
    }

    // For people alone: the charter itself does not know what time it is.
    private static string Until(Certificate certificate) =>
        certificate.NotAfter.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
        + (certificate.NotAfter < DateTimeOffset.UtcNow ? " EXPIRED" : "");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
