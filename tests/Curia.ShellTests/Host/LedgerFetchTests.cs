using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Host;
using Curia.Ledger;
using Curia.Node;
using Curia.Tests.Node;
using Curia.Vocabulary;

namespace Curia.ShellTests.Host;

/// <summary>The ledger of a network on its way to a node that joins: what is on disk is used again, the rest is
/// fetched, and nothing is removed before the network has answered.</summary>
public sealed class LedgerFetchTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("curia-fetch-");
    private readonly HostLog log = new(LogFormat.Text, LogSeverity.Error);
    private readonly TestShell shell = new();
    private int answered;

    public void Dispose()
    {
        shell.Dispose();
        log.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task An_empty_folder_is_filled()
    {
        Write(shell, 5);
        Served network = new(shell.Disk);
        (LedgerSurvey survey, IReadOnlyList<FinishedChunk> files) = await RunAsync(network);
        Assert.Null(survey.FindObstacle());
        Assert.Equal(1UL, network.Asked[0]);
        Assert.Equal(1, answered);
        FinishedChunk file = Assert.Single(files);
        Assert.Equal((new SeqNo(1), LastOf(shell.Disk)), (file.First, file.Last));
        Assert.Equal(Chunk(shell.Disk), Assert.Single(Contents()).Bytes);
        Assert.Equal(LedgerChunk.ClosedName(file.First, file.Last), Path.GetFileName(file.Path));
    }

    // A process that is started again on the folder: no block that is there comes over the network.
    [Fact]
    public async Task Of_a_ledger_that_is_there_in_part_only_the_rest_is_fetched()
    {
        Write(shell, 3);
        ReadOnlyMemory<byte>[] first = [.. shell.Disk];
        Put(first);
        Write(shell, 4);
        Served network = new(shell.Disk);
        (_, IReadOnlyList<FinishedChunk> files) = await RunAsync(network);
        ulong next = LastOf(first).Next.Value;

        // The last block that is there is compared, then the rest is asked for, up to where there is none.
        Assert.Equal([FirstOf(first[^1]), next, LastOf(shell.Disk).Next.Value], network.Asked);
        long rest = shell.Disk.Skip(first.Length).Sum(block => (long)block.Length);
        Assert.Equal(rest + first[^1].Length, network.BytesOf(0));
        Assert.Equal(rest, network.BytesOf(1));
        Assert.Equal(0, network.BytesOf(2));
        Assert.Equal([new SeqNo(1), new SeqNo(next)], files.Select(file => file.First));
        Assert.Equal(
            [Chunk(first), Chunk(shell.Disk[first.Length..])], Contents().Select(file => file.Bytes));
    }

    [Fact]
    public async Task Of_a_ledger_that_is_there_whole_nothing_is_fetched()
    {
        Write(shell, 3);
        Put(shell.Disk);
        string[] before = Seen();
        Served network = new(shell.Disk);
        (LedgerSurvey survey, IReadOnlyList<FinishedChunk> files) = await RunAsync(network);
        Assert.Null(survey.FindObstacle());
        Assert.Equal([FirstOf(shell.Disk[^1]), LastOf(shell.Disk).Next.Value], network.Asked);
        Assert.Equal(shell.Disk[^1].Length, network.BytesOf(0)); // what it is compared with
        Assert.Single(files);
        Assert.Equal(before, Seen());
    }

    // Chunks are closed as they fill, so a process that ends in between leaves what another one goes on with.
    [Fact]
    public async Task A_process_that_ends_while_it_fetches_leaves_what_the_next_one_goes_on_with()
    {
        for (int write = 0; write < 9; write++)
        {
            shell.Write($"{write}", new string('x', 1 << 20));
            shell.Sync();
        }

        Served interrupted = new(shell.Disk) { AnswersMax = 2 };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(interrupted));
        FinishedChunk[] there = [.. Contents().Select(file => Parse(file.Name))];
        FinishedChunk whole = Assert.Single(there);
        Assert.True(whole.Last < LastOf(shell.Disk));
        long wholeBytes = Contents()[0].Bytes.Length - LedgerChunk.HeaderSize;
        Assert.True(wholeBytes >= LedgerChunk.BytesToClose);

        Served network = new(shell.Disk);
        (_, IReadOnlyList<FinishedChunk> files) = await RunAsync(network);
        Assert.Equal(whole.Last.Next.Value, network.Asked[1]);
        Assert.All(network.Asked.Skip(1), asked => Assert.True(asked > whole.Last.Value));
        long all = shell.Disk.Sum(block => (long)block.Length);
        Assert.Equal(all - wholeBytes, Enumerable.Range(1, network.Asked.Count - 1).Sum(network.BytesOf));
        Assert.Equal(2, files.Count);
        Assert.Equal(Chunk(shell.Disk).Length, LedgerChunk.HeaderSize + files.Sum(
            file => new FileInfo(file.Path).Length - LedgerChunk.HeaderSize));
    }

    // A file without its final name may end in what nobody has committed, and may be all that is left of it.
    [Fact]
    public async Task What_has_not_its_final_name_stays_until_the_network_has_answered()
    {
        Write(shell, 3);
        string open = Path.Combine(folder.FullName, LedgerChunk.OpenName(new SeqNo(1)));
        File.WriteAllBytes(open, Chunk(shell.Disk));
        string[] before = Seen();
        Served network = new(shell.Disk)
        {
            Asking = () =>
            {
                if (answered == 0) Assert.Equal(before, Seen());
            },
        };
        await RunAsync(network, atAnswer: () => Assert.Equal(before, Seen()));
        Assert.Equal(1, answered);
        Assert.False(File.Exists(open));
        Assert.Equal(Chunk(shell.Disk), Assert.Single(Contents()).Bytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_is_removed_while_nobody_answers(bool cutsFork)
    {
        Write(shell, 2);
        Put(shell.Disk);
        SeqNo next = LastOf(shell.Disk).Next;
        File.WriteAllBytes(Path.Combine(folder.FullName, LedgerChunk.OpenName(next)), LedgerChunk.Header(next));
        string[] before = Seen();
        Served silent = new(shell.Disk) { AnswersMax = 0 };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(silent, cutsFork));
        Assert.Equal(before, Seen());
        Assert.Equal(0, answered);

        // Nor when it answers what is compared and then nothing more.
        Served brief = new(shell.Disk) { AnswersMax = 1 };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(brief, cutsFork: false));
        Assert.Equal(before, Seen());
        Assert.Equal(0, answered);
    }

    [Fact]
    public async Task Another_end_than_that_of_the_network_is_refused_and_stays()
    {
        Write(shell, 2);
        using TestShell fork = Fork();
        Put(fork.Disk);
        Write(shell, 2);
        string[] before = Seen();
        StartFailure refused = await Assert.ThrowsAsync<StartFailure>(() => RunAsync(new Served(shell.Disk)));
        Assert.Contains("is not part of the network's", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Seen());
        Assert.Equal(0, answered);
    }

    // After a cold restart others lead the network on from other disks.
    [Fact]
    public async Task What_did_not_commit_is_cut_once_the_network_has_answered_and_only_that()
    {
        Write(shell, 2);
        ReadOnlyMemory<byte>[] common = [.. shell.Disk];
        using TestShell fork = Fork();
        Write(shell, 2);
        string kept = Put(common);
        string cut = Put(fork.Disk[common.Length..]);
        string[] before = Seen();
        Served network = new(shell.Disk)
        {
            Asking = () =>
            {
                if (answered == 0) Assert.Equal(before, Seen());
            },
        };
        (_, IReadOnlyList<FinishedChunk> files) = await RunAsync(network, cutsFork: true, () =>
        {
            if (answered == 0) Assert.Equal(before, Seen());
        });
        Assert.True(File.Exists(kept));
        Assert.False(File.Exists(cut));
        Assert.Equal(LastOf(shell.Disk), files[^1].Last);
        Assert.Equal([Chunk(common), Chunk(shell.Disk[common.Length..])], Contents().Select(file => file.Bytes));
    }

    [Fact]
    public async Task Of_another_network_nothing_is_cut()
    {
        Write(shell, 2);
        using TestShell other = new();
        Write(other, 2);
        Put(other.Disk);
        string[] before = Seen();
        StartFailure refused =
            await Assert.ThrowsAsync<StartFailure>(() => RunAsync(new Served(shell.Disk), cutsFork: true));
        Assert.Contains("is not part of the network's", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Seen());
    }

    [Fact]
    public async Task What_is_no_block_or_not_the_next_one_is_refused()
    {
        Write(shell, 3);
        ReadOnlyMemory<byte>[][] wrong =
        [
            [new byte[100]],
            [shell.Disk[0][..^1]],
            [shell.Disk[1]],
            [shell.Disk[0], shell.Disk[0]],
            [shell.Disk[0], shell.Disk[2]],
        ];
        foreach (ReadOnlyMemory<byte>[] blocks in wrong)
        {
            ReadOnlyMemory<byte> sent = (byte[])[.. blocks.SelectMany(block => block.ToArray())];
            StartFailure refused = await Assert.ThrowsAsync<StartFailure>(
                () => RunAsync((_, _) => Task.FromResult(sent), cutsFork: false));
            Assert.Contains("is no block that begins there", refused.Message, StringComparison.Ordinal);
            Assert.Empty(Contents());
        }
    }

    // One node sends what is wrong: the next start asks again, and needs nobody's help.
    [Fact]
    public async Task What_was_fetched_and_is_wrong_stands_in_nobodys_way()
    {
        Write(shell, 2);
        ReadOnlyMemory<byte>[] first = [.. shell.Disk];
        Put(first);
        Write(shell, 3);
        ReadOnlyMemory<byte>[] wrong = [.. shell.Disk.Select(block => (ReadOnlyMemory<byte>)block.ToArray())];
        byte[] last = [.. wrong[^1].Span];
        last[^40] ^= 1;
        wrong[^1] = last;
        await Assert.ThrowsAsync<StartFailure>(() => RunAsync(new Served(wrong)));
        Assert.Equal([Chunk(first)], Contents().Select(file => file.Bytes)); // what was there before stays
        (LedgerSurvey survey, _) = await RunAsync(new Served(shell.Disk));
        Assert.Null(survey.FindObstacle());
    }

    [Fact]
    public async Task A_changed_byte_and_another_network_are_found_by_the_audit()
    {
        Write(shell, 2);
        byte[] changed = shell.Disk[1].ToArray();
        changed[changed.Length / 2] ^= 1;
        StartFailure refused = await Assert.ThrowsAsync<StartFailure>(
            () => RunAsync(new Served([shell.Disk[0], changed, .. shell.Disk[2..]])));
        Assert.Contains("is not that of the network", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Contents());
        using TestShell other = new();
        refused = await Assert.ThrowsAsync<StartFailure>(() => RunAsync(new Served(other.Disk)));
        Assert.Contains("is not that of the network", refused.Message, StringComparison.Ordinal);
    }

    // Whoever lies is asked no more, and the rest of the network is enough.
    [Fact]
    public async Task Another_node_is_asked_when_one_has_sent_something_else()
    {
        Write(shell, 4);
        byte[] changed = shell.Disk[2].ToArray();
        changed[^40] ^= 1;
        IReadOnlyList<ReadOnlyMemory<byte>>[] sources =
        [
            [shell.Disk[0], shell.Disk[1], changed, .. shell.Disk.Skip(3)], // a signature is wrong
            [shell.Disk[0], shell.Disk[2]], // one is left out
            shell.Disk,
        ];
        int asked = 0;
        (LedgerSurvey survey, IReadOnlyList<FinishedChunk> files) = await RunAsync(
            (from, cancel) => new Served(sources[asked]).FetchAsync(from, cancel), cutsFork: false,
            avoid: () => ++asked < sources.Length);
        Assert.Equal(2, asked);
        Assert.Null(survey.FindObstacle());
        Assert.Equal(LastOf(shell.Disk), files[^1].Last);
        Assert.Equal(Chunk(shell.Disk), Assert.Single(Contents()).Bytes);
    }

    [Fact]
    public async Task Nobody_else_is_asked_about_what_is_wrong_on_the_own_disk()
    {
        Write(shell, 2);
        using TestShell fork = Fork();
        Put(fork.Disk);
        await Assert.ThrowsAsync<StartFailure>(() => RunAsync(
            new Served(shell.Disk).FetchAsync, cutsFork: false, avoid: () => throw new InvalidOperationException()));
    }

    private static void Write(TestShell to, int writes)
    {
        for (int write = 0; write < writes; write++)
        {
            to.Write($"{write}", "1");
            to.Sync();
        }
    }

    // Another process went on from the same disk.
    private TestShell Fork()
    {
        TestShell fork = shell.Restart();
        Write(fork, 3);
        return fork;
    }

    private Task<(LedgerSurvey Survey, IReadOnlyList<FinishedChunk> Files)> RunAsync(
        Served network, bool cutsFork = false, Action? atAnswer = null) =>
        RunAsync(network.FetchAsync, cutsFork, atAnswer);

    private Task<(LedgerSurvey Survey, IReadOnlyList<FinishedChunk> Files)> RunAsync(
        LedgerFetch.Source source, bool cutsFork, Action? atAnswer = null, LedgerFetch.Avoid? avoid = null) =>
        LedgerFetch.RunAsync(
            folder.FullName, shell.Node.View.Genesis, source, avoid ?? (() => false), cutsFork, () =>
            {
                atAnswer?.Invoke();
                answered++;
            }, log, CancellationToken.None);

    private string Put(IReadOnlyList<ReadOnlyMemory<byte>> blocks)
    {
        SeqNo first = new(FirstOf(blocks[0]));
        string path = Path.Combine(folder.FullName, LedgerChunk.ClosedName(first, LastOf(blocks)));
        File.WriteAllBytes(path, Chunk(blocks));
        return path;
    }

    private (string Name, byte[] Bytes)[] Contents() =>
    [
        .. LedgerChunk.InOrder(folder.EnumerateFiles().Select(file => file.Name))
            .Select(name => (name, File.ReadAllBytes(Path.Combine(folder.FullName, name)))),
    ];

    private string[] Seen() => [.. Contents().Select(file => $"{file.Name} {Digest.Of(file.Bytes)}")];

    private static FinishedChunk Parse(string name)
    {
        Assert.True(LedgerChunk.TryParseName(name, out LedgerChunkName parsed));
        return new FinishedChunk(parsed.First, parsed.Last!.Value, name);
    }

    private static byte[] Chunk(IReadOnlyList<ReadOnlyMemory<byte>> blocks) =>
    [
        .. LedgerChunk.Header(new SeqNo(FirstOf(blocks[0]))), .. blocks.SelectMany(block => block.ToArray()),
    ];

    private static ulong FirstOf(ReadOnlyMemory<byte> block) => HeaderOf(block).First.Value;

    private static SeqNo LastOf(IReadOnlyList<ReadOnlyMemory<byte>> blocks) => HeaderOf(blocks[^1]).Last;

    private static BlockHeader HeaderOf(ReadOnlyMemory<byte> block)
    {
        Assert.True(BlockHeader.TryDecode(block.Span, out BlockHeader header, out _));
        return header;
    }

    // Answers as a node does: whole blocks from the one that holds a seqno on, nothing beyond its end.
    private sealed class Served(IReadOnlyList<ReadOnlyMemory<byte>> blocks)
    {
        private const int BytesAtOnce = 4 << 20;

        private readonly List<long> served = [];

        public List<ulong> Asked { get; } = [];

        public Action Asking { get; init; } = () => { };

        // Then it is as if the process were asked to end.
        public int AnswersMax { get; init; } = int.MaxValue;

        public long BytesOf(int answer) => served[answer];

        public Task<ReadOnlyMemory<byte>> FetchAsync(SeqNo from, CancellationToken cancel)
        {
            Asking();
            if (Asked.Count == AnswersMax) throw new OperationCanceledException();
            Asked.Add(from.Value);
            List<byte> answer = [];
            foreach (ReadOnlyMemory<byte> block in blocks)
            {
                bool isWanted = HeaderOf(block).Last >= from && (answer.Count == 0 || answer.Count < BytesAtOnce);
                if (isWanted) answer.AddRange(block.Span);
            }

            served.Add(answer.Count);
            return Task.FromResult<ReadOnlyMemory<byte>>(answer.ToArray());
        }
    }
}
