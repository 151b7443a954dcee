using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Establishment;
using Curia.Cli.Networks;

namespace Curia.Cli.Sandbox;

/// <summary>The steps from nothing, or from the files of an earlier sandbox, to an open network.</summary>
internal sealed class SandboxOpening(SandboxSetup setup, TourSteps steps, CancellationToken cancel)
{
    private bool IsOne => setup.Nodes.Count == 1;

    private string Number => IsOne ? "the node" : $"{setup.Nodes.Count} nodes";

    /// <summary>Makes keys, charter and settings, and starts nothing.</summary>
    public async Task PrepareAsync()
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
        await steps.RunAsync(
            "charter",
            "Agree on a charter",
            "Who governs, which code may run, by which rules, who founds. Each member reads and signs its own copy.",
            () =>
            {
                string digest = setup.MakeCharter().ToString();
                string copies = setup.Members == 1 ? "one signed copy" : $"{setup.Members} signed copies";
                return Task.FromResult(new StepResult(
                    $"charter {digest}, {copies}",
                    $"./curia charter show {setup.FolderName}/member0_charter.cbor"));
            }).ConfigureAwait(false);
        LocalNode first = setup.Nodes[0];
        await steps.RunAsync(
            "settings",
            IsOne ? "Write the settings of the node" : "Write the settings of the nodes",
            "Addresses, paths and limits. The host owns these files, so nothing that others rely on rests on them.",
            () =>
            {
                setup.WriteSettings();
                return Task.FromResult(new StepResult(
                    IsOne ? first.ConfigPath : $"{first.ConfigPath} and beside it", $"cat {first.ConfigPath}"));
            }).ConfigureAwait(false);
    }

    /// <summary>Makes a network.</summary>
    public async Task<SandboxFile> OpenAsync()
    {
        await PrepareAsync().ConfigureAwait(false);
        LocalNode first = setup.Nodes[0];
        await steps.RunAsync(
            "evidence",
            IsOne ? "Start the node" : $"Start {Number}",
            "Each has made a key that never leaves it, and evidence of the code that it runs, bound to both.",
            StartAsync).ConfigureAwait(false);
        await steps.RunAsync(
            "endorse",
            IsOne ? "Its owner endorses the node" : "Each owner endorses its node",
            "It has checked the evidence against its own charter first, and signs for this one process.",
            async () =>
            {
                await setup.Founding.EndorseAsync(cancel).ConfigureAwait(false);
                return new StepResult(
                    string.Join(", ", setup.Nodes.Select(node =>
                        $"{node.Name} by {SandboxCharter.NameOf(setup.Founding.OwnerOf(node))}")),
                    "./curia node endorse --help");
            }).ConfigureAwait(false);
        await steps.RunAsync(
            "match",
            IsOne ? "The founder verifies itself" : "The founders verify each other",
            "Charter, endorsement, evidence: each by its own charter. Then each signs once with whom it founds.",
            async () =>
            {
                FounderViews views = await setup.Founding.MatchAsync(steps.Progress, cancel).ConfigureAwait(false);
                return new StepResult(
                    IsOne ? "it has signed its founding statement" : $"all {setup.Nodes.Count} have signed the same",
                    $"./curia establish status --dir {setup.FolderName}")
                {
                    Picture = EstablishmentPicture.Matrix(views),
                };
            }).ConfigureAwait(false);
        await steps.RunAsync(
            "genesis",
            "Bootstrap the network and its keys",
            IsOne
                ? "Keys were born in the node; charter and evidence stand in the genesis block."
                : "Keys were born in one node, with entropy of all; every founder computed the block, and compared.",
            async () =>
            {
                string network = await setup.Founding.FoundAsync(cancel).ConfigureAwait(false);
                return new StepResult(
                    $"genesis block {network}, the name of the network",
                    $"./curia ledger show {first.LedgerPath} --from 1 --to 1");
            }).ConfigureAwait(false);
        SandboxFile? sandbox = null;
        await steps.RunAsync(
            "open",
            "Open the service",
            IsOne ? "It serves." : "Any node serves, and any majority of them can go on.",
            async () =>
            {
                sandbox = await setup.OpenAsync(cancel).ConfigureAwait(false);
                string processes = string.Join(", ", setup.Nodes.Select(node => $"{node.Process!.Pid}"));
                return new StepResult(
                    IsOne ? $"process {processes}, log in {first.LogPath}"
                        : $"processes {processes}, logs in {first.LogPath} and beside it",
                    $"cat {first.LogPath}");
            }).ConfigureAwait(false);
        return sandbox!;
    }

    private async Task<StepResult> StartAsync()
    {
        await setup.StartAsync(cancel).ConfigureAwait(false);
        return new StepResult(
            string.Join(", ", setup.Nodes.Select(node => $"{node.Name} is {node.IdentityIfThere()!.Id}")),
            $"cat {setup.Nodes[0].IdentityPath}");
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
