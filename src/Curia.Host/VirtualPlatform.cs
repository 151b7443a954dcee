using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Vocabulary;
using Platform = Curia.Attestation.VirtualPlatform;

namespace Curia.Host;

/// <summary>The simulated platform of development: it goes the way of hardware and protects nothing.</summary>
internal static class VirtualPlatform
{
    // A node has some 150 files of together 60 MB.
    private const int FilesMax = 10_000;
    private const int HostDataSize = 32;

    /// <summary>The key under which a node seals what the next process on this disk must know. Hardware derives it
    /// from a secret of the processor and the measured code; this one is the same everywhere and stands here for all
    /// to read, so that whoever has the files has the secrets. It does not depend on the program, so that a sandbox
    /// goes on after the program was built anew. The caller disposes it.</summary>
    public static SecretBytes SealingKey() => new("virtual platform: INSECURE 0001!!"u8[..AeadKey.KeySize]);

    /// <summary>What the platform says of this process, as hardware would: the measurement is that of the program's
    /// files.</summary>
    /// <param name="reportData">What the evidence is to bind, 64 bytes.</param>
    /// <param name="plays">The name that the platform plays; null for its own.</param>
    /// <param name="tcb">The security version that it plays.</param>
    /// <exception cref="StartFailure">The program's files cannot be read.</exception>
    public static AttesterEvidence Attest(ReadOnlyMemory<byte> reportData, string? plays, int tcb)
    {
        using EcdsaSigner key = Platform.OpenKey();
        return AttesterEvidence.OfVirtual(VirtualEvidence.Sign(
            new VirtualReport(
                plays ?? Platform.Name, MeasureProgram(), reportData, new byte[HostDataSize],
                tcb, Debug: false),
            key));
    }

    /// <summary>The measurement of the program that runs: of all files in its folder, whoever put them there.</summary>
    /// <exception cref="StartFailure">They cannot be read.</exception>
    public static Measurement MeasureProgram()
    {
        string folder = AppContext.BaseDirectory;
        try
        {
            string[] files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Take(FilesMax + 1)];
            if (files.Length > FilesMax)
                throw new StartFailure($"The program in {folder} cannot be measured",
                    $"its folder has more than {FilesMax} files", "Keep ledgers and logs elsewhere");
            Dictionary<string, Digest> digests = [];
            foreach (string file in files)
            {
                using FileStream stream = File.OpenRead(file);
                string name = Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/');
                digests[name] = new Digest(System.Security.Cryptography.SHA256.HashData(stream));
            }

            return ProgramMeasurement.Of(digests);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartFailure($"The program in {folder} cannot be measured", e.Message.TrimEnd('.'),
                "Install the program anew, into a folder of its own");
        }
    }
}
