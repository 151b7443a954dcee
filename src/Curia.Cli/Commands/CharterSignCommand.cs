using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Text;
using System.Text.Json.Nodes;
using Curia.Cli.Charters;
using Curia.Cli.Files;
using Curia.Cli.Terminal;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Cli.Commands;

/// <summary><c>curia charter sign</c>: with a key in a file, or in two steps with one in a device.</summary>
internal static class CharterSignCommand
{
    private const long KeyBytesMax = 64 << 10;
    private const long SignatureBytesMax = 256;

    public static Command Build()
    {
        Argument<string> file = CharterCommands.Charter();
        Option<string> certificate = new("--cert")
        {
            Description = "The certificate of the member who signs.",
            HelpName = "PEM",
            Required = true,
        };
        Option<string> key = new("--key") { Description = "Its private key.", HelpName = "PEM" };
        Option<string> prepare = new("--prepare")
        {
            Description = "Write the bytes to be signed instead, for a key in a device.",
            HelpName = "FILE",
        };
        Option<string> signature = new("--signature")
        {
            Description = "What the device made of these bytes: r and s, or DER.",
            HelpName = "FILE",
        };
        Option<string> target = new("--out")
        {
            Description = "The file to write; without it NAME.charter.cose beside the charter.",
            HelpName = "FILE",
        };
        Command sign = new("sign", "Sign a charter as a member.")
        {
            file, certificate, key, prepare, signature, target,
        };
        sign.SetAction(parsed =>
        {
            Screen screen = Screen.For(parsed);
            string path = parsed.GetValue(file)!;
            (string? pem, string? toSign, string? signed) =
                (parsed.GetValue(key), parsed.GetValue(prepare), parsed.GetValue(signature));
            if ((pem is null ? 0 : 1) + (toSign is null ? 0 : 1) + (signed is null ? 0 : 1) != 1)
                throw CommandFailure.WrongUsage("give one of --key PEM, --prepare FILE and --signature FILE.");
            if (toSign is not null && parsed.GetValue(target) is not null)
                throw CommandFailure.WrongUsage("--prepare names the file that it writes: leave --out out.");
            Charter charter = CharterFile.Read(path);
            Certificate member = ReadCertificate(parsed.GetValue(certificate)!);
            if (!charter.TryGetMember(new MemberId(member.Fingerprint), out string? name, out _))
            {
                throw CommandFailure.Refused($"the certificate {parsed.GetValue(certificate)} is of no member of "
                    + $"{path}: its SHA-256 is {member.Fingerprint}. ./curia charter show {path} lists the members.");
            }

            Signing signing = new(screen, charter, member, name);
            if (toSign is not null) return signing.Prepare(toSign);
            string written = parsed.GetValue(target)
                ?? Path.Combine(Path.GetDirectoryName(path)!, $"{name}.charter.cose");
            return signing.Write(pem is not null ? signing.WithKey(pem) : signing.WithSignature(signed!), written);
        });
        return sign;
    }

    private static Certificate ReadCertificate(string path) =>
        Certificate.TryFromPem(Encoding.ASCII.GetString(InputFile.Read(path, KeyBytesMax)), out Certificate? read)
            ? read!
            : throw CommandFailure.Environment($"{path} is no certificate in PEM with a key on a NIST curve.");

    /// <summary>A member at one charter.</summary>
    private sealed record Signing(Screen Screen, Charter Charter, Certificate Member, string Name)
    {
        private string Algorithm => Member.Key.Curve switch
        {
            SigningCurve.P256 => "ECDSA with SHA-256",
            SigningCurve.P384 => "ECDSA with SHA-384",
            _ => "ECDSA with SHA-512",
        };

        public int Prepare(string path)
        {
            OutputFiles.WriteNew(path, CharterSignature.BytesToSign(Charter, Member));
            if (Screen.Json)
            {
                JsonObject prepared = About();
                prepared["prepared"] = path;
                prepared["algorithm"] = Algorithm;
                Screen.Document(prepared);
                return ExitCode.Done;
            }

            Screen.Verbatim($"charter    {Charter.Digest}");
            Screen.Verbatim($"member     {Name}");
            Screen.Verbatim($"to sign    {path}, {Algorithm}");
            Screen.Line("Sign these bytes with the member's key, and bring the signature back with --signature FILE.");
            return ExitCode.Done;
        }

        public byte[] WithKey(string path)
        {
            string pem = Encoding.ASCII.GetString(InputFile.Read(path, KeyBytesMax));
            if (!EcdsaSigner.TryFromPem(pem, out EcdsaSigner? signer))
                throw CommandFailure.Environment($"{path} is no private key in PEM on a NIST curve.");
            using (signer)
            {
                if (!signer!.SubjectPublicKeyInfo.Span.SequenceEqual(Member.SubjectPublicKeyInfo.Span))
                    throw CommandFailure.Environment($"{path} is not the private key of the certificate of {Name}.");
                return CharterSignature.Sign(Charter, Member, signer);
            }
        }

        // Devices give r and s, tools like openssl DER.
        public byte[] WithSignature(string path)
        {
            byte[] given = InputFile.Read(path, SignatureBytesMax);
            List<byte[]> readings = [given];
            if (EcdsaSignature.TryFromDer(given, Member.Key.Curve, out byte[] plain)) readings.Add(plain);
            foreach (byte[] signature in readings)
            {
                byte[] message = CharterSignature.Assemble(Charter, Member, signature);
                if (CharterSignature.TryVerify(Charter, message, out _, out _)) return message;
            }

            throw CommandFailure.Refused($"{path} is not the signature of {Name} over this charter: it is made over "
                + $"the bytes that --prepare writes, {Algorithm}, and is r and s or DER.");
        }

        public int Write(byte[] message, string path)
        {
            OutputFiles.WriteNew(path, message);
            if (Screen.Json)
            {
                JsonObject signed = About();
                signed["signature"] = path;
                Screen.Document(signed);
                return ExitCode.Done;
            }

            Screen.Verbatim($"charter    {Charter.Digest}");
            Screen.Verbatim($"member     {Name}");
            Screen.Verbatim($"signature  {path}");
            return ExitCode.Done;
        }

        private JsonObject About() => new()
        {
            ["charter"] = Charter.Digest.ToString(),
            ["member"] = Name,
            ["id"] = Member.Fingerprint.ToString(),
        };
    }
}
