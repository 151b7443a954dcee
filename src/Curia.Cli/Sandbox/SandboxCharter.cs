using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using Curia.Cli.Charters;
using Curia.Cli.Files;
using Curia.Cli.Networks;
using Curia.Cli.Terminal;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Cli.Sandbox;

/// <summary>The charter of a sandbox: what its members would have agreed on.</summary>
/// <param name="folder">The folder of the sandbox.</param>
/// <param name="members">The members.</param>
/// <param name="users">The users, its participants.</param>
internal sealed class SandboxCharter(
    string folder, IReadOnlyList<SandboxIdentity> members, IReadOnlyList<SandboxIdentity> users)
{
    /// <summary>How many nodes of voted code an owner may have without a vote.</summary>
    private const int NodesPerOwner = 1;

    private const string KeyEnd = "_cert.pem";

    /// <summary>A member's own copy of the charter.</summary>
    public static string CopyOf(SandboxIdentity member) => $"{NameOf(member)}_charter.cbor";

    /// <summary>Its signature under it.</summary>
    public static string SignatureOf(SandboxIdentity member) => $"{NameOf(member)}_charter.cose";

    /// <summary>The name of a member or user.</summary>
    public static string NameOf(SandboxIdentity identity) => identity.Certificate[..^KeyEnd.Length];

    /// <summary>Who owns the node of a number.</summary>
    public SandboxIdentity OwnerOf(int node) => members[node % members.Count];

    /// <summary>Makes the charter; each member signs its own copy.</summary>
    /// <param name="image">The program that the nodes run.</param>
    /// <param name="application">Its name.</param>
    /// <param name="slots">The founding nodes by name, and the ports where the others find them.</param>
    /// <returns>SHA-256 of the charter.</returns>
    public Digest Make(string image, string application, IReadOnlyList<(string Name, int Port)> slots)
    {
        byte[] json = Encoding.UTF8.GetBytes(Screen.Text(Describe(image, application, slots)));
        Charter charter = CharterFile.ReadJson(json, "what the sandbox describes");
        OutputFiles.WriteNew(folder,
        [
            (CharterFile.Readable, Encoding.UTF8.GetBytes(Screen.Text(charter.ToJson(), indented: true) + "\n")),
            .. members.Select(member => (CopyOf(member), charter.Encoded.ToArray())),
        ]);
        foreach (SandboxIdentity member in members)
        {
            // What a member signs is its own copy, which it has read back.
            using MemberKey key = MemberKey.Read(At(member.Certificate), At(member.Key));
            OutputFiles.WriteNew(At(SignatureOf(member)), key.Sign(CharterFile.Read(At(CopyOf(member)))));
        }

        return charter.Digest;
    }

    /// <summary>Removes what was made.</summary>
    public static void Remove(string folder)
    {
        foreach (string pattern in (string[])["*_charter.cbor", "*_charter.cose", "*_endorsed.json"])
            foreach (string file in Directory.GetFiles(folder, pattern)) File.Delete(file);
        File.Delete(Path.Combine(folder, CharterFile.Readable));
    }

    private JsonObject Describe(string image, string application, IReadOnlyList<(string Name, int Port)> slots) => new()
    {
        ["name"] = "sandbox",
        ["members"] = Named(members, member => new JsonObject
        {
            ["certificate"] = Pem(member.Certificate),
            ["encryption_key"] = Pem(KeyFiles.EncryptionPublicKeyOf(NameOf(member))),
            ["recovery"] = nameof(RecoveryRole.Participant),
        }),
        ["participants"] =
            Named(users, user => new JsonObject { ["certificate"] = Pem(user.Certificate), ["kind"] = "key" }),
        ["code"] = new JsonObject
        {
            [application] = new JsonObject
            {
                ["version"] = typeof(SandboxCharter).Assembly.GetName().Version!.ToString(3),
                ["source"] = "built on this machine",
                ["build_statement"] = Digest.Of("./curia builds it"u8).ToString(),
                ["platforms"] = new JsonObject
                {
                    [SandboxSetup.Platform] = new JsonArray(
                        new JsonObject { ["measurement"] = ProgramFiles.Measure(image).ToString() }),
                },
            },
        },
        ["platforms"] = new JsonObject { [SandboxSetup.Platform] = new JsonObject() },
        ["constitution"] = CharterTemplate.Constitution,
        ["recovery_threshold"] = (members.Count / 2) + 1,
        ["admission"] = new JsonObject
        {
            ["appraisers"] = int.Min(2, int.Min(members.Count, slots.Count)),
            ["nodes_per_owner"] = NodesPerOwner,
        },
        ["opening"] = "at_once",
        ["slots"] = new JsonObject(slots.Select((slot, number) => KeyValuePair.Create(slot.Name, (JsonNode?)
            new JsonObject
            {
                ["owner"] = NameOf(OwnerOf(number)),
                ["platform"] = SandboxSetup.Platform,
                ["address"] = $"127.0.0.1:{slot.Port}",
            }))),
    };

    private static JsonObject Named(IReadOnlyList<SandboxIdentity> all, Func<SandboxIdentity, JsonObject> to) =>
        new(all.Select(one => KeyValuePair.Create(NameOf(one), (JsonNode?)to(one))));

    private string Pem(string file) => InputFile.ReadPem(At(file));

    private string At(string file) => Path.Combine(folder, file);
}
