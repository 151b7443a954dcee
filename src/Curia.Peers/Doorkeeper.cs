using System;
using System.Collections.Concurrent;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;

namespace Curia.Peers;

/// <summary>Receives the connections that others make: finds out who is there, and lets in who is a peer.</summary>
internal sealed class Doorkeeper(LocalNode self, Func<NodeId, Peer?> find)
{
    private static readonly TimeSpan LastWordTime = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, RareLine> refusals = new(StringComparer.Ordinal);
    private int handshakes;

    /// <summary>Serves one connection until it ends.</summary>
    /// <param name="transport">Its bytes.</param>
    /// <param name="source">Where it comes from, for a log.</param>
    public async Task ServeAsync(Stream transport, string source)
    {
        try
        {
            if (await LetInAsync(transport, source).ConfigureAwait(false) is not { } visit) return;
            using (visit.Connection)
            {
                ConnectionEnd end = await visit.RunAsync().ConfigureAwait(false);
                if (end.IsRefusal) Say(source, end.Reason);
            }
        }
        catch (RefusedException refused)
        {
            self.Counters.Refuse(refused.Name);
            Say(source, refused.Name);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Whoever it was has gone before it said who it is.
        }
    }

    private async Task<Visit?> LetInAsync(Stream transport, string source)
    {
        using CancellationTokenSource time = new(self.Limits.HandshakeTime);
        try
        {
            if (Interlocked.Increment(ref handshakes) > self.Limits.HandshakesMax)
                throw new RefusedException(PeerRefusal.TooManyConnections);
            TlsSession session = await self.Tls.AcceptAsync(transport, time.Token).ConfigureAwait(false);
            FrameReader reader = new(session.Stream, self.Counters);
            try
            {
                return await WelcomeAsync(session, reader, HostOf(source), time.Token).ConfigureAwait(false);
            }
            catch
            {
                reader.Dispose();
                await session.Stream.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        catch (OperationCanceledException) when (time.IsCancellationRequested)
        {
            throw new RefusedException(PeerRefusal.TooSlow);
        }
        finally
        {
            Interlocked.Decrement(ref handshakes);
        }
    }

    private async Task<Visit> WelcomeAsync(
        TlsSession session, FrameReader reader, string host, CancellationToken time)
    {
        try
        {
            (PeerHello hello, IVisitor peer) =
                await Greeting
                    .HearAsync(self, session.Certificate, reader, find, host, time).ConfigureAwait(false);
            await Greeting.AnswerAsync(session.Stream, time).ConfigureAwait(false);
            Visit visit = new(self, peer, hello, session.Stream, reader);
            return peer.TryTake(hello, visit.Connection) ? visit : throw new RefusedException(PeerRefusal.UnknownNode);
        }
        catch (RefusedException refused)
        {
            using CancellationTokenSource lastWord = CancellationTokenSource.CreateLinkedTokenSource(time);
            lastWord.CancelAfter(LastWordTime);
            try
            {
                await Greeting.RefuseAsync(session.Stream, reader, refused.Name, lastWord.Token)
                    .ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // It was told as well as could be.
            }

            throw;
        }
    }

    private static string HostOf(string source) =>
        source.LastIndexOf(':') is >= 0 and var end ? source[..end] : source;

    private void Say(string source, string name) => refusals
        .GetOrAdd(PeerRefusal.Label(name), _ => new RareLine(self.Settings.Warning))
        .Write($"A connection from {source} to the port for nodes is refused: {name}. "
            + "docs/node-protocol.md says what the name means");
}
