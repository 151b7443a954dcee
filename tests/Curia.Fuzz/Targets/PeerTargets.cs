using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Ledger;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Vocabulary;
using Logging;

namespace Curia.Fuzz.Targets;

/// <summary>What a node hears from others and from members: messages between nodes, and signed requests.</summary>
internal static class PeerTargets
{
    // A node that has only just begun its own ledger: nobody else can have signed anything for it.
    private static readonly CuriaNode node = Begin();
    private static readonly EcdsaSigner signer = EcdsaSigner.Generate(new SystemEntropy());

    public static IEnumerable<FuzzTarget> All =>
    [
        new("peer", ["PeerCodec.TryDecode", "CuriaNode.TryRead"], TryPeer),
        new("member", ["MemberMessage.TryDecode"], TryMember),
        new("claim", ["RestartClaim.TryDecode"], TryClaim),
    ];

    private static void TryPeer(ReadOnlyMemory<byte> input)
    {
        bool decoded = PeerCodec.TryDecode(input, out PeerMessage? message, out string reason);
        Must.Hold(decoded == (reason.Length == 0) && decoded == message is not null,
            "a message has a reason when it is refused and none otherwise");
        bool read = node.TryRead(input, out PeerMessage? verified, out MessageProblem? problem);
        Must.Hold(read == (problem is null) && read == verified is not null,
            "a node has a reason when it refuses a message and none otherwise");
        Must.Hold(decoded || !read, "a node reads no more than the codec does");
        switch (message)
        {
            case PeerMessage.Consensus consensus:
                CheckConsensus(consensus, input);
                Must.Hold(!read || consensus.Blocks.All(block => EpochBlock.TryRead(block.Block, out _)),
                    "only an epoch, which names its own signer, passes before the node knows who endorsed it");
                Must.Hold(read || consensus.Blocks.Count > 0, "what has no blocks has nothing to verify");
                break;
            case PeerMessage.SignedAppended signed:
                Must.BeSame(
                    PeerCodec.Encode(signed.Message, signed.NodeKey.Span, signed.Signatures), input.Span,
                    "signed acknowledgement");
                break;
            case PeerMessage.AskForSecrets:
                Must.BeSame(PeerCodec.AskForSecrets(), input.Span, "question for secrets");
                break;
            case PeerMessage.CanOpen:
                Must.BeSame(PeerCodec.CanOpen(), input.Span, "word that the ledger can be opened");
                break;
            case PeerMessage.GiveSecrets given:
                using (given.Secrets)
                {
                    using SecretBytes exported = given.Secrets.Export();
                    Must.BeSame(PeerCodec.GiveSecrets(exported.Reveal()), input.Span, "secrets");
                }

                (verified as PeerMessage.GiveSecrets)?.Secrets.Dispose();
                break;
        }
    }

    private static void CheckConsensus(PeerMessage.Consensus consensus, ReadOnlyMemory<byte> input)
    {
        using MemoryStream written = new();
        ReplicaMessage message = consensus.Message is ReplicaMessage.Append append
            ? append with { Blocks = [.. consensus.Blocks.Select(received => InfoOf(received))] }
            : consensus.Message;
        written.Write(PeerCodec.Encode(message));
        foreach (ReceivedBlock received in consensus.Blocks)
        {
            written.Write(received.Block.Bytes.Span);
            Must.Hold(received.Digest == Digest.Of(received.Block.Bytes.Span), "the digest of a block is its own");
            Must.Hold(received.After.IsWellFormed && received.After.Size == received.Block.Last.Value + 1,
                "the tree after a block has a leaf for each seqno and leaf 0");
        }

        Must.BeSame(written.ToArray(), input.Span, "message of consensus");
        Must.Hold(message is ReplicaMessage.Append || consensus.Blocks.Count == 0, "only an append has blocks");
    }

    private static BlockInfo InfoOf(ReceivedBlock received) =>
        new(received.Block.View, received.Block.First, received.Block.Last, received.Digest, Configuration: null);

    private static void TryClaim(ReadOnlyMemory<byte> input)
    {
        bool decoded = RestartClaim.TryDecode(
            input.Span, out RestartClaim? claim, out ReadOnlySpan<byte> text, out ReadOnlySpan<byte> signature);
        Must.Hold(decoded == claim is not null, "a claim is there when it was read");
        if (claim is null) return;
        Must.Hold(text.Length + signature.Length + sizeof(int) == input.Length, "a claim has no other bytes");
        Must.Hold(Formation.Of([claim]) is not { } alone || alone.View > claim.Last.View, "an epoch has a new view");
    }

    private static void TryMember(ReadOnlyMemory<byte> input)
    {
        bool decoded = MemberMessage.TryDecode(input, out MemberMessage? message);
        Must.Hold(decoded == message is not null, "a message is there when it was read");
        if (!decoded) return;
        Must.Hold(CoseSign1.TryDecode(input, out CoseSign1? cose), "a member's message is a COSE_Sign1");
        Must.BeSame(message!.Encoded.Span, input.Span, "message of a member");
        Must.BeSame(message.Payload.Span, cose!.Payload!.Value.Span, "payload");
        Must.Hold(!message.IsSignedBy(Reference.ServiceCertificate), "the key of the reference ledger is no member's");
        byte[] written = MemberMessage.Sign(
            signer, message.Member, message.Type, message.CreatedAt, message.Payload.Span);
        Must.Hold(MemberMessage.TryDecode(written, out MemberMessage? again), "a message that was signed is read");
        Must.Hold(again.Member == message.Member && again.Type == message.Type
            && again.CreatedAt == message.CreatedAt && again.Payload.Span.SequenceEqual(message.Payload.Span),
            "what is signed again says the same");
    }

    private static CuriaNode Begin()
    {
        CuriaNode begun = new(new NodeSetup
        {
            NodeKey = EcdsaSigner.Generate(new SystemEntropy()),
            Entropy = new SystemEntropy(),
            NewSigner = source => EcdsaSigner.Generate(source),
            Application = LoggingApp.Endpoints,
            Genesis = new GenesisSettings { Name = "fuzz", Members = [], Users = [] },
            SubjectAlternativeNames = [],
            PublishedAddresses = [],
        });
        begun.Step(new Input.Start(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero)));
        return begun;
    }
}
