using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Host.Peers;

/// <summary>The nodes of a network as a source of its newest snapshot: whichever has one. What they send is not
/// believed here.</summary>
internal sealed class SnapshotSource(NodePeers peers, HostLog log)
{
    private const int HeaderBytes = 2 * sizeof(ulong);
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(10);

    /// <summary>Fetches a snapshot that the ledger records, from one node after the other.</summary>
    /// <returns>What each one that gives one has sent.</returns>
    public async IAsyncEnumerable<(NodeId Node, ReadOnlyMemory<byte> File)> FetchAsync(
        IReadOnlyList<RecordedSnapshot> recorded)
    {
        foreach (NodeId node in peers.Others())
        {
            ReadOnlyMemory<byte> file = await FetchAsync(node, recorded).ConfigureAwait(false);
            if (file.IsEmpty) continue;
            log.Info($"Node {node} sent a snapshot of {file.Length >> 10} KiB.");
            yield return (node, file);
        }
    }

    /// <summary>A node has sent something else than the snapshot that the ledger records.</summary>
    public void Refuse(NodeId node, string problem) =>
        peers.Refuse(node, new MessageProblem(MessageProblem.BadSnapshot, problem));

    /// <summary>What a node answers: a part of its newest snapshot, or of one that it named before.</summary>
    /// <param name="snapshots">The own files.</param>
    /// <param name="question">Seqno of the snapshot or 0, and where the part begins; 8 bytes each.</param>
    /// <param name="bytesMax">The size of a part.</param>
    /// <returns>Seqno, size of the file, and the part; nothing when there is no such snapshot.</returns>
    /// <exception cref="ArgumentException">The question is malformed.</exception>
    public static ReadOnlyMemory<byte> Answer(SnapshotFiles snapshots, ReadOnlySpan<byte> question, int bytesMax)
    {
        if (question.Length != HeaderBytes) throw new ArgumentException("a snapshot is named by 16 bytes");
        SeqNo seqNo = new(BinaryPrimitives.ReadUInt64BigEndian(question));
        ulong offset = BinaryPrimitives.ReadUInt64BigEndian(question[sizeof(ulong)..]);
        if (snapshots.ReadPart(seqNo, offset, bytesMax) is not { } part) return default;
        byte[] answer = new byte[HeaderBytes + part.Bytes.Length];
        BinaryPrimitives.WriteUInt64BigEndian(answer, part.SeqNo.Value);
        BinaryPrimitives.WriteUInt64BigEndian(answer.AsSpan(sizeof(ulong)), (ulong)part.Length);
        part.Bytes.CopyTo(answer, HeaderBytes);
        return answer;
    }

    private async Task<ReadOnlyMemory<byte>> FetchAsync(NodeId node, IReadOnlyList<RecordedSnapshot> recorded)
    {
        using MemoryStream file = new();
        byte[] question = new byte[HeaderBytes];
        while (true)
        {
            PeerReply reply = await peers.Network
                .CallAsync(node, PeerCalls.Snapshot, question, patience, CancellationToken.None).ConfigureAwait(false);
            if (reply is not PeerReply.Answered { Body: { Length: > HeaderBytes } answer }) return default;
            SeqNo seqNo = new(BinaryPrimitives.ReadUInt64BigEndian(answer.Span));
            ulong length = BinaryPrimitives.ReadUInt64BigEndian(answer.Span[sizeof(ulong)..]);
            ReadOnlyMemory<byte> part = answer[HeaderBytes..];
            if (file.Length == 0 && recorded.All(one => one.SeqNo != seqNo)) return default;
            if (length > (ulong)Array.MaxLength || (ulong)(file.Length + part.Length) > length) return default;
            file.Write(part.Span);
            if ((ulong)file.Length == length) return file.ToArray();
            BinaryPrimitives.WriteUInt64BigEndian(question, seqNo.Value);
            BinaryPrimitives.WriteUInt64BigEndian(question.AsSpan(sizeof(ulong)), (ulong)file.Length);
        }
    }
}
