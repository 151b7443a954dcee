using System;
using System.Collections.Generic;
using System.Text.Json;
using Curia.Cli.Files;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Cli.Ledgers;

/// <summary>Disclosed data keys: those of some periods of a ledger, which open private writes and seal
/// nothing.</summary>
/// <remarks>The file: <c>{"version":1,"periods":[{"from":1,"data_key":"hex"}]}</c>; a period ends where the next
/// begins.</remarks>
internal sealed class DataKeys : IDisposable
{
    private const long FileBytesMax = 16 << 20; // more periods than a ledger has in its life

    private readonly SortedList<SeqNo, SecretBytes> periods = [];
    private readonly Dictionary<(SeqNo, NodeId), EntrySealer> sealers = [];

    private DataKeys()
    {
    }

    /// <summary>Reads a file of keys.</summary>
    public static DataKeys Read(string path)
    {
        DataKeys keys = new();
        try
        {
            using JsonDocument document = JsonDocument.Parse(InputFile.Read(path, FileBytesMax));
            if (document.RootElement.Number("version") != 1) throw new FormatException("its version is not 1");
            foreach (JsonElement period in document.RootElement.List("periods"))
            {
                byte[] key = Convert.FromHexString(period.Text("data_key"));
                if (key.Length != AeadKey.KeySize) throw new FormatException($"a data key has {AeadKey.KeySize} bytes");
                keys.periods.Add(new SeqNo(period.Number("from")), new SecretBytes(key));
            }

            return keys;
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
        {
            throw CommandFailure.Environment($"{path} is no file of data keys: {e.Message}", e);
        }
    }

    /// <summary>Opens the private part of an entry.</summary>
    /// <returns>False when no key fits.</returns>
    public bool TryOpen(LedgerEntry entry, NodeId sealedBy, out byte[] privateBytes)
    {
        privateBytes = [];
        SeqNo? from = null;
        foreach (SeqNo start in periods.Keys)
        {
            if (start <= entry.TxId.SeqNo) from = start;
        }

        if (from is not SeqNo period) return false;
        if (!sealers.TryGetValue((period, sealedBy), out EntrySealer? sealer))
        {
            sealer = new EntrySealer(periods[period], sealedBy);
            sealers.Add((period, sealedBy), sealer);
        }

        return sealer.TryOpen(entry, out privateBytes);
    }

    public void Dispose()
    {
        foreach (EntrySealer sealer in sealers.Values) sealer.Dispose();
        foreach (SecretBytes key in periods.Values) key.Dispose();
    }
}
