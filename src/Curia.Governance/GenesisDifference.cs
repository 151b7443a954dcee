using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Attestation;
using Curia.KeyValue;

namespace Curia.Governance;

/// <summary>Compares what a genesis block holds with what follows from its charter and founders: one check for each
/// kind of thing, so that a reader sees what is wrong.</summary>
internal static class GenesisDifference
{
    private static readonly (string Name, string[] Maps)[] kinds =
    [
        ("members", [
            GenesisMaps.MemberCertificates.Name, GenesisMaps.MemberInfo.Name, GenesisMaps.MemberEncryptionKeys.Name]),
        ("participants", [GenesisMaps.UserCertificates.Name]),
        ("nodes", [
            GenesisMaps.NodeInfo.Name, GenesisMaps.NodeCertificates.Name, GenesisMaps.NodeEvidence.Name,
            GenesisMaps.Slots.Name, GenesisMaps.FoundingEndorsements.Name, GenesisMaps.FoundingStatements.Name]),
        ("commit-rule", [GenesisMaps.CommitRule.Name]),
        ("service", [GenesisMaps.ServiceInfo.Name]),
    ];

    /// <summary>The checks.</summary>
    /// <param name="written">What is there.</param>
    /// <param name="expected">What follows.</param>
    public static IEnumerable<Check> Compare(WriteSet written, WriteSet expected)
    {
        HashSet<string> rest = [.. written.Maps.Concat(expected.Maps).Select(map => map.Name)];
        foreach ((string name, string[] maps) in kinds)
        {
            rest.ExceptWith(maps);
            yield return Compare(name, written, expected, maps, "exactly as they follow");
        }

        string[] others = [.. rest.Order(StringComparer.Ordinal)];
        yield return Compare("nothing-else", written, expected, others, "no other map");
    }

    private static Check Compare(string name, WriteSet written, WriteSet expected, string[] maps, string passed)
    {
        string[] differences = [.. maps.SelectMany(map => Between(Of(written, map), Of(expected, map), map))];
        return EstablishmentAudit.Check(
            name, differences.Length == 0,
            differences.Length == 0 ? passed : EstablishmentAudit.Listed(differences));
    }

    private static IEnumerable<string> Between(
        Dictionary<string, ReadOnlyMemory<byte>?> written, Dictionary<string, ReadOnlyMemory<byte>?> expected,
        string map)
    {
        foreach ((string key, ReadOnlyMemory<byte>? value) in written)
        {
            if (!expected.TryGetValue(key, out ReadOnlyMemory<byte>? due)) yield return Say(key, map, "is too much");
            else if (value is not { } bytes || !bytes.Span.SequenceEqual(due!.Value.Span))
                yield return Say(key, map, "is something else");
        }

        foreach (string key in expected.Keys.Where(key => !written.ContainsKey(key)))
            yield return Say(key, map, "is missing");
    }

    private static string Say(string key, string map, string what) =>
        $"{CharterCbor.Shown(Encoding.UTF8.GetString(Convert.FromHexString(key)))} in {map} {what}";

    // By the bytes of the key: anybody may have written them.
    private static Dictionary<string, ReadOnlyMemory<byte>?> Of(WriteSet writes, string map) =>
        writes.Maps.Where(one => one.Name == map).SelectMany(one => one.Writes).ToDictionary(
            write => Convert.ToHexStringLower(write.Key.Span), write => write.Value, StringComparer.Ordinal);
}
