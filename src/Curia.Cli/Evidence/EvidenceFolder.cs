using System;
using System.Collections.Generic;
using System.IO;
using Curia.Attestation;
using Curia.Cli.Files;

namespace Curia.Cli.Evidence;

/// <summary>Evidence and endorsements in a folder, by the names of docs/attestation.md, "Files".</summary>
internal static class EvidenceFolder
{
    /// <summary>Reads the files of a platform that are there.</summary>
    /// <exception cref="CommandFailure">There is no such folder, or a file cannot be read.</exception>
    public static AttesterEvidence Read(string folder, string platform)
    {
        if (!Directory.Exists(folder))
            throw CommandFailure.Environment($"there is no folder {folder}; --bundle names one with evidence.");
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        foreach (string name in EvidenceBundle.FilesOf(AttesterEvidence.Platforms[platform]))
        {
            string path = Path.Combine(folder, name);
            if (Path.Exists(path)) files[name] = InputFile.Read(path, AttesterEvidence.SizeMax);
        }

        return new AttesterEvidence(platform, files);
    }
}
