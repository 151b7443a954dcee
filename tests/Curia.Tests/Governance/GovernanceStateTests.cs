using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Tests.Governance;

/// <summary>What the owner of a node approves before it joins (docs/establishment.md, "Joining later").</summary>
public sealed class GovernanceStateTests
{
    private static readonly (string Map, string Key, ReadOnlyMemory<byte> Value)[] values =
    [
        .. GovernanceState.MapNames.Select(map => (map, "a", (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes("1"))),
    ];

    // The page has the format; who computes it elsewhere finds this.
    [Fact]
    public void The_digest_is_what_the_page_says()
    {
        Assert.Equal(
            [
                "public:ccf.gov.members.certs", "public:ccf.gov.members.encryption_public_keys",
                "public:ccf.gov.members.info", "public:curia.gov.charter", "public:curia.gov.commit_rule",
            ],
            GovernanceState.MapNames);
        List<byte> bytes = [.. "curia governance 1\n"u8];
        foreach ((string map, string key, ReadOnlyMemory<byte> value) in values)
        {
            byte[][] parts = [Encoding.UTF8.GetBytes(map), Encoding.UTF8.GetBytes(key), value.ToArray()];
            foreach (byte[] part in parts) bytes.AddRange([0, 0, 0, (byte)part.Length, .. part]);
        }

        Assert.Equal(Digest.Of(bytes.ToArray()), GovernanceState.Of(values).Digest);
        Assert.Equal(Digest.Of(bytes.ToArray()), GovernanceState.Of(values.Reverse()).Digest);
        Digest network = Digest.Of("network"u8);
        Digest governance = Digest.Of("governance"u8);
        Assert.Equal(
            Digest.Of([.. "curia join 1\n"u8, .. network.ToArray(), .. governance.ToArray()]),
            GovernanceState.BindingOf(network, governance));
    }

    [Fact]
    public void Every_value_and_place_counts_and_nothing_else()
    {
        Digest before = GovernanceState.Of(values).Digest;
        HashSet<Digest> seen = [before, GovernanceState.Empty.Digest];
        for (int i = 0; i < values.Length; i++)
        {
            (string map, _, ReadOnlyMemory<byte> value) = values[i];
            IEnumerable<(string, string, ReadOnlyMemory<byte>)> others = values.Where((_, at) => at != i);
            Assert.True(seen.Add(GovernanceState.Of(others).Digest));
            Assert.True(seen.Add(GovernanceState.Of(others.Append((map, "b", value))).Digest));
            Assert.True(seen.Add(GovernanceState.Of(others.Append((map, "a", "2"u8.ToArray()))).Digest));
            Assert.True(seen.Add(GovernanceState.Of(others.Append((map, "a1", ""u8.ToArray()))).Digest));
        }

        Assert.Equal(before, GovernanceState.Of(values.Append(("public:ccf.gov.users.certs", "a", "1"u8.ToArray())))
            .Digest);
    }

    [Fact]
    public void A_rule_that_comes_into_force_is_the_same_rule_and_another_one_is_not()
    {
        Assert.Equal(Of(new DiversityRule(2, 1, false, InForce: false)), Of(new DiversityRule(2, 1, false, true)));
        Assert.NotEqual(Of(new DiversityRule(2, 1, false, true)), Of(new DiversityRule(2, 2, false, true)));
        Assert.NotEqual(Of(new DiversityRule(2, 1, false, true)), Of(new DiversityRule(2, 1, true, true)));

        static Digest Of(DiversityRule rule) => GovernanceState.Of(
            [(GenesisMaps.CommitRule.Name, "rule", GenesisMaps.CommitRule.Values.Encode(rule))]).Digest;
    }

    // The owner reads a node's answer, the primary its own state, and the node that joins what stands in the ledger.
    [Fact]
    public void A_state_and_the_writes_that_led_to_it_say_the_same()
    {
        KeyValueStore store = new();
        GovernanceState read = GovernanceState.Empty;
        read = Commit(transaction =>
        {
            transaction.Map(GenesisMaps.MemberCertificates).Put("alpha", "certificate");
            transaction.Map(GenesisMaps.MemberInfo).Put("alpha", "{}");
            transaction.Map(GenesisMaps.Charter).Put(GenesisMaps.CharterKeyName, [1, 2, 3]);
            transaction.Map(GenesisMaps.UserCertificates).Put("user", "certificate");
        });
        Digest one = read.Digest;
        Assert.True(read.HasCharter);
        Assert.Null(read.Charter); // these bytes are none
        read = Commit(transaction => transaction.Map(GenesisMaps.MemberCertificates).Put("beta", "look-alike"));
        Assert.NotEqual(one, read.Digest);
        read = Commit(transaction => transaction.Map(GenesisMaps.MemberCertificates).Remove("beta"));
        Assert.Equal(one, read.Digest);
        GovernanceState same = read;
        read = Commit(transaction => transaction.Map(GenesisMaps.UserCertificates).Remove("user"));
        Assert.Same(same, read);

        GovernanceState Commit(Action<Transaction> write)
        {
            Transaction transaction = store.Begin(MapAccess.Node);
            write(transaction);
            WriteSet changes = Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, new View(2))).Changes;
            GovernanceState next = read.With(changes);
            bool isTouched = GovernanceState.IsNamedIn(changes.Encode(Domain.Public));
            Assert.True(isTouched || ReferenceEquals(next, read));
            Assert.Equal(next.Digest, GovernanceState.Of(store.BeginReadOnly(MapAccess.Node)).Digest);
            Assert.Equal(next.Digest, GovernanceState.Of(store.Begin(MapAccess.Node)).Digest);
            return next;
        }
    }

    [Fact]
    public void Every_map_of_it_is_seen_by_its_name() => Assert.All(
        GovernanceState.MapNames, map => Assert.True(GovernanceState.IsNamedIn(Encoding.UTF8.GetBytes($"x{map}x"))));
}
