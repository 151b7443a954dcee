using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Networks;

namespace Curia.Cli.Sandbox;

/// <summary>The steps from nothing, or from the files of an earlier sandbox, to an open network.</summary>
internal sealed class SandboxOpening(SandboxSetup setup, TourSteps steps, CancellationToken cancel)
{
    private bool IsOne => setup.Nodes.Count == 1;

    private string Number => IsOne ? "the node" : $"{setup.Nodes.Count} nodes";

    /// <summary>Makes a network.</summary>
    public async Task<SandboxFile> OpenAsync()
    {
        await steps.RunAsync(
            "keys",
            "Make keys and certificates",
            "A member or user is the SHA-256 of a certificate. Private keys stay in files that only you can read.",
            async () =>
            {
                await setup.MakeKeysAsync().ConfigureAwait(false);
                string who = $"{Count(setup.Members, "member")} and {Count(setup.Users, "user")}";
                return new StepResult(
                    $"{who}, each with a P-256 certificate; members also with an RSA key for recovery shares",
                    "./curia user keygen --name alice");
            }).ConfigureAwait(false);
        LocalNode first = setup.Nodes[0];
        await steps.RunAsync(
            "settings",
            IsOne ? "Write the settings of the node" : "Write the settings of the first node",
            "Addresses, paths and limits. The host owns this file, so nothing that others rely on rests on it alone.",
            () =>
            {
                setup.WriteSettings();
                return Task.FromResult(new StepResult(first.ConfigPath, $"cat {first.ConfigPath}"));
            }).ConfigureAwait(false);
        SandboxFile? sandbox = null;
        await steps.RunAsync(
            "open",
            "Start the node and open the service",
            "The node has made its own key, the service key and the ledger secret, and signed the genesis block.",
            async () =>
            {
                sandbox = await setup.OpenFirstAsync(cancel).ConfigureAwait(false);
                return new StepResult($"process {first.Process!.Pid}, log in {first.LogPath}", $"cat {first.LogPath}");
            }).ConfigureAwait(false);
        if (IsOne) return sandbox!;
        await steps.RunAsync(
            "join",
            $"Let {Count(setup.Nodes.Count - 1, "more node")} join",
            "More than half of the members have signed for each. Then it was given the secrets, and now it votes.",
            async () =>
            {
                sandbox = await setup.JoinOthersAsync(steps.Progress, cancel).ConfigureAwait(false);
                LocalNode last = setup.Nodes[^1];
                return new StepResult($"{setup.Nodes.Count} nodes vote; any majority can go on", $"cat {last.LogPath}");
            }).ConfigureAwait(false);
        return sandbox!;
    }

    /// <summary>Goes on with an earlier one.</summary>
    public async Task<SandboxFile> GoOnAsync(SandboxFile earlier)
    {
        setup.RememberIdentity(earlier);
        setup.ChangeSettings();
        SandboxFile? sandbox = null;
        await steps.RunAsync(
            "open",
            IsOne ? "Start the node on its ledger" : $"Start {Number} on their ledgers",
            IsOne
                ? "It has verified every byte of its disk, unsealed the older keys, and opened an epoch with new ones."
                : "Each has verified its disk; they went on from the newest ledger of a majority, in a new epoch.",
            async () =>
            {
                sandbox = await setup.ReopenAsync(steps.Progress, cancel).ConfigureAwait(false);
                LocalNode first = setup.Nodes[0];
                string what = IsOne
                    ? $"process {first.Process!.Pid}, log in {first.LogPath}"
                    : $"logs in {first.LogPath} and beside it";
                return new StepResult(what, $"cat {first.LogPath}");
            }).ConfigureAwait(false);
        return sandbox!;
    }

    private static string Count(int number, string what) => number == 1 ? $"one {what}" : $"{number} {what}s";
}
