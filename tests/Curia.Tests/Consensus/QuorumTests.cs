using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using CsCheck;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Tests.Consensus;

public sealed class QuorumTests
{
    // One digit is one voter: what it has stored, 0 where nothing is known of it.
    [Theory]
    [InlineData("0", 0)]
    [InlineData("7", 7)]
    [InlineData("70", 0)]
    [InlineData("74", 4)]
    [InlineData("700", 0)]
    [InlineData("740", 4)]
    [InlineData("746", 6)]
    [InlineData("444", 4)]
    [InlineData("9900", 0)]
    [InlineData("9990", 9)]
    [InlineData("99000", 0)]
    [InlineData("98700", 7)]
    [InlineData("12345", 3)]
    [InlineData("999000", 0)]
    [InlineData("1234567", 4)]
    public void A_majority_is_counted_over_all_voters_not_over_those_that_answered(string voters, ulong expected) =>
        Assert.Equal(new SeqNo(expected), Quorum.StoredBy(Voters(1, voters.Length), Matched(voters)));

    // Voters 1.. have stored what the digits say; the two configurations are ranges of voters.
    [Theory]
    [InlineData("90", 1, 1, 2, 2, 0)]
    [InlineData("93", 1, 1, 2, 2, 3)]
    [InlineData("995", 1, 2, 3, 3, 5)]
    [InlineData("999000", 1, 3, 4, 6, 0)]
    [InlineData("999880", 1, 3, 4, 6, 8)]
    [InlineData("0990", 1, 3, 2, 4, 9)]
    [InlineData("9009", 1, 3, 2, 4, 0)]
    [InlineData("99900", 1, 3, 1, 5, 9)]
    [InlineData("99000", 1, 3, 1, 5, 0)]
    public void Each_configuration_needs_its_own_majority_never_their_union(
        string voters, int firstA, int lastA, int firstB, int lastB, ulong expected)
    {
        Configuration[] both = [Voters(firstA, lastA), Voters(firstB, lastB)];
        Assert.Equal(new SeqNo(expected), Quorum.StoredByEach(both, Matched(voters)));
    }

    [Theory]
    [InlineData(1, 1, "1", true)]
    [InlineData(1, 2, "1", false)]
    [InlineData(1, 3, "13", true)]
    [InlineData(1, 3, "1", false)]
    [InlineData(1, 4, "12", false)]
    [InlineData(1, 5, "135", true)]
    [InlineData(1, 3, "1456", false)]
    public void An_election_needs_a_majority_of_the_voters(int first, int last, string granted, bool elected) =>
        Assert.Equal(elected, Quorum.IsElected([Voters(first, last)], Ids(granted)));

    [Theory]
    [InlineData("123", false)]
    [InlineData("12345", false)]
    [InlineData("12456", true)]
    [InlineData("1467", false)]
    [InlineData("4567", false)]
    public void An_election_is_won_in_each_configuration_or_not_at_all(string granted, bool elected) =>
        Assert.Equal(elected, Quorum.IsElected([Voters(1, 3), Voters(4, 7), Voters(2, 5)], Ids(granted)));

    [Fact]
    public void The_result_is_the_highest_seqno_that_more_than_half_have() =>
        Gen.ULong[0, 9].Array[1, 9].Sample(stored =>
        {
            SeqNo result = Quorum.StoredBy(Voters(1, stored.Length), Matched(stored));
            ulong naive = Enumerable.Range(0, 10).Select(n => (ulong)n)
                .Last(n => 2 * stored.Count(s => s >= n) > stored.Length);
            return result.Value == naive;
        });

    [Fact]
    public void A_voter_that_is_unknown_has_stored_nothing() =>
        Assert.Equal(SeqNo.Zero, Quorum.StoredBy(Voters(1, 3), Matched("9")));

    [Fact]
    public void Without_a_configuration_there_is_no_quorum()
    {
        Assert.Throws<ArgumentException>(() => Quorum.StoredByEach([], Matched("9")));
        Assert.Throws<ArgumentException>(() => Quorum.IsElected([], Ids("1")));
    }

    internal static NodeId Id(int number) => new(Digest.Of([(byte)number]));

    private static Configuration Voters(int first, int last) =>
        new(new SeqNo(1), Enumerable.Range(first, last - first + 1).Select(Id).ToImmutableSortedSet());

    private static SortedSet<NodeId> Ids(string digits) => [.. digits.Select(digit => Id(digit - '0'))];

    private static SortedDictionary<NodeId, SeqNo> Matched(string digits) =>
        Matched(digits.Select(digit => (ulong)(digit - '0')).ToArray());

    private static SortedDictionary<NodeId, SeqNo> Matched(ulong[] stored)
    {
        SortedDictionary<NodeId, SeqNo> matched = [];
        for (int index = 0; index < stored.Length; index++)
        {
            if (stored[index] > 0) matched.Add(Id(index + 1), new SeqNo(stored[index]));
        }

        return matched;
    }
}
