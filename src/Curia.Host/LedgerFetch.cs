using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>The ledger of a network that this node joins: what an earlier process left is verified and used again, the
/// rest is fetched from other nodes, verified, and written as it comes.</summary>
/// <remarks>Nothing of it is opened, and nobody's word is taken for it: the audit begins with the network's
/// name.</remarks>
internal sealed class LedgerFetch
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(2);

    // Between two requests the node rests as long as it worked: whoever else needs the machine, or the node that
    // answers, has more of it. Less than this is not worth a timer.
    private static readonly TimeSpan LeastRest = TimeSpan.FromMilliseconds(15);

    private readonly string folder;
    private readonly HostLog log;
    private readonly LedgerSurvey survey;
    private readonly List<FinishedChunk> finished = [];
    private readonly List<string> leftovers = [];
    private readonly List<string> fetched = [];
    private readonly List<ReadOnlyMemory<byte>> blocks = [];
    private SeqNo chunkFirst = new(1);
    private SeqNo last;
    private ReadOnlyMemory<byte> lastBlock;
    private long chunkBytes;
    private long bytesFetched;

    private LedgerFetch(string folder, Digest network, HostLog log)
    {
        this.folder = folder;
        this.log = log;
        survey = new LedgerSurvey(new AuditOptions { Genesis = network });
    }

    /// <summary>Asks another node for blocks.</summary>
    /// <param name="from">The seqno that the first of them begins with.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>Committed blocks back to back; nothing when there is none so far.</returns>
    public delegate Task<ReadOnlyMemory<byte>> Source(SeqNo from, CancellationToken cancel);

    /// <summary>Turns away from the nodes that have answered so far.</summary>
    /// <returns>False when nobody else is left to ask.</returns>
    public delegate bool Avoid();

    /// <summary>Brings the ledger up to what the others have committed. Whoever sends something else is asked no more,
    /// as long as there is somebody else.</summary>
    /// <param name="folder">The ledger folder; it exists.</param>
    /// <param name="network">The name of the network.</param>
    /// <param name="source">Another node.</param>
    /// <param name="avoid">Has it be yet another one.</param>
    /// <param name="cutsFork">Whether files that end otherwise than the ledger of the network are removed.</param>
    /// <param name="answered">Called when the network has answered, before other files are removed.</param>
    /// <param name="log">Takes progress.</param>
    /// <param name="cancel">The process is asked to end.</param>
    /// <returns>The verified ledger, and its files.</returns>
    /// <exception cref="StartFailure">What is on disk, or what was sent, is not the ledger of the network.</exception>
    public static async Task<(LedgerSurvey Survey, IReadOnlyList<FinishedChunk> Files)> RunAsync(
        string folder, Digest network, Source source, Avoid avoid, bool cutsFork, Action answered, HostLog log,
        CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return await RunOnceAsync(folder, network, source, cutsFork, answered, log, cancel)
                    .ConfigureAwait(false);
            }
            catch (StartFailure failure) when (failure.IsOfOthers && avoid())
            {
                log.Warning($"{failure.Message} Another node is asked.");
            }
        }
    }

    private static async Task<(LedgerSurvey Survey, IReadOnlyList<FinishedChunk> Files)> RunOnceAsync(
        string folder, Digest network, Source source, bool cutsFork, Action answered, HostLog log,
        CancellationToken cancel)
    {
        LedgerFetch fetch = new(folder, network, log);
        try
        {
            if (cutsFork) await CutForkAsync(folder, source, answered, log, cancel).ConfigureAwait(false);
            fetch.UseFiles();
            await fetch.CompareAsync(source, cancel).ConfigureAwait(false);
            await fetch.FetchAsync(source, answered, cancel).ConfigureAwait(false);
            DurableFiles.FlushFolder(folder);
            fetch.RequireRight(network);
            return (fetch.survey, fetch.finished);
        }
        catch (StartFailure failure) when (failure.IsOfOthers)
        {
            // What one node has sent wrongly is not to stand in the way of what another one sends next.
            fetch.RemoveFetched();
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"The ledger in {folder} cannot be written", e.Message.TrimEnd('.'),
                "Look at the disk, make room, or correct permissions");
        }
    }

    private void RequireRight(Digest network)
    {
        AuditReport report = survey.Finish();
        string? obstacle = report.Ok ? survey.FindObstacle() : report.Problems[0].Reason;
        if (obstacle is null) return;
        throw new StartFailure($"The ledger in {folder} is not that of the network {network}", obstacle,
            "What was fetched is removed again: start it once more, empty the folder to fetch all of it anew, or "
            + "correct join.network in the configuration")
        {
            IsOfOthers = fetched.Count > 0,
        };
    }

    // What has its final name is committed to its end. Of the rest nobody knows, and it is quickly fetched.
    private void UseFiles()
    {
        foreach (string name in LedgerChunk.InOrder(Directory.EnumerateFiles(folder).Select(Path.GetFileName)!))
        {
            string path = Path.Combine(folder, name);
            bool isNext = LedgerChunk.TryParseName(name, out LedgerChunkName parsed) && !parsed.IsOpen
                && parsed.First == last.Next && new FileInfo(path).Length <= BlockWalk.ChunkBytesMax;
            if (!isNext)
            {
                leftovers.Add(path);
                continue;
            }

            ReadOnlyMemory<byte> bytes = File.ReadAllBytes(path);
            survey.AddChunk(name, bytes);
            lastBlock = LastBlockOf(bytes);
            last = parsed.Last!.Value;
            finished.Add(new FinishedChunk(parsed.First, last, path));
        }

        chunkFirst = last.Next;
        if (last != SeqNo.Zero) log.Info($"The ledger on disk is used again up to seqno {last}.");
    }

    // Not before the network has answered: until then they may be all that is left of it.
    private void RemoveLeftovers()
    {
        foreach (string path in leftovers) File.Delete(path);
        if (leftovers.Count > 0) DurableFiles.FlushFolder(folder);
        leftovers.Clear();
    }

    private void RemoveFetched()
    {
        try
        {
            foreach (string path in fetched) File.Delete(path);
            if (fetched.Count > 0) DurableFiles.FlushFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Warning($"What was fetched into {folder} cannot be removed: {e.Message}");
        }
    }

    // Every byte on disk may be valid and of a fork: the others say what stands in the network at its end.
    private async Task CompareAsync(Source source, CancellationToken cancel)
    {
        if (last == SeqNo.Zero) return;
        if (await StandsThereAsync(lastBlock, source, cancel).ConfigureAwait(false)) return;
        throw new StartFailure($"The ledger in {folder} is not part of the network's",
            $"the block that ends with seqno {last} is another one there, or is not committed",
            "Empty the folder to fetch all of it anew");
    }

    // The network goes on from other disks, whose last blocks are not these: none of these is committed.
    private static async Task CutForkAsync(
        string folder, Source source, Action answered, HostLog log, CancellationToken cancel)
    {
        List<string> forked = [];
        IEnumerable<string> names = Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path));
        string[] files = [.. LedgerChunk.InOrder(names).Reverse()];
        foreach (string name in files)
        {
            byte[] chunk = File.ReadAllBytes(Path.Combine(folder, name));
            if (await StandsThereAsync(LastBlockOf(chunk), source, cancel).ConfigureAwait(false)) break;
            forked.Add(name);
            bool isWhole = name != files[^1]
                || await StandsThereAsync(FirstBlockOf(chunk), source, cancel).ConfigureAwait(false);
            if (!isWhole) return; // of another network, as it looks: that is found out, and nothing is removed
        }

        if (forked.Count > 0) answered();
        foreach (string name in forked)
        {
            log.Warning($"{name} ends otherwise than the ledger of the network, in what did not commit: it is removed "
                + "and fetched again.");
            File.Delete(Path.Combine(folder, name));
        }
    }

    private static ReadOnlyMemory<byte> FirstBlockOf(ReadOnlyMemory<byte> chunk)
    {
        if (chunk.Length <= LedgerChunk.HeaderSize) return default;
        ReadOnlyMemory<byte> rest = chunk[LedgerChunk.HeaderSize..];
        return Block.TryTake(ref rest, out ReadOnlyMemory<byte> first) ? first : default;
    }

    private static ReadOnlyMemory<byte> LastBlockOf(ReadOnlyMemory<byte> chunk) =>
        chunk.Length > LedgerChunk.HeaderSize ? BlockWalk.Last(chunk[LedgerChunk.HeaderSize..]) : default;

    // Whether the network has the same block in its place.
    private static async Task<bool> StandsThereAsync(
        ReadOnlyMemory<byte> block, Source source, CancellationToken cancel)
    {
        if (!BlockHeader.TryDecode(block.Span, out BlockHeader header, out _)) return false;
        ReadOnlyMemory<byte> theirs = await source(header.First, cancel).ConfigureAwait(false);
        return theirs.Span.StartsWith(block.Span);
    }

    private async Task FetchAsync(Source source, Action answered, CancellationToken cancel)
    {
        ReadOnlyMemory<byte> some = await source(last.Next, cancel).ConfigureAwait(false);
        answered();
        RemoveLeftovers();
        for (long said = Stopwatch.GetTimestamp(); ; some = await source(last.Next, cancel).ConfigureAwait(false))
        {
            if (some.IsEmpty) break;
            bytesFetched += some.Length;
            long began = Stopwatch.GetTimestamp();
            Take(some);
            if (chunkBytes >= LedgerChunk.BytesToClose) CloseChunk();
            TimeSpan worked = Stopwatch.GetElapsedTime(began);
            if (worked >= LeastRest) await Task.Delay(worked, cancel).ConfigureAwait(false);
            if (Stopwatch.GetElapsedTime(said) < ProgressInterval) continue;
            said = Stopwatch.GetTimestamp();
            log.Info($"Fetching the ledger: {last} transactions, {bytesFetched >> 20} MiB.");
        }

        if (blocks.Count > 0) CloseChunk();
        log.Info($"The ledger was fetched up to seqno {last}: {bytesFetched >> 10} KiB came from other nodes.");
    }

    private void Take(ReadOnlyMemory<byte> some)
    {
        while (!some.IsEmpty)
        {
            if (!Block.TryTake(ref some, out ReadOnlyMemory<byte> block)
                || !BlockHeader.TryDecode(block.Span, out BlockHeader header, out _) || header.First != last.Next)
            {
                throw new StartFailure("The ledger cannot be fetched",
                    $"what another node sent for seqno {last.Next} is no block that begins there",
                    "Look at the log of that node, or name another one in join.nodes")
                {
                    IsOfOthers = true,
                };
            }

            blocks.Add(block);
            chunkBytes += block.Length;
            last = header.Last;
        }
    }

    private void CloseChunk()
    {
        byte[] bytes = new byte[LedgerChunk.HeaderSize + chunkBytes];
        LedgerChunk.Header(chunkFirst).CopyTo(bytes, 0);
        int offset = LedgerChunk.HeaderSize;
        foreach (ReadOnlyMemory<byte> block in blocks)
        {
            block.CopyTo(bytes.AsMemory(offset));
            offset += block.Length;
        }

        string name = LedgerChunk.ClosedName(chunkFirst, last);
        survey.AddChunk(name, bytes);
        string path = Path.Combine(folder, name);
        DurableFiles.Replace(path, bytes); // under its name it is whole
        fetched.Add(path);
        finished.Add(new FinishedChunk(chunkFirst, last, path));
        blocks.Clear();
        chunkBytes = 0;
        chunkFirst = last.Next;
    }
}
