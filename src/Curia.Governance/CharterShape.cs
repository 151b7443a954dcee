using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using Curia.Attestation;
using Curia.Cryptography;

namespace Curia.Governance;

/// <summary>A charter's content as a tree, and back: the names of all fields, each part written and read side by
/// side.</summary>
internal static class CharterShape
{
    /// <summary>The version of the format (docs/charter.md).</summary>
    public const int Version = 1;

    private static readonly Dictionary<string, RecoveryRole> roles =
        Enum.GetValues<RecoveryRole>().ToDictionary(one => one.ToString(), StringComparer.Ordinal);

    private static readonly Dictionary<string, ParticipantKind> kinds = new(StringComparer.Ordinal)
    {
        ["key"] = ParticipantKind.Key,
        ["authority"] = ParticipantKind.Authority,
    };

    private static readonly Dictionary<string, Durability> durabilities = new(StringComparer.Ordinal)
    {
        ["synced"] = Durability.Synced,
        ["buffered"] = Durability.Buffered,
    };

    private static readonly Dictionary<string, SigningCurve> curves = new(StringComparer.Ordinal)
    {
        ["P-256"] = SigningCurve.P256,
        ["P-384"] = SigningCurve.P384,
    };

    private static readonly Dictionary<string, bool> losses =
        new(StringComparer.Ordinal) { ["refused"] = false, ["waived"] = true };

    private static readonly Dictionary<string, OpeningRule> openings = new(StringComparer.Ordinal)
    {
        ["at_once"] = OpeningRule.AtOnce,
        ["by_vote"] = OpeningRule.ByVote,
    };

    public static CharterValue Write(CharterContent charter) => CharterValue.OfFields(
        ("version", CharterValue.Of(Version)),
        ("name", CharterValue.Of(charter.Name)),
        ("members", CharterValue.OfNamed(charter.Members, Write)),
        ("participants", CharterValue.OfNamed(charter.Participants, Write)),
        ("code", CharterValue.OfNamed(charter.Code, Write)),
        ("platforms", PolicyShape.Write(charter.Platforms)),
        ("constitution", CharterValue.Of(charter.Constitution)),
        ("consensus", Write(charter.Consensus)),
        ("recovery_threshold", CharterValue.Of(charter.RecoveryThreshold)),
        ("key_period_days", CharterValue.Of(charter.KeyPeriodDays)),
        ("admission", CharterValue.OfFields(
            ("appraisers", CharterValue.Of(charter.Admission.Appraisers)),
            ("nodes_per_owner", CharterValue.Of(charter.Admission.NodesPerOwner)))),
        ("lease_hours", CharterValue.Of(charter.LeaseHours)),
        ("opening", Word(openings, charter.Opening)),
        ("founders_needed", CharterValue.Of(charter.FoundersNeeded)),
        ("terms", CharterValue.OfNamed(charter.Terms, CharterValue.Of)),
        ("slots", CharterValue.OfNamed(charter.Slots, slot => CharterValue.OfFields(
            ("owner", CharterValue.Of(slot.Owner)),
            ("platform", CharterValue.Of(slot.Platform)),
            ("address", CharterValue.Of(slot.Address))))));

    public static CharterContent Read(CharterFields fields)
    {
        if (fields.Number("version", Version) is var version and not Version)
            throw new RefusedException(CharterFault.UnknownVersion, "version", $"is {version}; {Version} is known");
        IReadOnlyDictionary<string, CharterSlot> slots = fields.Named("slots", one => new CharterSlot(
            one.Text("owner"), one.Text("platform"), one.Text("address")));
        CharterContent content = new()
        {
            Name = fields.Text("name"),
            Members = fields.Named("members", ReadMember),
            Participants = fields.Named("participants", one => new CharterParticipant(
                one.Certificate("certificate"), one.OneOf("kind", kinds, ParticipantKind.Key))),
            Code = fields.Named("code", ReadComponent),
            Platforms = ReadSection(fields, "platforms", PolicyShape.Read),
            Constitution = fields.Text("constitution"),
            Consensus = ReadSection(fields, "consensus", ReadConsensus),
            RecoveryThreshold = fields.Number("recovery_threshold"),
            KeyPeriodDays = fields.Number("key_period_days", 90),
            Admission = ReadSection(fields, "admission", one => new AdmissionRules
            {
                Appraisers = one.Number("appraisers", 1),
                NodesPerOwner = one.Number("nodes_per_owner", 0),
            }),
            LeaseHours = fields.Number("lease_hours", 0),
            Opening = fields.OneOf("opening", openings, OpeningRule.AtOnce),
            FoundersNeeded = fields.Number("founders_needed", slots.Count),
            Terms = fields.Named("terms", fields.AsDigest),
            Slots = slots,
        };
        fields.Done();
        return content;
    }

    public static Measurement ReadMeasurement(ReadOnlyMemory<byte> bytes, string path) => bytes.Length is 32 or 48
        ? new Measurement(bytes.Span)
        : throw new RefusedException(
            CharterFault.OutOfBounds, path, $"has {bytes.Length} bytes, and a measurement has 32 or 48");

    private static CharterValue Write(CharterMember member) => CharterValue.OfFields(
        ("certificate", CharterFields.Of(member.Certificate)),
        ("encryption_key", member.EncryptionKey is { } key ? CharterFields.Of(key) : null),
        ("recovery", Word(roles, member.Recovery)));

