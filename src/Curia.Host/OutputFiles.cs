using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Curia.Attestation;
using Curia.Endpoints;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>The files that tell the operator's tools where the node is and whom it serves; each is there whole or not
/// at all.</summary>
internal sealed class OutputFiles
{
    private readonly OutputConfiguration paths;
    private readonly List<(string Path, byte[]? Before)> written = [];

    private OutputFiles(OutputConfiguration paths) => this.paths = paths;

    /// <summary>Finds out whether all of them can be written, and removes what an earlier node left under the names
    /// that say that a node is up.</summary>
    /// <exception cref="StartFailure">A folder cannot be written.</exception>
    public static OutputFiles Prepare(OutputConfiguration paths)
    {
        foreach (string folder in paths.Paths.Select(path => Path.GetDirectoryName(path)!).Distinct())
            StartChecks.WritableFolder("output", folder);
        foreach (string path in paths.Paths.Where(Directory.Exists))
        {
            throw new StartFailure($"The output file {path} cannot be written", "a folder has this name",
                "Name another file in the configuration");
        }

        OutputFiles files = new(paths);
        files.Withdraw();
        return files;
    }

    /// <summary>Writes who this node is, for those who admit it: long before it is open.</summary>
    /// <exception cref="StartFailure">The disk is full or broken.</exception>
    public void WriteIdentity(
        NodeId id, string peerAddress, IReadOnlyList<string> published, int ledgerFormat, AttesterEvidence evidence)
    {
        Identity identity = new(id.ToString(), peerAddress, published, ledgerFormat, evidence);
        Write(paths.Identity, JsonSerializer.Serialize(identity, JsonFormat.Options) + "\n");
    }

    /// <summary>Writes all others; the addresses last, since tools wait for those.</summary>
    /// <exception cref="StartFailure">The disk is full or broken.</exception>
    public void Write(NodeId id, Effect.Open open, PublishedAddresses published, string? peerAddress)
    {
        Write(paths.ServiceCertificate, Pem(open.ServiceCertificate.Span));
        Write(paths.ServiceEndorsements, string.Concat(open.Endorsements.Select(one => Pem(one.Span))));
        Write(paths.NodeCertificate, Pem(open.NodeCertificate.Span));
        Write(paths.Pid, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        Addresses addresses = new(
            id.ToString(), peerAddress, [.. published.Urls.Select(one => new Address(one.Listener, one.Url))]);
        Write(paths.Addresses, JsonSerializer.Serialize(addresses) + "\n");
    }

    /// <summary>Takes back all that was written: the service did not open, and a certificate of it would send its users
    /// to a service that nobody runs. What an earlier process had written is there again.</summary>
    public void WithdrawAll()
    {
        foreach ((string path, byte[]? before) in written)
        {
            try
            {
                if (before is null) DurableFiles.Remove(path);
                else DurableFiles.Rewrite(path, before);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The failure that brought us here is the one to tell.
            }
        }
    }

    /// <summary>Removes what says that the node is up.</summary>
    public void Withdraw()
    {
        if (paths.Addresses is not null) DurableFiles.Remove(paths.Addresses);
        if (paths.Pid is not null) DurableFiles.Remove(paths.Pid);
        if (paths.Identity is not null) DurableFiles.Remove(paths.Identity);
    }

    private static string Pem(ReadOnlySpan<byte> der) => PemEncoding.WriteString("CERTIFICATE", der) + "\n";

    private void Write(string? path, string content)
    {
        if (path is null) return;
        try
        {
            byte[]? before = File.Exists(path) ? File.ReadAllBytes(path) : null;
            DurableFiles.Replace(path, Encoding.UTF8.GetBytes(content));
            written.Add((path, before));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"The output file {path} cannot be written", e.Message.TrimEnd('.'),
                "Make room, or name another file");
        }
    }

    private sealed record Addresses(
        [property: JsonPropertyName("node_id")] string NodeId,
        [property: JsonPropertyName("peer_address")]
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? PeerAddress,
        [property: JsonPropertyName("listeners")] IReadOnlyList<Address> Listeners);

    private sealed record Identity(
        [property: JsonPropertyName("node_id")] string NodeId,
        [property: JsonPropertyName("peer_address")] string PeerAddress,
        [property: JsonPropertyName("published_addresses")] IReadOnlyList<string> PublishedAddresses,
        [property: JsonPropertyName("ledger_format")] int LedgerFormat,
        [property: JsonPropertyName("evidence")] AttesterEvidence Evidence);

    private sealed record Address(
        [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("url")] string Url);
}
