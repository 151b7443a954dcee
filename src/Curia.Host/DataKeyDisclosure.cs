using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Curia.Ledger;
using Curia.Node;

namespace Curia.Host;

/// <summary>Writes the key of the ledger's private parts to a file, for <c>curia ledger show --keys</c>. A development
/// aid: it is asked for on the command line, which a measured image fixes, and only the virtual platform grants
/// it.</summary>
internal static class DataKeyDisclosure
{
    /// <summary>Writes the file, readable by its owner alone.</summary>
    /// <exception cref="StartFailure">The file cannot be written.</exception>
    public static void Write(string path, CuriaNode node, HostLog log)
    {
        IReadOnlyList<DisclosedPeriod> periods = node.DiscloseDataKeys();
        IEnumerable<string> each = periods.Select(period =>
            $$"""{"from":{{period.From}},"data_key":"{{Convert.ToHexStringLower(period.DataKey.Reveal())}}"}""");
        byte[] content = Encoding.ASCII.GetBytes($$"""{"version":1,"periods":[{{string.Join(',', each)}}]}""" + "\n");
        try
        {
            DurableFiles.Replace(Path.GetFullPath(path), content, isSecret: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"The data keys cannot be written to {path}", e.Message.TrimEnd('.'),
                "Name another file");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
            foreach (DisclosedPeriod period in periods) period.DataKey.Dispose();
        }

        log.Warning($"INSECURE: the key of all private data was written to {path}, because --disclose-data-keys asked "
            + "for it.");
    }
}
