using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The service keys that the verifier of a receipt trusts, because somebody it trusts gave them.</summary>
/// <remarks>Dates are not looked at: a receipt outlives the certificate under which it was made. Immutable; any
/// thread.</remarks>
public sealed class ServiceKeys
{
    /// <summary>The most keys of one file.</summary>
    public const int KeysMax = JsonWebKeySet.KeysMax;

    /// <summary>The most endorsements of older service keys that are followed, one for each restart of a
    /// service.</summary>
    public const int EndorsementsMax = 1024;

    /// <summary>No keys: the verdict can be "invalid" or "incomplete", never "valid".</summary>
    public static readonly ServiceKeys None = new([]);

    private readonly ImmutableArray<(Digest Id, SignatureVerifier Key)> keys;

    private ServiceKeys(ImmutableArray<(Digest Id, SignatureVerifier Key)> keys) => this.keys = keys;

    /// <summary>Whether there is no key.</summary>
    public bool IsEmpty => keys.IsEmpty;

    /// <summary>The keys of service certificates.</summary>
    public static ServiceKeys Of(params IEnumerable<Certificate> certificates) =>
        new([.. certificates.Select(certificate => (certificate.KeyDigest, certificate.Key))]);

    /// <summary>Reads a file of keys: PEM blocks (CERTIFICATE or PUBLIC KEY, several and with text between them), a DER
    /// certificate, or a JSON Web Key Set; nothing throws.</summary>
    /// <returns>False when it holds no key, or something in it is not an EC key on P-256, P-384 or P-521.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> file, out ServiceKeys? keys)
    {
        keys = null;
        if (file.Length > JsonWebKeySet.SizeMax) return false;
        List<(Digest, SignatureVerifier)> read = [];
        if (JsonWebKeySet.TryParse(file, out JsonWebKeySet? set))
        {
            // The kid of the set is a name that its author chose; receipts name a key by its own digest.
            foreach (JsonWebKey key in set!.Keys) read.Add((Digest.Of(key.Key.SubjectPublicKeyInfo.Span), key.Key));
        }
        else if (Certificate.TryFromDer(file.Span, out Certificate? certificate))
        {
            read.Add((certificate!.KeyDigest, certificate.Key));
        }
        else if (!TryReadPem(Encoding.Latin1.GetString(file.Span), read))
        {
            return false;
        }

        if (read.Count == 0) return false;
        keys = new ServiceKeys([.. read]);
        return true;
    }

    /// <summary>These keys and others.</summary>
    public ServiceKeys With(ServiceKeys others)
    {
        ArgumentNullException.ThrowIfNull(others);
        return new ServiceKeys([.. keys, .. others.keys]);
    }

    /// <summary>These keys, and those of older service identities that they speak for: an endorsement is an older key,
    /// certified by the next one. What none of these keys has signed, directly or through another, is left
    /// out.</summary>
    /// <param name="endorsements">In any order.</param>
    public ServiceKeys WithEndorsed(params IEnumerable<Certificate> endorsements)
    {
        // They come oldest first: from the end each is signed with the key of the one before, and costs one or two
        // checks. In another order it takes a pass for each step of the chain.
        List<Certificate> left = [.. endorsements.TakeLast(EndorsementsMax).Reverse()];
        List<SignatureVerifier> fresh = [.. keys.Select(known => known.Key)];
        List<Certificate> followed = [];
        while (fresh.Count > 0 && left.Count > 0)
        {
            List<SignatureVerifier> next = [];
            left.RemoveAll(candidate =>
            {
                if (!(next.Count > 0 && candidate.IsSignedBy(next[^1])) && !fresh.Exists(candidate.IsSignedBy))
                    return false;
                next.Add(candidate.Key);
                followed.Add(candidate);
                return true;
            });
            fresh = next;
        }

        return followed.Count == 0 ? this : With(Of(followed));
    }

    /// <summary>The key whose SubjectPublicKeyInfo has a digest.</summary>
    public bool TryFind(Digest id, out SignatureVerifier? key)
    {
        key = keys.FirstOrDefault(candidate => candidate.Id == id).Key;
        return key is not null;
    }

    /// <summary>Whether one of the keys signed a certificate.</summary>
    public bool HaveSigned(Certificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return keys.Any(candidate => certificate.IsSignedBy(candidate.Key));
    }

    private static bool TryReadPem(ReadOnlySpan<char> text, List<(Digest, SignatureVerifier)> read)
    {
        if (!PemBounds.Hold(text, KeysMax)) return false;
        while (PemEncoding.TryFind(text, out PemFields fields))
        {
            byte[] der = new byte[fields.DecodedDataLength];
            if (read.Count == KeysMax || !Convert.TryFromBase64Chars(text[fields.Base64Data], der, out _)) return false;
            if (text[fields.Label].SequenceEqual("CERTIFICATE")
                && Certificate.TryFromDer(der, out Certificate? certificate))
                read.Add((certificate!.KeyDigest, certificate.Key));
            else if (text[fields.Label].SequenceEqual("PUBLIC KEY")
                && SignatureVerifier.TryFromSubjectPublicKeyInfo(der, out SignatureVerifier? key))
                read.Add((Digest.Of(der), key!));
            else
                return false;
            text = text[fields.Location.End.Value..];
        }

        return true;
    }
}
