using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Client;

/// <summary>The identities that a service has had, as <c>GET /node/service/endorsements</c> tells them: a service that
/// went on from its disk has another key, endorsed by the one before.</summary>
/// <remarks>Whoever answers may lie: nothing in it counts before it is followed from an identity that is
/// pinned.</remarks>
internal sealed class ServiceChain
{
    /// <summary>Where a node tells it.</summary>
    public const string Path = "/node/service/endorsements";

    private readonly List<Epoch> epochs;

    private ServiceChain(List<Epoch> epochs) => this.epochs = epochs;

    /// <summary>The older service keys, each certified by the next one.</summary>
    public IEnumerable<Certificate> PreviousCertificates =>
        epochs.Select(epoch => epoch.Previous).OfType<Certificate>();

    /// <summary>Reads a reply; nothing throws.</summary>
    public static ServiceChain? Read(CallResult reply)
    {
        if (!reply.IsSuccess || !reply.TryReadJson(out JsonElement json) || json.ValueKind != JsonValueKind.Object
            || !json.TryGetProperty("epochs", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        List<Epoch> epochs = [];
        foreach (JsonElement element in list.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object || ReadEpoch(element) is not { } epoch) return null;
            epochs.Add(epoch);
        }

        return epochs.Count == 0 ? null : new ServiceChain(epochs);
    }

    /// <summary>Goes from a pinned identity to the newest one.</summary>
    /// <param name="pinned">The identities that are believed.</param>
    /// <param name="seen">The newest transaction that was seen committed; an epoch that goes on from an earlier one has
    /// left something out.</param>
    /// <param name="newest">The newest identity; null when false is returned.</param>
    /// <param name="objection">Empty, or why it is not followed.</param>
    public bool TryFollow(
        IEnumerable<X509Certificate2> pinned, TxId seen, out X509Certificate2? newest, out string objection)
    {
        newest = null;
        HashSet<Digest> keys = [.. pinned.Select(one => Digest.Of(one.PublicKey.ExportSubjectPublicKeyInfo()))];
        int at = epochs.FindLastIndex(epoch => keys.Contains(epoch.Service.KeyDigest));
        objection = at < 0
            ? "none of its identities is a pinned one"
            : "";
        for (int next = at + 1; at >= 0 && objection.Length == 0 && next < epochs.Count; next++)
            objection = ObjectionTo(epochs[next - 1], epochs[next], seen);
        if (objection.Length > 0) return false;
        newest = X509CertificateLoader.LoadCertificate(epochs[^1].Service.Der.Span);
        return true;
    }

    private static string ObjectionTo(Epoch before, Epoch epoch, TxId seen)
    {
        if (epoch.Endorsement is not { } endorsement || !endorsement.IsFor(before.Service, epoch.Service))
            return $"its identity of {epoch.First} is not endorsed by the one before";

        // The older key itself names where it stopped; what else the answer says is anybody's word. A newer transaction
        // of the older key's views must not have been seen.
        TxId continues = endorsement.Continues;
        TxId first = epoch.First;
        if (first.SeqNo != continues.SeqNo.Next || !EpochBlock.MayBegin(first.View, continues.View))
            return $"it says that it begins at {first}, and its endorsement that it goes on from {continues}";
        return seen.View < first.View && seen > continues
            ? $"it goes on from {endorsement.Continues}, and {seen} was seen committed: what came after was left out"
            : "";
    }

    private static Epoch? ReadEpoch(JsonElement json)
    {
        if (!TxId.TryParse(Text(json, "transaction_id"), out TxId first)
            || !Certificate.TryFromPem(Text(json, "service_certificate"), out Certificate? service))
        {
            return null;
        }

        byte[] bytes = new byte[4096];
        string endorsementText = Text(json, "endorsement") ?? "";
        ServiceEndorsement? endorsement = null;
        if (endorsementText.Length > 0 && (!Convert.TryFromBase64String(endorsementText, bytes, out int size)
            || !ServiceEndorsement.TryDecode(bytes.AsMemory(0, size), out endorsement)))
        {
            return null;
        }

        Certificate.TryFromPem(Text(json, "previous_certificate") ?? "", out Certificate? previous);
        return new Epoch(first, service!, endorsement, previous);
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement field) && field.ValueKind == JsonValueKind.String
            ? field.GetString()
            : null;

    private sealed record Epoch(
        TxId First, Certificate Service, ServiceEndorsement? Endorsement, Certificate? Previous);
}
