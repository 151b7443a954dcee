using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using Curia.Cli.Files;
using Curia.Client;

namespace Curia.Cli.Networks;

/// <summary>A node that a command may talk to.</summary>
internal sealed record NetworkAddress(string Name, Uri Url);

/// <summary>A network that a command talks to, and as whom.</summary>
/// <param name="Nodes">Its nodes, at least one, in the order in which they are tried.</param>
/// <param name="ServiceCertificates">The service to believe.</param>
/// <param name="Identity">Who calls; null for nobody in particular.</param>
internal sealed record Network(
    IReadOnlyList<NetworkAddress> Nodes, IReadOnlyList<X509Certificate2> ServiceCertificates,
    X509Certificate2? Identity)
{
    /// <summary>The first node.</summary>
    public Uri Url => Nodes[0].Url;

    /// <summary>Whether to follow the service to an identity that the one given has endorsed.</summary>
    public bool Follow { get; init; }

    /// <summary>Calls the first node that can be reached: where no connection was made, nothing was sent, so that the
    /// next one may be asked instead.</summary>
    public async Task<T> OnAnyNodeAsync<T>(Func<CuriaClient, Task<T>> work)
    {
        for (int index = 0; ; index++)
        {
            using CuriaClient client = (this with { Nodes = [Nodes[index]] }).Connect();
            try
            {
                return await work(client).ConfigureAwait(false);
            }
            catch (CuriaClientException e) when (
                e.Failure == ClientFailure.Unreachable && e.TxId is null && index + 1 < Nodes.Count)
            {
                Console.Error.WriteLine($"{Nodes[index].Name} cannot be reached; asking {Nodes[index + 1].Name}.");
            }
        }
    }

    /// <summary>A client of its first node.</summary>
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

    /// <summary>The network of a sandbox, as nobody or as one of its identities.</summary>
    public static Network Of(SandboxFile sandbox, string? identity = null)
    {
        if (sandbox.Nodes.Count == 0) throw CommandFailure.Environment($"the sandbox in {sandbox.Folder} has no node.");
        X509Certificate2? certificate = null;
        if (identity is not null)
        {
            SandboxIdentity one = sandbox.Identity(identity);
            certificate = ReadIdentity(sandbox.PathOf(one.Certificate), sandbox.PathOf(one.Key));
        }

        return new Network(
            [.. sandbox.Nodes.Select(node => new NetworkAddress(node.Name, UrlOf(node)))],
            ReadCertificates(sandbox.PathOf(sandbox.ServiceCertificate)),
            certificate);

        Uri UrlOf(SandboxNode node) => Uri.TryCreate(node.Url, UriKind.Absolute, out Uri? url)
            ? url
            : throw CommandFailure.Environment($"the sandbox in {sandbox.Folder} has a node without address.");
    }

    /// <summary>The same network by one of its nodes.</summary>
    public Network At(string name) => this with { Nodes = [Nodes.First(node => node.Name == name)] };

    /// <summary>All certificates of a PEM file.</summary>
    public static IReadOnlyList<X509Certificate2> ReadCertificates(string path)
    {
        try
        {
            X509Certificate2Collection certificates = [];
            certificates.ImportFromPem(InputFile.ReadPem(path));
            if (certificates.Count > 0) return [.. certificates];
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
            return X509Certificate2.CreateFromPem(InputFile.ReadPem(certificatePath), InputFile.ReadPem(keyPath));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw CommandFailure.Environment(
                $"{certificatePath} and {keyPath} are not a certificate and its key in PEM.", e);
        }
    }
}
