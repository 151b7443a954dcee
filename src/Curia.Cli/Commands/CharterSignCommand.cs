using System.CommandLine;
using System.IO;
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
    public static Command Build()
    {
        Argument<string> file = CharterCommands.Charter();
        Option<string> certificate = new("--cert")
        {
            Description = "The certificate of the member who signs.",
            HelpName = "PEM",
        };
        Option<string> key = new("--key") { Description = "Its private key.", HelpName = "PEM" };
        MemberSigning signing = new(certificate, key);
        Option<string> target = new("--out")
        {
            Description = "The file to write; without it NAME.charter.cose beside the charter.",
            HelpName = "FILE",
        };
        Command sign = new("sign", "Sign a charter as a member.")
        {
            file, certificate, key, target,
        };
        signing.AddTo(sign);
        sign.SetAction(parsed =>
        {
            Screen screen = Screen.For(parsed);
            string path = parsed.GetValue(file)!;
            string? toSign = signing.Prepared(parsed);
            if (toSign is not null && parsed.GetValue(target) is not null)
                throw CommandFailure.WrongUsage("--prepare names the file that it writes: leave --out out.");
            Certificate member = signing.Member(parsed);
            Charter charter = CharterFile.Read(path);
            if (!charter.TryGetMember(new MemberId(member.Fingerprint), out string? name, out _))
            {
                throw CommandFailure.Refused($"the certificate {parsed.GetValue(certificate)} is of no member of "
                    + $"{path}: its SHA-256 is {member.Fingerprint}. ./curia charter show {path} lists the members.");
            }

            SignedBy by = new(screen, charter, member, name);
            if (toSign is not null) return by.Prepare(toSign);
            byte[] message = signing.Sign(parsed, member, new Signable(
                signer => CharterSignature.Sign(charter, member, signer),
                signature => CharterSignature.Assemble(charter, member, signature),
                encoded => CharterSignature.TryVerify(charter, encoded, out _, out _)));
            return by.Write(message, parsed.GetValue(target)
                ?? Path.Combine(Path.GetDirectoryName(path)!, $"{name}.charter.cose"));
        });
        return sign;
    }

    /// <summary>A member at one charter.</summary>
    private sealed record SignedBy(Screen Screen, Charter Charter, Certificate Member, string Name)
    {
        public int Prepare(string path)
        {
            OutputFiles.WriteNew(path, CharterSignature.BytesToSign(Charter, Member));
            if (Screen.Json)
            {
                JsonObject prepared = About();
                prepared["prepared"] = path;
                prepared["algorithm"] = MemberSigning.AlgorithmOf(Member);
                Screen.Document(prepared);
                return ExitCode.Done;
            }

            Screen.Verbatim($"charter    {Charter.Digest}");
            Screen.Verbatim($"member     {Name}");
            Screen.Verbatim($"to sign    {path}, {MemberSigning.AlgorithmOf(Member)}");
            Screen.Line("Sign these bytes with the member's key, and bring the signature back with --signature FILE.");
            return ExitCode.Done;
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
