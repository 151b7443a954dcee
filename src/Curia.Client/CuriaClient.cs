using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Client;

/// <summary>A client of one Curia network. TLS ends at the pinned service identity, and nowhere else. Safe to use from
/// any thread; one client holds one connection over HTTP/2.</summary>
public sealed class CuriaClient : IDisposable
{
    // A lone node commits in about that time.
    private static readonly TimeSpan PollFirst = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan PollMax = TimeSpan.FromMilliseconds(250);

    // As many nodes as a network is likely to have behind one address.
    private const int AttestationsMax = 16;

    // A node that asks for more is not obeyed.
    private static readonly TimeSpan LoadPauseMax = TimeSpan.FromSeconds(5);

    private readonly CuriaClientSettings settings;
    private readonly SemaphoreSlim following = new(1);
    private readonly List<HttpExchange> left = [];
    private readonly AttestedNodes? attested;
    private readonly EndorsementCache endorsements = new();
    private volatile HttpExchange exchange;
    private volatile IReadOnlyList<X509Certificate2> pinned;
    private ServiceChain? chain;
    private TxId seen;

    /// <summary>Prepares a client; the first call connects.</summary>
    /// <exception cref="ArgumentException">The URL is not https, or no service certificate is given.</exception>
    public CuriaClient(CuriaClientSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!settings.Url.IsAbsoluteUri || settings.Url.Scheme != Uri.UriSchemeHttps)
        {
            throw new ArgumentException($"A network is reached by https, not by {settings.Url}.", nameof(settings));
        }

        if (settings.ServiceCertificates.Count == 0)
        {
            throw new ArgumentException("Without a service certificate there is nobody to believe.", nameof(settings));
        }

