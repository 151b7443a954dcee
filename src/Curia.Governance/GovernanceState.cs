using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using System.Text.Json;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>By whom and by which rules a network is governed: members, commit rule, and the charter with its code and
/// constitution. Its digest is what the owner of a node approves before the node joins (docs/establishment.md,
/// "Joining later").</summary>
/// <remarks>Immutable. Read from public parts alone, so that a node knows it that cannot open the ledger.</remarks>
public sealed class GovernanceState
{
    private const string Label = "curia governance 1\n";
    private const string JoinLabel = "curia join 1\n";
    private const string MembersPrefix = "public:ccf.gov.members.";
    private const string OwnPrefix = "public:curia.gov.c"; // charter and commit rule

    private static readonly Map<string, byte[]>[] maps =
    [
        .. new[]
        {
            GenesisMaps.MemberCertificates.Name, GenesisMaps.MemberEncryptionKeys.Name, GenesisMaps.MemberInfo.Name,
            GenesisMaps.Charter.Name, GenesisMaps.CommitRule.Name,
        }.Order(StringComparer.Ordinal).Select(name => new Map<string, byte[]>(name, Codecs.Utf8, Codecs.Bytes)),
    ];

    private static readonly byte[] membersPrefix = Encoding.UTF8.GetBytes(MembersPrefix);
    private static readonly byte[] ownPrefix = Encoding.UTF8.GetBytes(OwnPrefix);

    private readonly ImmutableSortedDictionary<(string Map, string Key), ReadOnlyMemory<byte>> values;

    private GovernanceState(ImmutableSortedDictionary<(string Map, string Key), ReadOnlyMemory<byte>> values) =>
        this.values = values;

    /// <summary>Nobody governs.</summary>
    public static GovernanceState Empty { get; } = new(
        ImmutableSortedDictionary.Create<(string Map, string Key), ReadOnlyMemory<byte>>(
            Comparer<(string Map, string Key)>.Create((left, right) =>
                string.CompareOrdinal(left.Map, right.Map) is var order and not 0
                    ? order
                    : string.CompareOrdinal(left.Key, right.Key))));

    /// <summary>The names of the maps that it is made of.</summary>
    public static IReadOnlyList<string> MapNames { get; } = [.. maps.Select(map => map.Name)];

    /// <summary>The charter; null where the network has none, or what is there is none.</summary>
    public Charter? Charter =>
        values.TryGetValue((GenesisMaps.Charter.Name, GenesisMaps.CharterKeyName), out ReadOnlyMemory<byte> encoded)
        && Charter.TryDecode(encoded, out Charter? charter, out _)
            ? charter
            : null;

    /// <summary>Whether the network has a charter.</summary>
    public bool HasCharter => values.ContainsKey((GenesisMaps.Charter.Name, GenesisMaps.CharterKeyName));

    /// <summary>The keys and values of a map.</summary>
    public IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> In(string map) => values
        .Where(value => value.Key.Map == map).Select(value => KeyValuePair.Create(value.Key.Key, value.Value));

    /// <summary>SHA-256 of all of it: of each value its map, its key and its bytes, each with its length before it, in
    /// ascending order. Whether a rule is in force already does not count: no vote decides that.</summary>
    public Digest Digest
    {
        get
        {
            ArrayBufferWriter<byte> bytes = new();
            bytes.Write(Encoding.UTF8.GetBytes(Label));
            foreach (((string map, string key), ReadOnlyMemory<byte> value) in values)
            {
                Write(bytes, Encoding.UTF8.GetBytes(map));
                Write(bytes, Encoding.UTF8.GetBytes(key));
                Write(bytes, map == GenesisMaps.CommitRule.Name ? Approved(value) : value.Span);
            }

            return Digest.Of(bytes.WrittenSpan);
        }
    }

    /// <summary>Whether the public part of an entry may touch it, by its bytes.</summary>
    public static bool IsNamedIn(ReadOnlySpan<byte> writes) =>
        writes.IndexOf(membersPrefix) >= 0 || writes.IndexOf(ownPrefix) >= 0;

    /// <summary>What a state holds of it.</summary>
    public static GovernanceState Of(ReadOnlyTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return Of(map => transaction.Map(map).Range());
    }

    /// <summary>What a transaction sees of it; it meets a conflict where that changes.</summary>
    public static GovernanceState Of(Transaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return Of(map => transaction.Map(map).Range());
    }

    /// <summary>That of values by map and key; what is no part of it is left out.</summary>
    public static GovernanceState Of(IEnumerable<(string Map, string Key, ReadOnlyMemory<byte> Value)> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new GovernanceState(Empty.values.SetItems(values.Where(one => MapNames.Contains(one.Map))
            .Select(one => KeyValuePair.Create((one.Map, one.Key), one.Value))));
    }

    /// <summary>The same after the public writes of a transaction.</summary>
    public GovernanceState With(WriteSet writes)
    {
        ArgumentNullException.ThrowIfNull(writes);
        ImmutableSortedDictionary<(string Map, string Key), ReadOnlyMemory<byte>> next = values;
        foreach (MapWrites changed in writes.Maps.Where(map => MapNames.Contains(map.Name)))
        {
            foreach (KeyWrite write in changed.Writes)
            {
                (string, string) key = (changed.Name, Encoding.UTF8.GetString(write.Key.Span));
                next = write.Value is { } value ? next.SetItem(key, value.ToArray()) : next.Remove(key);
            }
        }

        return ReferenceEquals(next, values) ? this : new GovernanceState(next);
    }

    /// <summary>What the evidence of a node binds that joins, beside its key: the network, and the governance that its
    /// owner has approved.</summary>
    /// <param name="network">The digest of the genesis block.</param>
    /// <param name="governance">The <see cref="Digest"/> of the governance.</param>
    public static Digest BindingOf(Digest network, Digest governance) =>
        Digest.Of([.. Encoding.UTF8.GetBytes(JoinLabel), .. network.ToArray(), .. governance.ToArray()]);

    private static GovernanceState Of(Func<Map<string, byte[]>, IEnumerable<KeyValuePair<string, byte[]>>> range) =>
        Of(maps.SelectMany(map => range(map).Select(
            one => (map.Name, one.Key, (ReadOnlyMemory<byte>)one.Value))));

    private static ReadOnlySpan<byte> Approved(ReadOnlyMemory<byte> rule) =>
        GenesisMaps.CommitRule.Values.TryDecode(rule.Span, out DiversityRule? read)
            ? JsonSerializer.SerializeToUtf8Bytes(read with { InForce = false }, JsonFormat.Options)
            : rule.Span;

    private static void Write(ArrayBufferWriter<byte> bytes, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
        bytes.Write(length);
        bytes.Write(part);
    }
}
