using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Receipts;

/// <summary>One folder of the vectors of others (vectors/receipts/README.md).</summary>
internal sealed class ReceiptCase
{
    private readonly string folder;

    private ReceiptCase(string folder)
    {
        this.folder = folder;
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        JsonElement root = document.RootElement;
        Kind = root.GetProperty("kind").GetString()!;
        JsonElement expected = root.GetProperty("expected");
        IsStatement = expected.ValueKind == JsonValueKind.Array;
        Expected = IsStatement ? [.. expected.EnumerateArray().Select(e => e.GetString()!)] : [expected.GetString()!];
        if (root.TryGetProperty("transaction_id", out JsonElement txId)) TransactionId = txId.GetString();
        if (root.TryGetProperty("claims_digest", out JsonElement claims)) ClaimsDigest = claims.GetString();
    }

    public static string Folder { get; } = FindFolder();

    public static IEnumerable<string> Names => Directory.Exists(Folder)
        ? Directory.GetDirectories(Folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)
        : [];

    public string Kind { get; }

    public bool IsStatement { get; }

    public IReadOnlyList<string> Expected { get; }

    public string? TransactionId { get; }

    public string? ClaimsDigest { get; }

    public byte[] Claims => Optional("application_claims.json");

    public byte[] Receipt => new[] { "transparent_statement.cose", "receipt.cose", "receipt.json" }
        .Select(Optional).First(bytes => bytes.Length > 0);

    public static ReceiptCase Read(string name)
    {
        string folder = Path.Combine(Folder, name);
        if (!File.Exists(Path.Combine(folder, "case.json"))) Assert.Skip($"the vectors are not at {folder}");
        return new ReceiptCase(folder);
    }

    public ReceiptVerifyOptions Options()
    {
        ReceiptVerifyOptions options = new() { Claims = Claims };
        foreach (string name in (string[])["service_cert.pem", "keys.jwks.json", "log-key.pub"])
        {
            byte[] file = Optional(name);
            if (file.Length == 0) continue;
            Assert.True(ServiceKeys.TryRead(file, out ServiceKeys? keys), name);
            options = options with { Keys = options.Keys.With(keys!) };
        }

        if (TransactionId is null) return options;
        Assert.True(TxId.TryParse(TransactionId, out TxId txId));
        return options with { TxId = txId };
    }

    private byte[] Optional(string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? File.ReadAllBytes(path) : [];
    }

    // The vectors lie beside the repository, whose root is the folder with the solution.
    private static string FindFolder()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Curia.slnx"))) folder = folder.Parent;
        return Path.GetFullPath(Path.Combine(folder?.FullName ?? ".", "..", "shared", "vectors", "receipts"));
    }
}
