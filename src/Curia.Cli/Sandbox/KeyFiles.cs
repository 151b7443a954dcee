using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Cli.Sandbox;

/// <summary>Makes the key and certificate files of a member or user. Nothing is ever overwritten.</summary>
internal static class KeyFiles
{
    /// <summary>The size of a member's encryption key in bits: recovery shares are sealed to it for years (NIST
    /// SP 800-57 part 1, table 2: 128 bits of security).</summary>
    public const int EncryptionKeyBits = 3072;

    /// <summary>The size in a sandbox, whose shares protect nothing: made in a tenth of the time.</summary>
    public const int SandboxEncryptionKeyBits = 2048;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes <c>NAME_cert.pem</c> and <c>NAME_privk.pem</c>, for members <c>NAME_enc_privk.pem</c> and
    /// <c>NAME_enc_pubk.pem</c> too.</summary>
    /// <param name="folder">Where they go.</param>
    /// <param name="name">Their common name, and the beginning of the file names.</param>
    /// <param name="encryptionKeyBits">The size of a member's encryption key; 0 for a user, who has none.</param>
    /// <param name="validity">How long the certificate is valid.</param>
    /// <returns>SHA-256 of the certificate: the id of the member or user.</returns>
    public static Digest Make(string folder, string name, int encryptionKeyBits, TimeSpan validity)
    {
        SystemEntropy entropy = new();
        using EcdsaSigner key = EcdsaSigner.Generate(entropy);
        DateTimeOffset now = DateTimeOffset.UtcNow;

        // A minute of grace for a node whose clock is a little behind.
        byte[] der = CertificateAuthority.SelfSigned(key, name, now.AddMinutes(-1), now + validity, entropy);
        List<string> made = [];
        try
        {
            WriteNew(Path.Combine(folder, KeyOf(name)), key.ExportPem(), isSecret: true, made);
            WriteNew(Path.Combine(folder, CertificateOf(name)), PemEncoding.WriteString("CERTIFICATE", der),
                isSecret: false, made);
            if (encryptionKeyBits > 0) MakeEncryptionKey(folder, name, encryptionKeyBits, made);
            return Digest.Of(der);
        }
        catch (CommandFailure)
        {
            // Half an identity is of no use, and would be in the way of the next attempt.
            foreach (string path in made) File.Delete(path);
            throw;
        }
    }

    public static string CertificateOf(string name) => $"{name}_cert.pem";

    public static string KeyOf(string name) => $"{name}_privk.pem";

    public static string EncryptionKeyOf(string name) => $"{name}_enc_privk.pem";

    public static string EncryptionPublicKeyOf(string name) => $"{name}_enc_pubk.pem";

    private static void MakeEncryptionKey(string folder, string name, int bits, List<string> made)
    {
        using RSA key = RSA.Create(bits);
        WriteNew(Path.Combine(folder, EncryptionKeyOf(name)), key.ExportPkcs8PrivateKeyPem(), isSecret: true, made);
        WriteNew(Path.Combine(folder, EncryptionPublicKeyOf(name)), key.ExportSubjectPublicKeyInfoPem(),
            isSecret: false, made);
    }

    private static void WriteNew(string path, string pem, bool isSecret, List<string> made)
    {
        using FileStream stream = CreateNew(path, isSecret);
        made.Add(path);
        try
        {
            stream.Write(Encoding.ASCII.GetBytes(pem.EndsWith('\n') ? pem : pem + "\n"));
        }
        catch (IOException e)
        {
            throw CommandFailure.File("write", path, e);
        }
    }

    // Without a buffer, so that a full disk is met by the write and not by the disposal.
    private static FileStream CreateNew(string path, bool isSecret)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (isSecret && !OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        try
        {
            return new FileStream(path, options);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw CommandFailure.Environment(
                $"{path} is already there, and a key is never overwritten. Give another --name or --out.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("write", path, e);
        }
    }
}
