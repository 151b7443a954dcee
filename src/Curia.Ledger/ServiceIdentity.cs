using System;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The public half of the service: with its certificate alone, and no node, anybody verifies a
/// block.</summary>
/// <remarks>Any thread.</remarks>
public sealed class ServiceIdentity
{
    // A node signs many blocks with one certificate; the last one that proved good is not read and verified again.
    private volatile Certificate? lastNode;

    /// <summary>The identity that a certificate names.</summary>
    public ServiceIdentity(Certificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        Certificate = certificate;
    }

    /// <summary>The certificate that clients pin.</summary>
    public Certificate Certificate { get; }

    /// <summary>SHA-256 of the service key's SubjectPublicKeyInfo; signatures name the key by it.</summary>
    public Digest KeyId => Certificate.KeyDigest;

    /// <summary>Checks all that a block says by itself: the node's certificate, the root over frontier and leaves, the
    /// node's signature, the service's signature and its headers.</summary>
    /// <param name="block">A decoded block.</param>
    /// <param name="reason">Empty, or a sentence for the auditor.</param>
    /// <remarks>It does not say that the block belongs after another one: compare its frontier with your own
    /// tree.</remarks>
    public bool Verify(Block block, out string reason)
    {
        ArgumentNullException.ThrowIfNull(block);
        reason = FindProblem(block);
        return reason.Length == 0;
    }

    /// <summary>Checks the one thing that a block says and no root covers: which node sealed it. Enough for a block whose
    /// bytes a later signature vouches for.</summary>
    /// <param name="block">A decoded block.</param>
    /// <param name="reason">Empty, or a sentence for the auditor.</param>
    public bool VerifyNode(Block block, out string reason)
    {
        ArgumentNullException.ThrowIfNull(block);
        reason = FindNode(block, out _);
        return reason.Length == 0;
    }

    private string FindNode(Block block, out Certificate? node)
    {
        SignatureTransaction signature = block.Signature;
        TxId last = block.Entries[^1].TxId;
        node = lastNode;
        if (node is null || !node.Der.Span.SequenceEqual(signature.NodeCertificate.Span))
        {
            if (!Certificate.TryFromDer(signature.NodeCertificate.Span, out node) || node is null)
                return $"signature {last}: the node certificate cannot be read";
            if (!node.IsIssuedBy(Certificate))
                return $"signature {last}: the service key did not issue the node certificate";
            lastNode = node;
        }

        return node.KeyDigest == block.NodeId.Value ? string.Empty
            : $"signature {last}: the node certificate is not that of node {block.NodeId}";
    }

    private string FindProblem(Block block)
    {
        SignatureTransaction signature = block.Signature;
        TxId last = block.Entries[^1].TxId;
        string problem = FindNode(block, out Certificate? node);
        if (problem.Length > 0) return problem;
        if (block.ComputeRoot() != signature.Root)
            return $"signature {last}: the Merkle root of the entries is not the signed root";

        Span<byte> root = stackalloc byte[Digest.Size];
        signature.Root.CopyTo(root);
        if (!node!.Key.VerifyHash(root, signature.NodeSignature.Span))
            return $"signature {last}: the node's signature is wrong";
        if (signature.Header.KeyId != KeyId) return $"signature {last}: the COSE signature names another service key";
        if (signature.Header.Curve != Certificate.Key.Curve)
            return $"signature {last}: the COSE algorithm is not that of the service key";
        return signature.Cose.Verify(Certificate.Key, root) ? string.Empty
            : $"signature {last}: the service's COSE signature is wrong";
    }
}
