using System;
using System.Buffers;
using System.Buffers.Text;
using System.IO;
using System.Linq;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>The folder that Azure's confidential containers have: what the host knows of its processor, who endorses
/// the utility machine, and the policy of the container group.</summary>
internal sealed class SecurityContext
{
    /// <summary>The file that makes a folder one.</summary>
    public const string CertificateFile = "host-amd-cert-base64";

    private const string EndorsementFile = "reference-info-base64";
    private const string PolicyFile = "security-policy-base64";
    private const string FolderPattern = "security-context-*";

    private readonly string folder;

    private SecurityContext(string folder) => this.folder = folder;

    /// <summary>The folder that the machine names, or the first by name of those at its root.</summary>
    /// <returns>Null when there is none.</returns>
    public static SecurityContext? Find(Machine machine)
    {
        if (machine.SecurityContext is { Length: > 0 } named)
        {
            string path = Path.Combine(machine.Root, named.TrimStart('/'));
            return File.Exists(Path.Combine(path, CertificateFile)) ? new SecurityContext(path) : null;
        }

        if (!Directory.Exists(machine.Root)) return null;
        string? found = Directory.EnumerateDirectories(machine.Root, FolderPattern)
            .Where(path => File.Exists(Path.Combine(path, CertificateFile))).Order(StringComparer.Ordinal)
            .FirstOrDefault();
        return found is null ? null : new SecurityContext(found);
    }

    /// <summary>Evidence with what the folder has.</summary>
    /// <exception cref="EvidenceException">A file is not what it must be.</exception>
    public MachineEvidence AddTo(MachineEvidence evidence)
    {
        byte[] json = Read(CertificateFile, AzureHostCertificate.SizeMax)!;
        if (!AzureHostCertificate.TryDecode(json, out AzureHostCertificate? host))
            throw Malformed(CertificateFile, "is no JSON with a certificate and its chain");
        byte[]? endorsement = Read(EndorsementFile, UvmEndorsement.SizeMax);
        byte[]? policy = Read(PolicyFile, MachineEvidence.PolicySizeMax);
        return evidence with
        {
            Certificates = host!.Certificates,
            UvmEndorsement = Optional(endorsement),
            ContainerPolicy = Optional(policy),
        };
    }

    // An array that is null would become memory that is empty.
    private static ReadOnlyMemory<byte>? Optional(byte[]? bytes) => bytes is null ? (ReadOnlyMemory<byte>?)null : bytes;

    // Null when there is no such file, which only the first may not do: it made the folder one.
    private byte[]? Read(string name, int sizeMax)
    {
        string path = Path.Combine(folder, name);
        try
        {
            if (name != CertificateFile && !File.Exists(path)) return null;
            int textMax = ((sizeMax + 2) / 3 * 4) + 2; // a new line may be behind it
            byte[] read = BoundedFile.Read(path, textMax);
            if (read.Length > textMax)
                throw new EvidenceException(EvidenceRefusal.TooLarge, $"{path} holds more than {sizeMax} bytes.");
            int textSize = read.AsSpan().TrimEnd("\r\n"u8).Length;
            if (Base64.DecodeFromUtf8InPlace(read.AsSpan(0, textSize), out int size) != OperationStatus.Done)
                throw Malformed(name, "is not Base64");
            return size > 0 ? read[..size] : throw Malformed(name, "is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Malformed(name, $"cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    private EvidenceException Malformed(string name, string what, Exception? inner = null) => new(
        EvidenceRefusal.ContextMalformed, $"{Path.Combine(folder, name)} {what}. The host made it: ask its operator.",
        inner);
}
