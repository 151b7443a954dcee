using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Curia.Ledger;
using Curia.Tests.Architecture;

namespace Curia.Tests.Ledger;

/// <summary>Two readers, one of them written from the pages alone, agree on every ledger.</summary>
public sealed partial class SecondReaderTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("curia-second-reader-").FullName;
    private readonly List<string> folders = [];

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task It_computes_the_values_of_the_worked_example()
    {
        OldLedger old = OldLedger.Read("format-1");
        JsonElement said = (await SecondReader.ReadAsync(
            [old.Folder], "--values", "--secret", old.One("ledger_secret"), "--receipt",
            Path.Combine(old.Folder, "receipt_3.json"))).Single();
        Assert.True(said.GetProperty("ok").GetBoolean(), said.GetRawText());
        Assert.Equal(old.One("last"), said.GetProperty("last_txid").GetString());
        JsonElement[] entries = [.. said.GetProperty("values").EnumerateArray()];
        Assert.Equal(old.All("leaf").Select(line => string.Join(' ', line)), entries.Select(one =>
            $"{one.GetProperty("txid").GetString()} {one.GetProperty("leaf").GetString()}"));
        Assert.Equal(
            old.All("root").Select(line => line[1]),
            entries.Select(one => one.GetProperty("root").GetString()).Where(root => root is not null));

        Dictionary<string, string> page = Example();
        Assert.Equal(page["genesis digest"], said.GetProperty("genesis").GetString());
        string[] ofEntry =
            ["entry", "evidence digest", "write set digest", "leaf", "commit evidence", "entry key", "opened"];
        AssertPage(page, entries.Single(one => one.GetProperty("txid").GetString() == "2.3"), "2.3", ofEntry);
        AssertPage(page, entries.Single(one => one.GetProperty("txid").GetString() == "2.5"), "2.5",
            ["root", "node signature", "protected header"]);
    }

    [Fact]
    public async Task It_refuses_what_ours_refuses_and_in_the_same_place()
    {
        using ChunkedLedger ledger = new();
        Tampering[] all = [new("untouched", ledger.Files(), "", 0, 0), .. Tampering.Of(ledger)];
        foreach (Tampering one in all) Write(one.Files);
        JsonElement[] said = await SecondReader.ReadAsync(folders);
        foreach ((Tampering one, JsonElement report) in all.Zip(said))
        {
            bool ok = SampleLedger.Audit(one.Files).Ok;
            Assert.True(ok == report.GetProperty("ok").GetBoolean(), $"{one.Name}: {report}");
            if (ok) continue;
            JsonElement problem = report.GetProperty("problems")[0];
            ulong seqNo = problem.GetProperty("seqno").GetUInt64();
            Assert.True(problem.GetProperty("file").GetString() == one.File && seqNo >= one.From && seqNo <= one.To,
                $"{one.Name}: {problem} instead of {one.File}, {one.From} to {one.To}");
        }
    }

    // Bytes changed at places that differ in each run would make a failure hard to see again: every 61st, which visits
    // all fields because their sizes differ.
    [Fact]
    public async Task It_sees_changed_bytes_as_ours_does()
    {
        using ChunkedLedger ledger = new();
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        List<AuditReport> ours = [];
        for (int file = 0; file < 3; file++)
        {
            for (int at = 0; at < files[file].Bytes.Length; at += 61)
            {
                files[file].Bytes[at] ^= (byte)(1 << (at % 8));
                Write(files);
                ours.Add(SampleLedger.Audit(files));
                files[file].Bytes[at] ^= (byte)(1 << (at % 8));
            }
        }

        await AssertSameAsync(ours);
    }

    // Cuts and lost sectors over blocks that are durable, not durable, and called committed by a later one.
    [Fact]
    public async Task It_takes_the_same_ledgers_for_torn_and_cuts_them_at_the_same_byte()
    {
        using ChunkedLedger ledger = new();
        SealedBlock[] b = ledger.Blocks;
        List<AuditReport> ours = [];
        foreach (int inLast in (int[])[1, 2, 4])
        {
            string last = LedgerChunk.OpenName(b[5 - inLast].First);
            byte[] whole = SampleLedger.Chunk(b[(5 - inLast)..]);
            (string, byte[])[] before = inLast == 4 ? [(LedgerChunk.OpenName(b[0].First), SampleLedger.Chunk(b[0]))]
                : [.. ledger.Files()[..1], .. inLast == 2 ? [(LedgerChunk.OpenName(b[2].First),
                    SampleLedger.Chunk(b[2]))] : ledger.Files()[1..2]];
            List<byte[]> crashes = [[], whole[..9], [.. whole, .. new byte[100]], [.. whole, .. new byte[5000]]];
            for (int cut = 5; cut < whole.Length; cut += 397) crashes.Add(whole[..^cut]);
            for (int sector = 0; sector <= whole.Length / 512; sector++)
            {
                byte[] lost = [.. whole];
                lost.AsSpan((sector * 512)..Math.Min(lost.Length, (sector + 1) * 512)).Clear();
                crashes.Add(lost);
            }

            foreach (byte[] crashed in crashes)
            {
                (string, byte[])[] files = [.. before, (last, crashed)];
                Write(files);
                ours.Add(SampleLedger.Audit(files));
            }
        }

        Assert.Contains(ours, report => report.Tail is null && !report.Ok);
        Assert.Contains(ours, report => report.Tail is not null);
        await AssertSameAsync(ours);
    }

    private async Task AssertSameAsync(List<AuditReport> ours)
    {
        JsonElement[] said = await SecondReader.ReadAsync(folders);
        for (int i = 0; i < ours.Count; i++)
        {
            string what = $"{string.Join("; ", ours[i].Problems)} and {said[i]}";
            Assert.True(ours[i].Ok == said[i].GetProperty("ok").GetBoolean(), what);
            if (ours[i].Ok) continue;
            Assert.True(ours[i].Problems[0].File == said[i].GetProperty("problems")[0].GetProperty("file").GetString(),
                what);
            JsonElement tail = said[i].GetProperty("tail");
            Assert.True(ours[i].Tail is null == (tail.ValueKind == JsonValueKind.Null), what);
            if (ours[i].Tail is { } expected)
                Assert.True((expected.File, expected.Offset) == (tail.GetProperty("file").GetString(),
                    tail.GetProperty("offset").GetInt32()), what);
        }
    }

    private void Write(IEnumerable<(string Name, byte[] Bytes)> files)
    {
        string folder = Path.Combine(root, folders.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        foreach ((string name, byte[] bytes) in files) File.WriteAllBytes(Path.Combine(folder, name), bytes);
        folders.Add(folder);
    }

    // The lines of the example: a name up to column 24, and a value that may go on in the next lines.
    private static Dictionary<string, string> Example()
    {
        string page = Repository.Read("docs/ledger-format.md").ReplaceLineEndings("\n");
        string example = page[page.IndexOf("genesis digest  ", StringComparison.Ordinal)..].Split("\n```")[0];
        Dictionary<string, string> values = [];
        string name = "";
        foreach (string line in example.Split('\n'))
        {
            string start = Position().Replace(line[..24].TrimEnd(), "");
            if (start.Length > 0) values[name = start] = "";
            values[name] += line[24..];
        }

        return values;
    }

    private static void AssertPage(
        Dictionary<string, string> page, JsonElement entry, string txId, IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            string expected = name == "opened" ? page["private part, opened"]
                : page.TryGetValue($"{name} {txId}", out string? ofEntry) ? ofEntry : page[name];
            Assert.Equal(expected, entry.GetProperty(name.Replace(' ', '_')).GetString());
        }
    }

    [GeneratedRegex(" at [0-9]+$")]
    private static partial Regex Position();
}
