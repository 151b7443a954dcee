using System;
using System.Collections.Generic;
using System.Text.Json;

namespace Curia.Attestation;

/// <summary>The certificates of a host as Azure gives them to its guests: JSON with the leaf, the chain behind it and
/// the TCB that the leaf is for. Immutable; any thread.</summary>
public sealed class AzureHostCertificate
{
    /// <summary>The largest document in bytes. Real ones have some 7,000.</summary>
    public const int SizeMax = 64 * 1024;

    private AzureHostCertificate(IReadOnlyList<ReadOnlyMemory<byte>> certificates, ReadOnlyMemory<byte> tcb)
    {
        Certificates = certificates;
        Tcb = tcb;
    }

    /// <summary>The leaf, its signer and the root, DER.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; }

    /// <summary>The eight bytes of the TCB that the leaf is for, in the order of a report; empty when the document does
    /// not say.</summary>
    public ReadOnlyMemory<byte> Tcb { get; }

    /// <summary>Reads a document; nothing throws. Fields that are not named here may stand in it.</summary>
    /// <returns>False without one leaf, a chain in PEM, and a TCB of 16 hexadecimal digits where there is
    /// one.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> json, out AzureHostCertificate? certificate)
    {
        certificate = null;
        if (json.Length > SizeMax) return false;
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !TryPem(root, "vcekCert", out var leaf) || leaf.Count != 1
                || !TryPem(root, "certificateChain", out var chain) || chain.Count >= PemCertificates.CountMax
                || !TryTcb(root, out byte[] tcb))
            {
                return false;
            }

            certificate = new AzureHostCertificate([leaf[0], .. chain], tcb);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false; // the second is how text that is not Unicode is answered
        }
    }

    private static bool TryPem(
        JsonElement root, string name, out IReadOnlyList<ReadOnlyMemory<byte>> certificates)
    {
        certificates = [];
        return root.TryGetProperty(name, out JsonElement pem) && pem.ValueKind == JsonValueKind.String
            && PemCertificates.TryDecode(pem.GetString(), out certificates);
    }

    // The number of the TCB, most significant digit first: the bytes of a report the other way round.
    private static bool TryTcb(JsonElement root, out byte[] tcb)
    {
        tcb = [];
        if (!root.TryGetProperty("tcbm", out JsonElement text)) return true;
        if (text.ValueKind != JsonValueKind.String || text.GetString() is not { Length: 2 * SnpTcb.Size } digits)
            return false;
        byte[] read = new byte[SnpTcb.Size];
        if (Convert.FromHexString(digits, read, out _, out _) != System.Buffers.OperationStatus.Done) return false;
        Array.Reverse(read);
        tcb = read;
        return true;
    }
}
