using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;
using static Curia.Tests.Consensus.Given;

namespace Curia.Tests.Consensus;

/// <summary>The cases of the tables of etcd-io/raft (quorum/testdata, Apache-2.0): one configuration, or two that both
/// count. Its index of no voter at all has no counterpart, a configuration has voters here.</summary>
public sealed class QuorumTableTests
{
    // Voters of each configuration, a digit each; what nodes have stored; what is committed.
    [Theory]
    [InlineData("1", "", 0)]
    [InlineData("1", "1=12", 12)]
    [InlineData("12", "", 0)]
    [InlineData("12", "1=12", 0)]
    [InlineData("12", "1=12 2=5", 5)]
    [InlineData("123", "", 0)]
    [InlineData("123", "1=12", 0)]
    [InlineData("123", "1=12 2=5", 5)]
    [InlineData("123", "1=12 2=5 3=6", 6)]
    [InlineData("123", "1=12 2=5 3=4", 5)]
    [InlineData("123", "1=5 2=5", 5)]
    [InlineData("123", "1=5 2=5 3=12", 5)]
    [InlineData("123", "1=100 2=101 3=103", 101)]
    [InlineData("12345", "1=101 2=104 3=103 4=103", 103)]
    [InlineData("12345", "1=101 2=102 3=103 4=103", 102)]
    [InlineData("123", "1=100 2=101 3=99", 100)]
    [InlineData("1 2", "", 0)]
    [InlineData("1 2", "1=100", 0)]
    [InlineData("1 2", "1=13 2=100", 13)]
    [InlineData("1 1", "", 0)]
    [InlineData("1 1", "1=100", 100)]
    [InlineData("13 2", "", 0)]
    [InlineData("13 2", "1=100", 0)]
    [InlineData("13 2", "1=100 2=50", 0)]
    [InlineData("13 2", "1=100 2=50 3=45", 45)]
    [InlineData("12 2", "", 0)]
    [InlineData("12 2", "1=100", 0)]
    [InlineData("12 2", "2=100", 0)]
    [InlineData("12 2", "1=50 2=100", 50)]
    [InlineData("12 2", "1=100 2=50", 50)]
    [InlineData("12 34", "1=50", 0)]
    [InlineData("12 34", "1=50 3=49", 0)]
    [InlineData("12 34", "1=50 2=48 3=49", 0)]
    [InlineData("12 34", "1=50 2=48 3=49 4=47", 47)]
    [InlineData("12 23", "", 0)]
    [InlineData("12 23", "1=100", 0)]
    [InlineData("12 23", "2=100", 0)]
    [InlineData("12 23", "2=100 3=99", 0)]
    [InlineData("12 23", "1=101 2=100 3=99", 99)]
    [InlineData("12 12", "", 0)]
    [InlineData("12 12", "2=40", 0)]
    [InlineData("12 12", "1=41 2=40", 40)]
    [InlineData("123 456", "", 0)]
    [InlineData("123 456", "1=100", 0)]
    [InlineData("123 456", "1=100 4=90", 0)]
    [InlineData("123 456", "1=100 2=99", 0)]
    [InlineData("123 456", "2=99 3=90 4=97 5=95", 90)]
    [InlineData("123 456", "1=92 2=99 3=90 4=97 5=95", 92)]
    [InlineData("123 456", "1=92 2=99 3=90 4=97 5=95 6=77", 92)]
    [InlineData("123 145", "", 0)]
    [InlineData("123 145", "1=100", 0)]
    [InlineData("123 145", "1=100 2=101", 0)]
    [InlineData("123 145", "1=100 2=101 3=100", 0)]
    [InlineData("123 145", "2=100 4=99 5=98", 0)]
    [InlineData("123 145", "2=100 3=99 4=99 5=98", 98)]
    [InlineData("123 145", "1=1 2=100 3=99 4=99 5=98", 98)]
    [InlineData("123 145", "1=100 2=100 3=99 4=99 5=98", 99)]
    [InlineData("123 234", "", 0)]
    [InlineData("123 234", "2=100 3=99", 99)]
    [InlineData("123 234", "1=98 2=100 3=99", 99)]
    [InlineData("123 234", "1=100 2=100 3=99", 99)]
    [InlineData("123 234", "1=100 2=100 3=99 4=98", 99)]
    [InlineData("123 234", "1=100 4=101", 0)]
    [InlineData("123 234", "1=100 2=99 4=101", 99)]
    [InlineData("123 123", "1=50 2=45", 45)]
    public void Committed_is_what_each_configuration_has_stored(string configurations, string stored, ulong expected) =>
        Assert.Equal(new SeqNo(expected), Quorum.StoredByEach(Read(configurations), ReadStored(stored)));

    // Voters of each configuration; who granted its vote; whether that is enough. Who refused and who is silent count
    // alike: for nothing.
    [Theory]
    [InlineData("1", "", false)]
    [InlineData("1", "1", true)]
    [InlineData("48", "", false)]
    [InlineData("48", "4", false)]
    [InlineData("48", "8", false)]
    [InlineData("48", "48", true)]
    [InlineData("247", "", false)]
    [InlineData("247", "2", false)]
    [InlineData("247", "24", true)]
    [InlineData("247", "4", false)]
    [InlineData("1234567", "124", false)]
    [InlineData("1234567", "236", false)]
    [InlineData("1234567", "1247", true)]
    [InlineData("1234567", "125", false)]
    [InlineData("1 1", "", false)]
    [InlineData("1 1", "1", true)]
    [InlineData("1 2", "", false)]
    [InlineData("1 2", "1", false)]
    [InlineData("1 2", "12", true)]
    [InlineData("1 2", "2", false)]
    [InlineData("12 34", "", false)]
    [InlineData("12 34", "1", false)]
    [InlineData("12 34", "12", false)]
    [InlineData("12 34", "123", false)]
    [InlineData("12 34", "1234", true)]
    [InlineData("12 23", "", false)]
    [InlineData("12 23", "12", false)]
    [InlineData("12 23", "123", true)]
    [InlineData("12 12", "", false)]
    [InlineData("12 12", "1", false)]
    [InlineData("123 234", "", false)]
    [InlineData("123 234", "23", true)]
    [InlineData("123 234", "12", false)]
    [InlineData("123 234", "124", true)]
    public void Elected_is_who_each_configuration_elects(string configurations, string granted, bool isElected) =>
        Assert.Equal(
            isElected,
            Quorum.IsElected(Read(configurations), granted.Select(digit => Id(digit - '0')).ToImmutableSortedSet()));

    private static Configuration[] Read(string configurations) =>
        [.. configurations.Split(' ').Select((voters, index) =>
            Voters((ulong)index + 1, [.. voters.Select(digit => digit - '0')]))];

    private static SortedDictionary<NodeId, SeqNo> ReadStored(string text)
    {
        SortedDictionary<NodeId, SeqNo> stored = [];
        foreach (string pair in text.Split(' ').Where(pair => pair.Length > 0))
        {
            string[] parts = pair.Split('=');
            stored.Add(Id(parts[0][0] - '0'), new SeqNo(ulong.Parse(parts[1], CultureInfo.InvariantCulture)));
        }

        return stored;
    }
}
