using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Endpoints;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>A real node, some of whose promises are broken on the way out.</summary>
internal abstract class NodeMutant(NodeUnderTest node) : NodeUnderTest
{
    public override NodeView View => node.View;

    public override Execution Execute(Request request) => node.Execute(request);

    public override IReadOnlyList<Effect> Step(Input input) => [.. node.Step(input).SelectMany(Change)];

    public override void Dispose() => node.Dispose();

    protected virtual IEnumerable<Effect> Change(Effect effect) => [effect];
}

internal sealed class CommitsAtOnce(NodeUnderTest node) : NodeMutant(node)
{
    private readonly NodeUnderTest node = node;

    protected override IEnumerable<Effect> Change(Effect effect) =>
        effect is Effect.StoreBlock store
            ? [effect, .. node.Step(new Input.Stored(store.Number)).SelectMany(Change)]
            : [effect];
}

internal sealed class HidesFailure(NodeUnderTest node) : NodeMutant(node)
{
    private ulong asked;

    public override IReadOnlyList<Effect> Step(Input input) =>
        base.Step(input is Input.StoreFailed ? new Input.Stored(asked) : input);

    protected override IEnumerable<Effect> Change(Effect effect)
    {
        if (effect is Effect.StoreBlock store) asked = store.Number;
        return [effect];
    }
}

internal sealed class AnswersEarly(NodeUnderTest node) : NodeMutant(node)
{
    private bool waits;

    public override IReadOnlyList<Effect> Step(Input input)
    {
        waits = input is Input.Submit { WaitForCommit: true };
        return base.Step(input);
    }

    protected override IEnumerable<Effect> Change(Effect effect) =>
        waits && effect is Effect.Reply { Answer: Answer.Ordered ordered } reply
            ? [effect, reply with { Answer = new Answer.Finished(ordered.TxId, TransactionStatus.Committed) }]
            : [effect];
}

internal sealed class CallsPendingCommitted(NodeUnderTest node) : NodeMutant(node)
{
    public override Execution Execute(Request request)
    {
        Execution execution = base.Execute(request);
        if (request.Path != "/app/tx" || execution is not Execution.Answered answered) return execution;
        string body = Encoding.UTF8.GetString(answered.Response.Body.Span);
        body = body.Replace("Pending", "Committed", StringComparison.Ordinal);
        return answered with { Response = Response.Bytes(Encoding.UTF8.GetBytes(body), Response.JsonContentType) };
    }
}

internal sealed class GoesBack(NodeUnderTest node) : NodeMutant(node)
{
    public override NodeView View =>
        base.View.Committed.SeqNo.Value % 7 == 0 ? base.View with { Committed = TxId.Zero } : base.View;
}

internal sealed class SealsTwice(NodeUnderTest node) : NodeMutant(node)
{
    protected override IEnumerable<Effect> Change(Effect effect) =>
        effect is Effect.StoreBlock { First.Value: > 20 } ? [effect, effect] : [effect];
}

internal sealed class Leaks(NodeUnderTest node) : NodeMutant(node)
{
    private byte[] body = [];

    public override Execution Execute(Request request)
    {
        if (!request.Body.IsEmpty) body = request.Body.ToArray();
        return base.Execute(request);
    }

    protected override IEnumerable<Effect> Change(Effect effect) =>
        effect is Effect.StoreBlock store
            ? [store with { Bytes = (byte[])[.. store.Bytes.Span, .. body] }]
            : [effect];
}

/// <summary>Changes one bit of a block behind the node's back.</summary>
internal sealed class ChangesBlock(NodeUnderTest node, Func<Block, int> at) : NodeMutant(node)
{
    protected override IEnumerable<Effect> Change(Effect effect)
    {
        if (effect is not Effect.StoreBlock { First.Value: > 20 } store) return [effect];
        if (!Block.TryDecode(store.Bytes, out Block? block)) return [effect];
        byte[] changed = store.Bytes.ToArray();
        changed[at(block!)] ^= 1;
        return [store with { Bytes = changed }];
    }

    public static int LastByteOfFirstEntry(Block block) => Block.HeaderSize + block.Entries[0].Bytes.Length - 1;

    public static int WithinServiceSignature(Block block) =>
        block.Bytes.Span.IndexOf(block.Signature.Cose.Signature.Span) + 8;

    public static int WithinNodeSignature(Block block) =>
        block.Bytes.Span.IndexOf(block.Signature.NodeSignature.Span) + 8;
}

internal sealed class ChangesAnswer(NodeUnderTest node, string path) : NodeMutant(node)
{
    public override Execution Execute(Request request)
    {
        Execution execution = base.Execute(request);
        if (request.Path != path || execution is not Execution.Answered { Response.Status: 200 } answered)
        {
            return execution;
        }

        byte[] changed = answered.Response.Body.ToArray();
        if (changed.Length == 0) return execution;
        changed[changed.Length / 2] ^= 1;
        return answered with { Response = Response.Bytes(changed, "application/octet-stream") };
    }
}

internal sealed class ChangesSnapshot(NodeUnderTest node) : NodeMutant(node)
{
    protected override IEnumerable<Effect> Change(Effect effect)
    {
        if (effect is not Effect.FinishSnapshot finish) return [effect];
        byte[] changed = finish.ReceiptFrame.ToArray();
        changed[changed.Length / 2] ^= 1;
        return [finish with { ReceiptFrame = changed }];
    }
}

internal sealed class NeverFinishes(NodeUnderTest node) : NodeMutant(node)
{
    protected override IEnumerable<Effect> Change(Effect effect) =>
        effect is Effect.Reply { Answer: Answer.Finished { TxId.SeqNo.Value: > 20 } } ? [] : [effect];
}
