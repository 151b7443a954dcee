using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Cli.Files;
using Curia.Cli.Networks;
using Curia.Cli.Terminal;
using Curia.Client;
using Curia.Vocabulary;

namespace Curia.Cli.Commands;

/// <summary><c>curia attestation get</c>: the evidence of a node as a folder.</summary>
internal static class AttestationGetCommand
{
    public static Command Build()
    {
        Option<string> folder = new("--out")
        {
            Description = "The folder to write; it is made where it is missing.",
            HelpName = "DIR",
            Required = true,
        };
        NetworkOptions network = new();
        Command get = new("get", "Fetch the evidence of a node; nothing is verified.") { folder };
        network.AddTo(get);
        get.SetAction((parsed, cancel) =>
            GetAsync(Screen.For(parsed), network.Resolve(parsed), parsed.GetValue(folder)!, cancel));
        return get;
    }

    private static async Task<int> GetAsync(Screen screen, Network network, string folder, CancellationToken cancel)
    {
        (CallResult result, CallResult establishment) = await network.OnAnyNodeAsync(async client => (
            await client.CallAsync(CallRequest.Get("/node/quotes/self"), cancel).ConfigureAwait(false),
            await client.CallAsync(CallRequest.Get("/node/establishment"), cancel).ConfigureAwait(false)))
            .ConfigureAwait(false);
        if (!result.IsSuccess || !result.TryReadJson(out JsonElement reply))
            throw CommandFailure.Refused($"no evidence: {result.Status} {result.ErrorCode}: {result.ErrorMessage}");
        (string node, AttesterEvidence evidence) = Read(reply);
        string[] known = [.. EvidenceBundle.FilesOf(AttesterEvidence.Platforms[evidence.Platform])];
        foreach ((string name, byte[] bytes) in evidence.Files)
        {
            // A name from elsewhere is a path here only if it is one of ours.
            if (!known.Contains(name)) throw CommandFailure.Refused($"the node's evidence has a file {name}.");
            Write(Path.Combine(folder, name), bytes);
        }

        string? charter = CharterOf(establishment, node);
        if (screen.Json)
        {
            Screen.Document(new JsonObject
            {
                ["node"] = node,
                ["charter"] = charter,
                ["platform"] = evidence.Platform,
                ["folder"] = folder,
                ["files"] = new JsonArray([.. evidence.Files.Keys.Order(StringComparer.Ordinal)]),
            });
            return ExitCode.Done;
        }

        screen.Line($"Evidence of node {Screen.Escape(node)}, not verified yet. To verify it:");
        screen.Verbatim(
            $"  ./curia attestation verify --platform {evidence.Platform} --bundle {folder} --node {node}"
            + (charter is null ? "" : $" --charter {charter}"));
        return ExitCode.Done;
    }

    // The evidence of a founder binds the charter too. The node's word counts no more here than in all of it: it is
    // verified afterwards.
    private static string? CharterOf(CallResult establishment, string node)
    {
        try
        {
            return establishment.IsSuccess && establishment.TryReadJson(out JsonElement json)
                && json.List("founders").Any(one => one.Text("node_id") == node)
                && Digest.TryParseHex(json.Text("charter"), out Digest charter)
                    ? charter.ToString()
                    : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static (string Node, AttesterEvidence Evidence) Read(JsonElement reply)
    {
        try
        {
            string node = reply.Text("node_id");
            JsonElement told = reply.GetProperty("evidence");
            AttesterEvidence evidence = new(
                told.Text("platform"),
                told.GetProperty("files").EnumerateObject()
                    .ToDictionary(file => file.Name, file => file.Value.GetBytesFromBase64(), StringComparer.Ordinal));
            if (evidence.IsBounded && evidence.Files.Count > 0 && Digest.TryParseHex(node, out _))
                return (node, evidence);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or KeyNotFoundException
            or ArgumentException)
        {
            throw CommandFailure.Environment($"the node's evidence cannot be read: {e.Message}", e);
        }

        throw CommandFailure.Environment("the node's evidence cannot be read: its platform or size is none.");
    }

    private static void Write(string path, byte[] bytes)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("write", path, e);
        }
    }
}