    private static CharterMember ReadMember(CharterFields fields)
    {
        EncryptionKey? key = fields.EncryptionKeyOrNull("encryption_key");
        RecoveryRole usual = key is null ? RecoveryRole.NonParticipant : RecoveryRole.Participant;
        return new CharterMember(fields.Certificate("certificate"), key, fields.OneOf("recovery", roles, usual));
    }

    private static CharterValue Write(CharterParticipant participant) => CharterValue.OfFields(
        ("certificate", CharterFields.Of(participant.Certificate)), ("kind", Word(kinds, participant.Kind)));

    private static CharterValue Write(CodeComponent component) => CharterValue.OfFields(
        ("version", CharterValue.Of(component.Version)),
        ("source", CharterValue.Of(component.Source)),
        ("build_statement", CharterValue.Of(component.BuildStatement)),
        ("platforms", CharterValue.OfNamed(
            component.Platforms, references => CharterValue.OfSet(references.Select(Write)))));

    private static CodeComponent ReadComponent(CharterFields fields) => new(
        fields.Text("version"), fields.Text("source"), fields.Digest("build_statement"),
        fields.Named("platforms", (value, path) => CharterFields.AsList(
            value, path, (one, at) => fields.Whole(one, at, ReadReference))));

    public static CharterValue Write(CodeReference reference) => CharterValue.OfFields(
        ("measurement", reference.Measurement is { } measurement ? CharterValue.Of(measurement.Bytes) : null),
        ("endorser", reference.Endorser is { } endorser
            ? CharterValue.OfFields(
                ("root", CharterValue.Of(endorser.RootFingerprint)), ("purpose", CharterValue.Of(endorser.Purpose)),
                ("feed", CharterValue.Of(endorser.Feed)),
                ("minimum_svn", new CharterValue.Number(endorser.MinimumSvn)))
            : null),
        ("host_data", reference.HostData is { } data ? CharterValue.Of(data.Span) : null),
        ("runtime_measurements", CharterValue.OfNamed(
            reference.RuntimeMeasurements.Select(one => KeyValuePair.Create(
                one.Key.ToString(CultureInfo.InvariantCulture), one.Value)),
            one => CharterValue.Of(one.Bytes))));

    private static CodeReference ReadReference(CharterFields fields) => new()
    {
        Measurement = fields.Has("measurement")
            ? ReadMeasurement(fields.Bytes("measurement"), fields.PathOf("measurement"))
            : null,
        Endorser = fields.SectionOrNull("endorser") is { } endorser ? ReadEndorser(endorser) : null,
        HostData = fields.Has("host_data") ? fields.Bytes("host_data") : (ReadOnlyMemory<byte>?)null,
        RuntimeMeasurements = fields.Named("runtime_measurements", (value, path) =>
            (Path: path, Measurement: ReadMeasurement(fields.AsBytes(value, path), path)))
            .ToImmutableSortedDictionary(one => Register(one.Key, one.Value.Path), one => one.Value.Measurement),
    };

    private static UvmEndorser ReadEndorser(CharterFields fields)
    {
        UvmEndorser endorser = new(
            fields.Digest("root"), fields.Text("purpose"), fields.Text("feed"), (ulong)fields.Number("minimum_svn", 0));
        fields.Done();
        return endorser;
    }

    private static int Register(string name, string path) => name is "0" or "1" or "2" or "3"
        ? name[0] - '0'
        : throw new RefusedException(CharterFault.UnknownValue, path, "is no register; there are 0 to 3");

    private static CharterValue Write(ConsensusRules rules) => CharterValue.OfFields(
        ("commit_rule", CharterValue.OfFields(
            ("platforms", CharterValue.Of(rules.Platforms)),
            ("operators", CharterValue.Of(rules.Operators)),
            ("loss", Word(losses, rules.LossWaived)))),
        ("durability", Word(durabilities, rules.Durability)),
        ("curve", Word(curves, rules.Curve)),
        ("block_bytes", CharterValue.Of(rules.BlockBytes)),
        ("block_transactions", CharterValue.Of(rules.BlockTransactions)));

    private static ConsensusRules ReadConsensus(CharterFields fields)
    {
        ConsensusRules usual = new();
        CharterFields rule = fields.Section("commit_rule");
        ConsensusRules rules = new()
        {
            Platforms = rule.Number("platforms", usual.Platforms),
            Operators = rule.Number("operators", usual.Operators),
            LossWaived = rule.OneOf("loss", losses, usual.LossWaived),
            Durability = fields.OneOf("durability", durabilities, usual.Durability),
            Curve = fields.OneOf("curve", curves, usual.Curve),
            BlockBytes = fields.Number("block_bytes", usual.BlockBytes),
            BlockTransactions = fields.Number("block_transactions", usual.BlockTransactions),
        };
        rule.Done();
        return rules;
    }

    private static T ReadSection<T>(CharterFields fields, string name, Func<CharterFields, T> read)
    {
        CharterFields section = fields.Section(name);
        T value = read(section);
        section.Done();
        return value;
    }

    private static CharterValue Word<T>(Dictionary<string, T> words, T value) where T : struct =>
        CharterValue.Of(words.First(word => word.Value.Equals(value)).Key);
}
