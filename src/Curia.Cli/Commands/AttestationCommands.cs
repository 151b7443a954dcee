using System.CommandLine;

namespace Curia.Cli.Commands;

/// <summary><c>curia attestation</c>: each verb is a file of its own.</summary>
internal static class AttestationCommands
{
    public static Command Build() =>
        new("attestation", "Attestation: what hardware vouches for.")
        {
            AttestationVerifyCommand.Build(), AttestationGetCommand.Build(), AttestationShowCommand.Build(),
            AttestationMeasureCommand.Build(),
        };
}
