using System;
using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;

namespace Curia.Host;

/// <summary>Reads a request's body whole, within the limit.</summary>
internal static class RequestBody
{
    // The server's own minimum rate counts all streams of an HTTP/2 connection together, so one that is fast excuses a
    // hundred that stand still. At 32 KiB a second the largest body of the default size has some four minutes, and no
    // body holds its memory for longer.
    private const int SlowestBytesPerSecond = 32 * 1024;

    /// <summary>The body in an array of its own.</summary>
    /// <remarks>Not in pooled memory: a handler may keep a slice of it in a write set, which lives on after the reply.
    /// While it comes in, it stays in the server's own pooled segments, so an announced length costs nothing until
    /// bytes arrive.</remarks>
    /// <param name="request">The request; its length was not checked yet.</param>
    /// <param name="bytesMax">The limit.</param>
    /// <param name="memory">What all bodies share while they arrive.</param>
    /// <param name="patience">How long the first bytes may take; more bytes get more time.</param>
    /// <exception cref="BadHttpRequestException">408 when it takes too long; 413; 503 when too many bodies arrive at
    /// the same time; or what else the server finds wrong on the way.</exception>
    public static ValueTask<ReadOnlyMemory<byte>> ReadAsync(
        HttpRequest request, int bytesMax, BodyMemory memory, TimeSpan patience)
    {
        if (request.ContentLength > bytesMax) throw TooLarge(bytesMax);
        bool hasNone = request.ContentLength is 0
            || (request.ContentLength is null && request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features
                .IHttpRequestBodyDetectionFeature>()?.CanHaveBody == false);
        return hasNone ? default : ReadToEndAsync(request, bytesMax, memory, patience);
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadToEndAsync(
        HttpRequest request, int bytesMax, BodyMemory memory, TimeSpan patience)
    {
        PipeReader reader = request.BodyReader;
        long start = Stopwatch.GetTimestamp();

        // Only for a body that has to be waited for; most are there already. The same holds for RequestAborted: the
        // server makes its source when it is asked for.
        CancellationTokenSource? late = null;
        long taken = 0;
        try
        {
            while (true)
            {
                if (!reader.TryRead(out ReadResult result))
                {
                    TimeSpan allowed = patience + TimeSpan.FromSeconds((double)taken / SlowestBytesPerSecond);
                    TimeSpan remaining = allowed - Stopwatch.GetElapsedTime(start);
                    if (remaining <= TimeSpan.Zero) throw TooLate();
                    late ??= CancellationTokenSource.CreateLinkedTokenSource(
                        request.HttpContext.RequestAborted);
                    late.CancelAfter(remaining);
                    result = await reader.ReadAsync(late.Token);
                }

                ReadOnlySequence<byte> buffer = result.Buffer;
                if (buffer.Length > bytesMax) throw TooLarge(bytesMax);
                if (!memory.TryTake(buffer.Length - taken)) throw TooMany();
                taken = buffer.Length;
                if (result.IsCompleted)
                {
                    byte[] body = buffer.ToArray();
                    reader.AdvanceTo(buffer.End);
                    return body;
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        catch (OperationCanceledException) when (!request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            throw TooLate();
        }
        finally
        {
            memory.Return(taken);
            late?.Dispose();
        }
    }

    private static BadHttpRequestException TooLate() =>
        new("The body did not arrive in time.", StatusCodes.Status408RequestTimeout);

    private static BadHttpRequestException TooMany() =>
        new("Too many bodies arrive at the same time.", StatusCodes.Status503ServiceUnavailable);

    private static BadHttpRequestException TooLarge(int bytesMax) =>
        new($"The body has more than {bytesMax} bytes.", StatusCodes.Status413PayloadTooLarge);
}
