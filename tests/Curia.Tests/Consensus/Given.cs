using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Tests.Consensus;

/// <summary>Short words for what tests of consensus begin with. Nodes are numbers; number 1 is the one that is
/// looked at.</summary>
internal static class Given
{
    /// <summary>Ticks until the time is up in these tests: chance is taken out.</summary>
    public const int Timeout = 10;

    public static readonly ReplicaOptions Options =
        new() { ElectionTimeoutTicks = Timeout, ElectionSpreadTicks = 1, PreVote = false };

    public static readonly ReplicaOptions WithPreVote = Options with { PreVote = true };

    public static NodeId Id(int number) => QuorumTests.Id(number);

    public static View View(ulong number) => new(number);

    public static TxId At(ulong view, ulong seqNo) => new(new View(view), new SeqNo(seqNo));

    /// <summary>A block; two of one view and place are the same.</summary>
    public static BlockInfo Block(ulong view, ulong first, ulong last, Configuration? made = null) =>
        new(new View(view), new SeqNo(first), new SeqNo(last), DigestOf(view, last), made);

    /// <summary>Blocks of one transaction each from seqno 1 on, in these views.</summary>
    public static BlockInfo[] Log(params ulong[] views) =>
        [.. views.Select((view, index) => Block(view, (ulong)index + 1, (ulong)index + 1))];

    public static Configuration Voters(ulong from, params int[] voters) =>
        new(new SeqNo(from), voters.Select(Id).ToImmutableSortedSet());

    public static Configuration With(this Configuration configuration, params int[] learners) =>
        configuration with { Learners = learners.Select(Id).ToImmutableSortedSet() };

    /// <summary>Voters 1 to so many.</summary>
    public static Configuration First(int voters) => Voters(1, [.. Enumerable.Range(1, voters)]);

    public static ReplicaMessage.Append Append(ulong view, TxId previous, params BlockInfo[] blocks) =>
        new(new View(view), previous, [.. blocks], TxId.Zero, 0);

    public static ReplicaMessage.Appended Appended(ulong view, TxId matched, ulong round = 0) =>
        new(new View(view), matched, round);

    public static ReplicaMessage.VoteRequest VoteRequest(ulong view, TxId last, bool isPreVote = false) =>
        new(new View(view), isPreVote, last);

    public static ReplicaMessage.Vote Vote(ulong view, bool isGranted = true, bool isPreVote = false) =>
        new(new View(view), isPreVote, isGranted);

    private static Digest DigestOf(ulong view, ulong last) =>
        Digest.Of(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{view}.{last}")));
}