        this.settings = settings;
        seen = settings.LastSeen;
        pinned = settings.ServiceCertificates;
        attested = settings.Evidence is null ? null : new AttestedNodes();
        exchange = new HttpExchange(settings, attested: attested);
    }

    /// <summary>The identities that are believed now: those that were given, or the newest one that was
    /// followed.</summary>
    public IReadOnlyList<X509Certificate2> ServiceCertificates => pinned;

    /// <summary>Whether the service was followed to another identity than the one given.</summary>
    public bool HasFollowed => !ReferenceEquals(pinned, settings.ServiceCertificates);

    /// <summary>Sends a request; repeats it where that is safe, and waits for commit and for history as the request
    /// asks.</summary>
    /// <exception cref="CuriaClientException">There is no usable answer.</exception>
    public async Task<CallResult> CallAsync(CallRequest request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        long start = Stopwatch.GetTimestamp();
        CallResult result = await RepeatAsync(request, cancel).ConfigureAwait(false);
        while (request.LoadWait is TimeSpan loadWait && result.Status == 202 && request.IsRead)
        {
            TimeSpan pause = result.RetryAfter is TimeSpan asked && asked < LoadPauseMax ? asked : LoadPauseMax;
            if (Stopwatch.GetElapsedTime(start) + pause > loadWait) return result;
            await Task.Delay(pause, cancel).ConfigureAwait(false);
            result = await RepeatAsync(request, cancel).ConfigureAwait(false);
        }

        if (request.CommitWait is not TimeSpan commitWait || result.TxId is not TxId txId) return result;
        TimeSpan left = commitWait - Stopwatch.GetElapsedTime(start);
        try
        {
            TransactionStatus commit = await CommitOfAsync(result, txId, left, cancel).ConfigureAwait(false);
            if (commit == TransactionStatus.Committed) See(txId);
            return result with { Commit = commit };
        }
        catch (CuriaClientException e)
        {
            // The request was answered and only the question for its commit was not: the transaction may be there.
            throw new CuriaClientException(e.Failure, $"{txId} was answered, but its commit was not: {e.Message}", e)
            {
                TxId = txId,
                MayHaveWritten = !request.IsRead,
            };
        }
    }

    /// <summary>What the node knows of a transaction now.</summary>
    /// <exception cref="CuriaClientException">There is no usable answer.</exception>
    public async Task<TransactionStatus> GetStatusAsync(TxId txId, CancellationToken cancel = default)
    {
        CallResult result =
            await CallAsync(CallRequest.Get($"/app/tx?transaction_id={txId}"), cancel).ConfigureAwait(false);
        return result.IsSuccess && Enum.TryParse(result.TextField("status"), out TransactionStatus status)
            ? status
            : throw Unusable(result, $"the status of {txId}", txId);
    }

    /// <summary>Asks until the status is final or the time is up.</summary>
    /// <returns>Committed or Invalid; Pending or Unknown when the time is up.</returns>
    /// <exception cref="CuriaClientException">There is no usable answer.</exception>
    public async Task<TransactionStatus> WaitForCommitAsync(
        TxId txId, TimeSpan timeout, CancellationToken cancel = default)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan pause = PollFirst;
        while (true)
        {
            TransactionStatus status = await GetStatusAsync(txId, cancel).ConfigureAwait(false);
            bool final = status is TransactionStatus.Committed or TransactionStatus.Invalid;
            if (final || Stopwatch.GetElapsedTime(start) + pause > timeout) return status;
            await Task.Delay(pause, cancel).ConfigureAwait(false);
            pause = pause * 2 < PollMax ? pause * 2 : PollMax;
        }
    }

    /// <summary>The newest transaction that is committed.</summary>
    /// <exception cref="CuriaClientException">There is no usable answer.</exception>
    public async Task<TxId> GetCommitAsync(CancellationToken cancel = default)
    {
        CallResult result = await CallAsync(CallRequest.Get("/app/commit"), cancel).ConfigureAwait(false);
        if (!result.IsSuccess || !TxId.TryParse(result.TextField("transaction_id"), out TxId txId))
            throw Unusable(result, "the newest committed transaction", null);
        See(txId);
        return txId;
    }

    /// <summary>Fetches a receipt; the node may have to load it from its ledger first.</summary>
    /// <returns>200 with the receipt as body, unverified; 202 when it did not load in time; otherwise the node's
    /// refusal.</returns>
    /// <exception cref="CuriaClientException">There is no usable answer.</exception>
    public Task<CallResult> GetReceiptAsync(
        TxId txId, ReceiptFormat format, TimeSpan loadWait, CancellationToken cancel = default)
    {
        string path = format == ReceiptFormat.Cose ? "/app/receipt/cose" : "/app/receipt";
        return CallAsync(CallRequest.Get($"{path}?transaction_id={txId}") with { LoadWait = loadWait }, cancel);
    }

    /// <summary>Asks the node for the older identities of the service, so that receipts of that time can be
    /// verified.</summary>
    /// <exception cref="CuriaClientException">There is no usable answer.</exception>
    public async Task LearnOlderIdentitiesAsync(CancellationToken cancel = default)
    {
        CallResult reply = await CallAsync(CallRequest.Get(ServiceChain.Path), cancel).ConfigureAwait(false);
        Volatile.Write(ref chain, ServiceChain.Read(reply)
            ?? throw Unusable(reply, "the identities of its service", null));
    }

    /// <summary>Verifies a receipt against the pinned service, with the older identities that were learned, and the
    /// transaction that it must be for. No node is asked.</summary>
    public ReceiptReport VerifyReceipt(ReadOnlyMemory<byte> receipt, TxId txId)
    {
        ServiceKeys keys = ServiceKeys.None;
        foreach (X509Certificate2 certificate in pinned.Concat(settings.ServiceCertificates))
        {
            if (ServiceKeys.TryRead(certificate.RawDataMemory, out ServiceKeys? read)) keys = keys.With(read!);
        }

        if (Volatile.Read(ref chain) is { } known) keys = keys.WithEndorsed(known.PreviousCertificates);

        return ReceiptVerifier.Verify(receipt, new ReceiptVerifyOptions { Keys = keys, TxId = txId });
    }

    private async Task<CallResult> RepeatAsync(CallRequest request, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        bool hasFollowed = false;
        int attestations = 0;
        for (int attempt = 1; ; attempt++)
        {
            TimeSpan pause;
            HttpExchange used = exchange;
            try
            {
                CallResult result = await used.SendAsync(request, cancel).ConfigureAwait(false);
                if (attempt >= settings.AttemptsMax || !RetryRules.MayRepeat(request, result)) return result;
                pause = RetryRules.Pause(attempt, result.RetryAfter);
            }
            catch (CuriaClientException e) when (
                settings.FollowService && e.Failure == ClientFailure.WrongService && !hasFollowed)
            {
                hasFollowed = true; // once a request: nothing was sent yet
                await FollowAsync(used, e, cancel).ConfigureAwait(false);
                continue;
            }
            catch (CuriaClientException e) when (
                e.Failure == ClientFailure.NotAttested && attestations < AttestationsMax)
            {
                // Nothing was sent yet. Behind one address several nodes may answer, each of which is looked at.
                attestations++;
                await AttestAsync(cancel).ConfigureAwait(false);
                continue;
            }
            catch (CuriaClientException e) when (
                attempt < settings.AttemptsMax && RetryRules.MayRepeat(request, e.Failure)
                && (e.Failure != ClientFailure.Unreachable
                    || Stopwatch.GetElapsedTime(start) < settings.ConnectTimeout))
            {
                pause = RetryRules.Pause(attempt, null);
            }

            await Task.Delay(pause, cancel).ConfigureAwait(false);
        }
    }

    // The server is asked by whoever it is what it claims; only endorsements from a pinned identity on count.
    private async Task FollowAsync(HttpExchange refused, CuriaClientException refusal, CancellationToken cancel)
    {
        await following.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (!ReferenceEquals(refused, exchange)) return; // another request has followed meanwhile
            using HttpExchange stranger = new(settings, believesAnyone: true);
            CallResult reply =
                await stranger.SendAsync(CallRequest.Get(ServiceChain.Path), cancel).ConfigureAwait(false);
            if (ServiceChain.Read(reply) is not { } claimed) throw refusal;
            if (!claimed.TryFollow(pinned, seen, out X509Certificate2? newest, out string objection))
                throw new CuriaClientException(
                    ClientFailure.WrongService, $"{refusal.Message}, and it is not followed: {objection}", refusal);
            chain = claimed;
            left.Add(refused); // other requests may still use it
            pinned = [newest!];
            exchange = new HttpExchange(settings with { ServiceCertificates = [newest!] }, attested: attested);
        }
        finally
        {
            following.Release();
        }
    }

    // Over a session of its own, on which nothing else is ever sent: it shows the node's key, and the evidence must
    // bind that one. Whoever answers at this address next is looked at again.
    private async Task AttestAsync(CancellationToken cancel)
    {
        using HttpExchange asking = new(settings with { ServiceCertificates = pinned, Identity = null });
        CallRequest question = CallRequest.Get(SelfQuote.Path) with { ReplyBytesMax = SelfQuote.BytesMax };
        CallResult reply = await asking.SendAsync(question, cancel).ConfigureAwait(false);
        NodeId node = asking.Node!.Value;
        if (SelfQuote.ObjectionTo(reply, node, settings.Evidence!, endorsements) is { } objection)
        {
            throw new CuriaClientException(
                ClientFailure.NotAttested, $"{settings.Url}: node {node} is not believed, {objection}");
        }

        attested!.Add(node);
    }

    private void See(TxId committed)
    {
        lock (following)
        {
            if (committed > seen) seen = committed;
        }
    }

    // RFC 7240 section 3: a server that honoured the preference may say so; one that does not say it is asked.
    private async Task<TransactionStatus> CommitOfAsync(
        CallResult result, TxId txId, TimeSpan left, CancellationToken cancel)
    {
        if (result.ErrorCode == "CommitTimeout") return TransactionStatus.Pending;
        if (result.ErrorCode == "TransactionInvalid") return TransactionStatus.Invalid;
        bool applied = result.Headers.TryGetValue("preference-applied", out string? preference)
            && preference.Contains("wait=committed", StringComparison.OrdinalIgnoreCase);
        if (applied && result.IsSuccess) return TransactionStatus.Committed;
        return await WaitForCommitAsync(txId, left, cancel).ConfigureAwait(false);
    }

    private CuriaClientException Unusable(CallResult result, string what, TxId? txId) => new(
        ClientFailure.BadReply,
        $"{settings.Url} did not tell {what}: {result.Status} {result.ErrorCode} {result.ErrorMessage}".TrimEnd())
    {
        TxId = txId,
    };

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        exchange.Dispose();
        left.ForEach(one => one.Dispose());
        following.Dispose();
    }
}
