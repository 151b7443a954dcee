using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Files;
using Curia.Cli.Networks;
using Curia.Cli.Terminal;
using Curia.Client;
using Curia.Vocabulary;

namespace Curia.Cli.Commands;

/// <summary><c>curia call METHOD PATH</c>: one request, as a person would send it.</summary>
internal static class CallCommand
{
    private const int DataBytesMax = 64 << 20; // far above what a node takes; it says so itself
    private static readonly TimeSpan CommitWait = TimeSpan.FromSeconds(10); // DESIGN 7: the default of the preference
    private static readonly TimeSpan LoadWait = TimeSpan.FromSeconds(30);

    public static Command Build()
    {
        Argument<string> method = new("METHOD") { Description = "GET, POST, PUT, DELETE and so on." };
        Argument<string> path = new("PATH") { Description = "Path and query: '/app/log/private?id=42'." };
        Option<string> data = new("--data")
        {
            Description = "The body as JSON, or @FILE for the content of a file.",
            HelpName = "JSON|@FILE",
        };
        Option<string> wait = WaitOption("pending");
        NetworkOptions network = new();
        Command call = new("call", "Send one request to a node.") { method, path, data, wait };
        network.AddTo(call);
        call.SetAction((parsed, cancel) =>
        {
            CallRequest request = RequestOf(parsed.GetValue(method)!, parsed.GetValue(path)!, parsed.GetValue(data));
            if (parsed.GetValue(wait) == "committed") request = request with { CommitWait = CommitWait };
            return RunAsync(Screen.For(parsed), network.Resolve(parsed), request, cancel);
        });
        return call;
    }

    /// <summary>The option that says how long a write waits, also of the benchmark.</summary>
    public static Option<string> WaitOption(string standard)
    {
        Option<string> wait = new("--wait")
        {
            Description = "What to wait for: committed by the network, or just ordered (pending).",
            HelpName = "committed|pending",
            DefaultValueFactory = _ => standard,
        };
        wait.AcceptOnlyFromAmong("committed", "pending");
        return wait;
    }

    private static CallRequest RequestOf(string method, string path, string? data)
    {
        if (method.Length is 0 or > 16 || !method.All(char.IsAsciiLetter))
            throw CommandFailure.WrongUsage($"METHOD is GET, POST, PUT, DELETE or the like, not {method}.");
        if (!path.StartsWith('/') || path.StartsWith("//", StringComparison.Ordinal))
            throw CommandFailure.WrongUsage($"PATH begins with a slash, as in /app/commit, not {path}.");
        CallRequest request = new(new HttpMethod(method.ToUpperInvariant()), path) { LoadWait = LoadWait };
        return data is null ? request : request with { Body = BodyOf(data) };
    }

    private static byte[] BodyOf(string data)
    {
        return data.StartsWith('@') ? InputFile.Read(data[1..], DataBytesMax) : Encoding.UTF8.GetBytes(data);
    }

    private static async Task<int> RunAsync(
        Screen screen, Network network, CallRequest request, CancellationToken cancel)
    {
        (CallResult result, bool committed) = await network.OnAnyNodeAsync(async client =>
        {
            CallResult answer = await client.CallAsync(request, cancel).ConfigureAwait(false);
            return (answer, await IsCommittedAsync(client, answer, cancel).ConfigureAwait(false));
        }).ConfigureAwait(false);
        if (screen.Json)
        {
            Screen.Document(new JsonObject
            {
                ["status"] = result.Status,
                ["txid"] = result.TxId?.ToString(),
                ["committed"] = committed,
                ["body"] = BodyOf(result),
            });
        }
        else
        {
            Print(result, committed, network.Identity is null);
        }

        // The time was up before the commit: neither done nor refused.
        if (result.Commit is TransactionStatus.Pending or TransactionStatus.Unknown) return ExitCode.EnvironmentFailed;
        return result.Status < 400 && result.Commit != TransactionStatus.Invalid ? ExitCode.Done : ExitCode.Refused;
    }

    // Without --wait committed the answer of the moment, so that "committed": true is never wrong.
    private static async Task<bool> IsCommittedAsync(CuriaClient client, CallResult result, CancellationToken cancel)
    {
        if (result.Commit is TransactionStatus known) return known == TransactionStatus.Committed;
        if (result.TxId is not TxId txId) return false;
        try
        {
            return await client.GetStatusAsync(txId, cancel).ConfigureAwait(false) == TransactionStatus.Committed;
        }
        catch (CuriaClientException)
        {
            return false; // the call itself was answered
        }
    }

    private static JsonNode? BodyOf(CallResult result)
    {
        if (result.Body.IsEmpty) return null;
        if (result.TryReadJson(out JsonElement json)) return JsonNode.Parse(json.GetRawText());
        return TryReadText(result.Body.Span, out string text) ? text : Convert.ToBase64String(result.Body.Span);
    }

    private static void Print(CallResult result, bool committed, bool anonymous)
    {
        if (!result.Body.IsEmpty)
        {
            if (!Console.IsOutputRedirected && result.TryReadJson(out JsonElement json))
                Console.Out.WriteLine(Screen.Text(JsonNode.Parse(json.GetRawText()), indented: true));
            else
                WriteRaw(result.Body.Span);
        }

        string transaction = result.TxId is TxId txId
            ? $", transaction {txId} {(committed ? "committed" : "not committed yet")}"
            : "";
        string advice = result.Status == 401 && anonymous ? " Call with an identity: --as user0." : "";
        Console.Error.WriteLine($"{result.Status}{transaction}.{advice}");
    }

    private static void WriteRaw(ReadOnlySpan<byte> body)
    {
        using Stream output = Console.OpenStandardOutput();
        output.Write(body);
        if (!Console.IsOutputRedirected || body[^1] != '\n') output.Write("\n"u8);
    }

    private static bool TryReadText(ReadOnlySpan<byte> bytes, out string text)
    {
        text = "";
        if (!System.Text.Unicode.Utf8.IsValid(bytes)) return false;
        text = Encoding.UTF8.GetString(bytes);
        return true;
    }
}
