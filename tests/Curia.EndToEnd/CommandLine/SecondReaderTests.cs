using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>The ledger of a network, read by <c>curia ledger verify</c> and by the reader in tests/second-reader, which
/// was written from the pages alone.</summary>
public sealed class SecondReaderTests : IDisposable
{
    private static readonly string? node = CuriaProgram.JavaScript;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Both_readers_say_the_same_of_the_ledger_of_a_network_and_of_damaged_copies()
    {
        if (node is null) Assert.Skip("node is not installed, and the second reader needs it");
        await WriteLedgerAsync();
        string ledger = folder.File("net/node0/ledger");
        string[] chunks = [.. Directory.GetFiles(ledger, "ledger_*").Order(StringComparer.Ordinal)];
        Assert.True(chunks.Length >= 2, $"one file is too little to be damaged in interesting ways: {chunks[0]}");

        (JsonElement ours, JsonElement theirs) = await ReadBothAsync(ledger);
        Assert.True(ours.GetProperty("ok").GetBoolean(), ours.GetRawText());
        string[] names = ["ok", "last_txid", "transactions", "signatures", "epochs", "genesis"];
        Assert.All(names, name => Assert.Equal(ours.GetProperty(name).ToString(), theirs.GetProperty(name).ToString()));
        Assert.True(ours.GetProperty("transactions").GetInt64() > 20);
        Assert.Equal(2, ours.GetProperty("epochs").GetInt32());

        foreach ((string name, Action<string> damage) in Damages(chunks.Select(path => Path.GetFileName(path))))
        {
            string copy = folder.File("copy");
            Directory.CreateDirectory(copy);
            foreach (string path in chunks) File.Copy(path, Path.Combine(copy, Path.GetFileName(path)));
            damage(copy);
            (ours, theirs) = await ReadBothAsync(copy);
            Assert.False(ours.GetProperty("ok").GetBoolean(), name);
            (JsonElement one, JsonElement two) = (ours.GetProperty("problems")[0], theirs.GetProperty("problems")[0]);
            Assert.Equal((name, one.GetProperty("file").GetString()), (name, two.GetProperty("file").GetString()));
            Assert.NotEqual(JsonValueKind.Null, one.GetProperty("seqno").ValueKind);
            Assert.NotEmpty(one.GetProperty("reason").GetString()!);
            Directory.Delete(copy, recursive: true);
        }
    }

    // More than one chunk, blocks of many entries, public and private parts, two epochs; the node has ended, so nothing
    // changes.
    private async Task WriteLedgerAsync()
    {
        string ledger = folder.File("net/node0/ledger");
        for (int epoch = 1; epoch <= 2; epoch++)
        {
            string[] start = ["sandbox", "--nodes", "1", "--dir", "net", "--port", "0", "--detach", "--json"];
            (await CuriaProgram.RunAsync(folder.Path, start)).Expect(0);
            try
            {
                string body = JsonSerializer.Serialize(new { id = epoch, msg = "seen by everybody" });
                (await CuriaProgram.RunAsync(folder.Path, "call", "POST", "/app/log/public", "--data", body, "--as",
                    "user0", "--wait", "committed", "--dir", "net")).Expect(0);
                for (int round = 0; epoch == 1 && round < 20 && Directory.GetFiles(ledger, "ledger_*").Length < 2;
                    round++)
                {
                    (await CuriaProgram.RunAsync(
                        folder.Path, "bench", "--target", "net", "--seconds", "1", "--connections", "2", "--in-flight",
                        "8", "--payload", "100000", "--json")).Expect(0);
                }
            }
            finally
            {
                (await CuriaProgram.RunAsync(folder.Path, "sandbox", "stop", "--dir", "net")).Expect(0);
            }
        }
    }

    private static IEnumerable<(string Name, Action<string> Damage)> Damages(IEnumerable<string> fileNames)
    {
        string[] files = [.. fileNames.OrderBy(name => name.Contains("committed") ? 0 : 1)
            .ThenBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal)];
        void Change(string folder, int file, Action<FileStream> change)
        {
            using FileStream stream = new(Path.Combine(folder, files[file]), FileMode.Open, FileAccess.ReadWrite);
            change(stream);
        }

        static void Flip(FileStream stream, long at)
        {
            stream.Position = at;
            int value = stream.ReadByte();
            stream.Position = at;
            stream.WriteByte((byte)(value ^ 4));
        }

        yield return ("a byte of genesis", copy => Change(copy, 0, stream => Flip(stream, 300)));
        yield return ("a byte in the middle", copy => Change(copy, 0, stream => Flip(stream, stream.Length / 2)));
        yield return ("the last byte of all", copy => Change(copy, files.Length - 1, stream =>
            Flip(stream, stream.Length - 1)));
        yield return ("a committed file cut", copy => Change(copy, 0, stream => stream.SetLength(stream.Length - 1)));
        yield return ("the newest file cut", copy => Change(copy, files.Length - 1, stream =>
            stream.SetLength(stream.Length - 3)));
        yield return ("the first file dropped", copy => File.Delete(Path.Combine(copy, files[0])));
        yield return ("zeros behind a committed file", copy => Change(copy, 0, stream =>
            stream.SetLength(stream.Length + 700)));
    }

    private async Task<(JsonElement Ours, JsonElement Theirs)> ReadBothAsync(string ledger)
    {
        ProgramRun ours = await CuriaProgram.RunAsync(
            folder.Path, "ledger", "verify", ledger, "--unanchored", "--json");
        using Process process = CuriaProgram.StartProgram(node!, folder.Path,
            Path.Combine(CuriaProgram.Repository, "tests/second-reader/read-ledger.js"), ledger, "--json");
        ProgramRun theirs = await CuriaProgram.EndOfAsync(process);
        bool ok = ours.Json.GetProperty("ok").GetBoolean();
        ours.Expect(ok ? 0 : 1);
        theirs.Expect(ok ? 0 : 1);
        return (ours.Json, theirs.Json);
    }
}
