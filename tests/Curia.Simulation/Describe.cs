using System;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Lines of the trace: short, and with a digest of every byte that leaves the node.</summary>
internal static class Describe
{
    public static string Of(Input input) => input switch
    {
        Input.Submit submit => $"> submit {submit.Ticket}{(submit.WaitForCommit ? ", waits for commit" : "")}",
        Input.Confirm confirm => $"> confirm {confirm.Ticket}, read at {confirm.Read.TxId}",
        Input.Tick tick => $"> tick {tick.Now:u}",
        Input.BlockRead { Block: { } block } read => $"> block read {read.SeqNo}: {Short(block.Span)}",
        Input.Stored stored => $"> stored {stored.Number}",
        _ => $"> {input}",
    };

    public static string Of(Effect effect) => effect switch
    {
        Effect.StoreBlock store => $"  < store {store.First} to {store.Last}: {Short(store.Bytes.Span)}",
        Effect.StoreSecrets secrets => $"  < store secrets {secrets.FileName}: {Short(secrets.Bytes.Span)}",
        Effect.Open open => $"  < open {Short(open.ServiceCertificate.Span)}",
        Effect.FinishSnapshot finish => $"  < finish snapshot {finish.SeqNo} with {Short(finish.ReceiptFrame.Span)}",
        Effect.MakeSnapshot => "  < make snapshot",
        _ => $"  < {effect}",
    };

    public static string Of(Execution execution) => execution switch
    {
        Execution.Answered { Response: { } response } answered =>
            $"{response.Status} at {answered.TxId} {Short(response.Body.Span)}",
        Execution.Proposed proposed => $"proposed {Short(proposed.Response.Body.Span)}",
        Execution.Unconfirmed read =>
            $"unconfirmed {read.Response.Status} at {read.TxId} {Short(read.Response.Body.Span)}",
        Execution.Elsewhere => "elsewhere",
        _ => throw new InvalidOperationException(execution.GetType().Name),
    };

    private static string Short(ReadOnlySpan<byte> bytes) => $"{bytes.Length} bytes {Digest.Of(bytes).ToString()[..8]}";
}
