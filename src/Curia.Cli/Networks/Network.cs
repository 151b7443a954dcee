using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Curia.Client;

namespace Curia.Cli.Networks;

/// <summary>A network that a command talks to, and as whom.</summary>
internal sealed record Network(Uri Url, IReadOnlyList<X509Certificate2> ServiceCertificates, X509Certificate2? Identity)
{
    /// <summary>Whether to follow the service to an identity that the one given has endorsed.</summary>
    public bool Follow { get; init; }

    /// <summary>A client of it.</summary>
    public CuriaClient Connect(Func<CuriaClientSettings, CuriaClientSettings>? adjust = null)
    {
        CuriaClientSettings settings =
            new()
            {
                Url = Url,
                ServiceCertificates = ServiceCertificates,
                Identity = Identity,
                FollowService = Follow,
            };
        return new CuriaClient(adjust?.Invoke(settings) ?? settings);
    }

    /// <summary>The first node of a sandbox, as nobody or as one of its identities.</summary>
    public static Network Of(SandboxFile sandbox, string? identity = null)
    {
        if (sandbox.Nodes.Count == 0) throw CommandFailure.Environment($"the sandbox in {sandbox.Folder} has no node.");
        if (!Uri.TryCreate(sandbox.Nodes[0].Url, UriKind.Absolute, out Uri? url))
            throw CommandFailure.Environment($"the sandbox in {sandbox.Folder} has a node without address.");
        X509Certificate2? certificate = null;
        if (identity is not null)
        {
            SandboxIdentity one = sandbox.Identity(identity);
            certificate = ReadIdentity(sandbox.PathOf(one.Certificate), sandbox.PathOf(one.Key));
        }

        return new Network(url, ReadCertificates(sandbox.PathOf(sandbox.ServiceCertificate)), certificate);
    }

    /// <summary>All certificates of a PEM file.</summary>
    public static IReadOnlyList<X509Certificate2> ReadCertificates(string path)
    {
        try
        {
            X509Certificate2Collection certificates = [];
            certificates.ImportFromPemFile(path);
            if (certificates.Count > 0) return [.. certificates];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("read", path, e);
        }
        catch (CryptographicException e)
        {
            throw CommandFailure.Environment($"{path} holds no readable certificate: {e.Message}", e);
        }

        throw CommandFailure.Environment($"{path} holds no certificate in PEM.");
    }

    /// <summary>A certificate with its private key.</summary>
    public static X509Certificate2 ReadIdentity(string certificatePath, string keyPath)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Environment(
                $"cannot read {certificatePath} or {keyPath}: {CommandFailure.Reason(e)}", e);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw CommandFailure.Environment(
                $"{certificatePath} and {keyPath} are not a certificate and its key in PEM.", e);
        }
    }
}
