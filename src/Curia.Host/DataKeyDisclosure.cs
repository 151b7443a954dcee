using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using Curia.Cryptography;
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
        using SecretBytes key = node.DiscloseDataKey();
        string hex = Convert.ToHexStringLower(key.Reveal());
        byte[] content = Encoding.ASCII.GetBytes(
            $$"""{"version":1,"periods":[{"from":1,"data_key":"{{hex}}"}]}""" + "\n");
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
        }

        log.Warning($"INSECURE: the key of all private data was written to {path}, because --disclose-data-keys asked "
            + "for it.");
    }
}
