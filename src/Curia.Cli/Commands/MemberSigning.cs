using System;
using System.Collections.Generic;
using System.CommandLine;
using Curia.Cli.Files;
using Curia.Cryptography;

namespace Curia.Cli.Commands;

/// <summary>Something that a member signs.</summary>
/// <param name="Sign">Signs with a key.</param>
/// <param name="Assemble">The message of r and s.</param>
/// <param name="IsRight">Whether the member has signed a message.</param>
internal sealed record Signable(
    Func<Signer, byte[]> Sign, Func<byte[], byte[]> Assemble, Func<byte[], bool> IsRight);

/// <summary>How a member signs on the command line: with a key in a file, or in two steps with one in a
/// device.</summary>
/// <param name="certificate">The member's certificate.</param>
/// <param name="key">Its private key.</param>
internal sealed class MemberSigning(Option<string> certificate, Option<string> key)
{
    private const long SignatureBytesMax = 256;

    private readonly Option<string> prepare = new("--prepare")
    {
        Description = "Write the bytes to be signed instead, for a key in a device.",
        HelpName = "FILE",
    };

    private readonly Option<string> signature = new("--signature")
    {
        Description = "What the device made of these bytes: r and s, or DER.",
        HelpName = "FILE",
    };

    /// <summary>Adds the options of the two steps to a command, which has the other two.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(prepare);
        command.Options.Add(signature);
    }

    /// <summary>Where the bytes to be signed go; null when this run signs.</summary>
    public string? Prepared(ParseResult parsed) => parsed.GetValue(prepare);

    /// <summary>Whose certificate is given.</summary>
    /// <exception cref="CommandFailure">It is none, or not exactly one way to sign is given.</exception>
    public Certificate Member(ParseResult parsed)
    {
        int ways = (parsed.GetValue(key) is null ? 0 : 1) + (parsed.GetValue(prepare) is null ? 0 : 1)
            + (parsed.GetValue(signature) is null ? 0 : 1);
        if (ways != 1) throw CommandFailure.WrongUsage("give one of --key PEM, --prepare FILE and --signature FILE.");
        string path = parsed.GetValue(certificate)
            ?? throw CommandFailure.WrongUsage("give --cert PEM, the certificate of the member who signs.");
        return Certificate.TryFromPem(InputFile.ReadPem(path), out Certificate? read)
                ? read!
                : throw CommandFailure.Environment($"{path} is no certificate in PEM with a key on a NIST curve.");
    }

    /// <summary>The algorithm that a key in a device must use.</summary>
    public static string AlgorithmOf(Certificate member) => member.Key.Curve switch
    {
        SigningCurve.P256 => "ECDSA with SHA-256",
        SigningCurve.P384 => "ECDSA with SHA-384",
        _ => "ECDSA with SHA-512",
    };

    /// <summary>The signed message.</summary>
    /// <exception cref="CommandFailure">The key is not that of the certificate, or the signature is not over these
    /// bytes.</exception>
    public byte[] Sign(ParseResult parsed, Certificate member, Signable what)
    {
        if (parsed.GetValue(key) is { } file) return WithKey(file, member, what);
        string path = parsed.GetValue(signature)!;

        // Devices give r and s, tools like openssl DER.
        byte[] given = InputFile.Read(path, SignatureBytesMax);
        List<byte[]> readings = [given];
        if (EcdsaSignature.TryFromDer(given, member.Key.Curve, out byte[] plain)) readings.Add(plain);
        foreach (byte[] one in readings)
        {
            byte[] message = what.Assemble(one);
            if (what.IsRight(message)) return message;
        }

        throw CommandFailure.Refused($"{path} is not the member's signature over this: it is made over the bytes that "
            + $"--prepare writes, {AlgorithmOf(member)}, and is r and s or DER.");
    }

    private static byte[] WithKey(string path, Certificate member, Signable what)
    {
        if (!EcdsaSigner.TryFromPem(InputFile.ReadPem(path), out EcdsaSigner? signer))
            throw CommandFailure.Environment($"{path} is no private key in PEM on a NIST curve.");
        using (signer)
        {
            return signer!.SubjectPublicKeyInfo.Span.SequenceEqual(member.SubjectPublicKeyInfo.Span)
                ? what.Sign(signer)
                : throw CommandFailure.Environment($"{path} is not the private key of the certificate.");
        }
    }
}
