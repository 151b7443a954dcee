using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Curia.Tests.Architecture;

namespace Curia.Tests.Ledger;

/// <summary>A ledger that was written once and stays as it is, with what its writer knew of it.</summary>
/// <param name="Folder">Its folder.</param>
/// <param name="Expected">The lines of <c>expected.txt</c>: a word, then its values.</param>
internal sealed record OldLedger(string Folder, IReadOnlyList<string[]> Expected)
{
    public const string Root = "tests/Curia.Tests/Ledger/old";

    public static OldLedger Read(string format)
    {
        string folder = Path.Combine(Repository.Root, Root, format);
        string[] lines = File.ReadAllLines(Path.Combine(folder, "expected.txt"));
        return new OldLedger(folder, [.. lines.Where(line => line.Length > 0 && line[0] != '#').Select(line =>
            line.Split(' '))]);
    }

    /// <summary>The chunk files, in the order of the ledger.</summary>
    public IReadOnlyList<(string Name, byte[] Bytes)> Chunks =>
    [
        .. Curia.Ledger.LedgerChunk.InOrder(Directory.EnumerateFiles(Folder).Select(file => Path.GetFileName(file)))
            .Select(name => (name, File.ReadAllBytes(Path.Combine(Folder, name)))),
    ];

    public byte[] BytesOf(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    /// <summary>The values of all lines that begin with a word.</summary>
    public IEnumerable<string[]> All(string word) => Expected.Where(line => line[0] == word).Select(line => line[1..]);

    /// <summary>The one value of the one line that begins with a word.</summary>
    public string One(string word) => Assert.Single(Assert.Single(All(word)));

    /// <summary>The one value as bytes.</summary>
    public byte[] Hex(string word) => Convert.FromHexString(One(word));

    /// <summary>The one value as a number.</summary>
    public ulong Number(string word) => ulong.Parse(One(word), CultureInfo.InvariantCulture);
}
