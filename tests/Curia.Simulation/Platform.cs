using System;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Node;

namespace Curia.Simulation;

/// <summary>The simulated machine: what every process of a run is started with.</summary>
internal static class Platform
{
    /// <summary>The same for all processes, as the machine and the code are the same.</summary>
    public static SecretBytes SealingKey { get; } = new("the sealing key of this machine."u8);

    /// <summary>That of another machine: it opens nothing here.</summary>
    public static SecretBytes OtherSealingKey { get; } = new("the sealing key of another one..."u8[..32]);

    public static GenesisSettings Genesis { get; } = new()
    {
        Name = "simulation",
        Members = [new GenesisMember(Identities.Member, null)],
        Users = [.. Array.ConvertAll([.. Identities.Users], user => new GenesisUser(user))],
    };

    public static NodeSetup Setup(Signer nodeKey, Entropy entropy, NodeLimits limits) => new()
    {
        NodeKey = nodeKey,
        Entropy = entropy,
        NewSigner = source => new SeededSigner(source),
        OpenSigner = exported => new SeededSigner(exported),
        SealingKey = SealingKey,
        Application = SimulationApp.Endpoints,
        Genesis = Genesis,
        SubjectAlternativeNames = [new SubjectAlternativeName.Dns("localhost")],
        PublishedAddresses = ["localhost:8000"],
        Limits = limits,
    };
}
