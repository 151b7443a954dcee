using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Live;

/// <summary>What can go wrong, each from its beginning until the network is whole again.</summary>
/// <param name="network">The network.</param>
/// <param name="random">Chooses whom it meets.</param>
/// <param name="duration">How long what passes lasts, at least.</param>
/// <param name="goesOn">Ends when clients have been told of a new commit: a majority is still there.</param>
internal sealed class Faults(LiveNetwork network, Random random, TimeSpan duration, Func<Task> goesOn)
{
    private Wire Wire => network.Machines.Wire;

    /// <summary>All of them, by name.</summary>
    public IReadOnlyDictionary<string, Func<Task>> All => new Dictionary<string, Func<Task>>
    {
        ["kill-backup"] = async () => await KillAsync(await BackupsAsync(1)),
        ["kill-primary"] = async () => await KillAsync([await network.PrimaryAsync()]),
        ["kill-minority"] = async () => await KillAsync(Some(network.Size / 2)),
        ["kill-all"] = KillAllAsync,
        ["primary-alone"] = PrimaryAloneAsync,
        ["one-direction"] = OneDirectionAsync,
        ["bridge"] = BridgeAsync,
        ["split-reconfiguration"] = SplitReconfigurationAsync,
        ["stop-primary"] = async () => await StopAsync(await network.PrimaryAsync()),
        ["stop-backup"] = async () => await StopAsync((await BackupsAsync(1))[0]),
        ["kill-all-some-late"] = KillAllSomeLateAsync,
        ["kill-all-again"] = KillAllAgainAsync,
        ["kill-founder-while-searching"] = KillFounderWhileSearchingAsync,
        ["loss"] = () => WithLinksAsync((_, _) => new Link(Loss: 0.05)),
        ["delay"] = () => WithLinksAsync((_, _) => new Link(Delay: 100)),
        ["reordering"] = () => WithLinksAsync((_, _) => new Link(Jitter: 30)),
        ["slow-disk"] = SlowDiskAsync,
        ["full-disk"] = FullDiskAsync,
        ["rolling"] = RollingAsync,
    };

    /// <summary>Why a fault cannot be tried here; null when it can.</summary>
    public static string? WhyNot(string name) =>
        name == "slow-disk" && !Host.Tracing.IsPossible()
            ? "a slow disk is played by strace, which cannot run here"
            : null;

    // Processes die; the others go on; they come back on their disks as new nodes.
    private async Task KillAsync(LiveNode[] victims)
    {
        foreach (LiveNode victim in victims) victim.Kill();
        await goesOn();
        foreach (LiveNode victim in victims) await network.ReplaceAsync(victim);
    }

    private async Task KillAllAsync()
    {
        foreach (LiveNode node in network.Nodes) node.Kill();
        await network.RestartAsync([.. network.Nodes]);
    }

    // They die once more while they come back: before they have met, while they open the epoch, or soon after.
    private async Task KillAllAgainAsync()
    {
        foreach (LiveNode node in network.Nodes) node.Kill();
        network.StartAgain([.. network.Nodes]);
        await Task.Delay(random.Next(1000, 8000));
        foreach (LiveNode node in network.Nodes) node.Kill();
        await network.RestartAsync([.. network.Nodes]);
    }

    // A majority of the disks is enough; the others join what has gone on without them.
    private async Task KillAllSomeLateAsync()
    {
        foreach (LiveNode node in network.Nodes) node.Kill();
        LiveNode[] mixed = Some(network.Size);
        int majority = network.Size / 2 + 1;
        await network.RestartAsync(mixed[..majority]);
        await goesOn();
        foreach (LiveNode late in mixed[majority..]) await network.ReplaceAsync(late);
    }

    // The disk that goes furthest comes back with too few others to begin at once, is heard, and ends before it has
    // asked for a promise. The others are enough without it, and are not to wait for it.
    private async Task KillFounderWhileSearchingAsync()
    {
        LiveNode furthest = await network.PrimaryAsync();
        LiveNode[] others = Some(network.Size - 1, except: furthest);
        foreach (LiveNode other in others) other.Kill();
        await Task.Delay(300); // it orders what the others will lack
        furthest.Kill();
        int majority = network.Size / 2 + 1;
        LiveNode[] again = network.StartAgain([furthest, .. others[..(majority - 1)]]);
        foreach (LiveNode node in again) await network.SearchesAsync(node);
        await Task.Delay(1000); // they hear each other; it waits for the other disks for three seconds
        again[0].Kill();
        await network.RestartAsync(others[(majority - 1)..]);
        foreach (LiveNode node in again[1..]) await node.OpenedAsync(LiveNetwork.Patience);
        await goesOn();
        await network.ReplaceAsync(again[0]);
    }

    // It still answers clients, and must not commit anything for them.
    private async Task PrimaryAloneAsync()
    {
        LiveNode primary = await network.PrimaryAsync();
        await WithLinksAsync((from, to) => (from == primary.Machine) != (to == primary.Machine) ? Link.Cut : default);
    }

    // Either nobody hears the primary, or it hears nobody.
    private async Task OneDirectionAsync()
    {
        LiveNode primary = await network.PrimaryAsync();
        bool isMute = random.Next(2) == 0;
        await WithLinksAsync((from, to) => (isMute ? from : to) == primary.Machine ? Link.Cut : default);
    }

    // One node sees all others, and the two halves of the others see only that one.
    private async Task BridgeAsync()
    {
        LiveNode[] mixed = Some(network.Size);
        int bridge = mixed[0].Machine;
        HashSet<int> half = [.. mixed.Skip(1).Take((network.Size - 1) / 2).Select(node => node.Machine)];
        await WithLinksAsync((from, to) =>
            from == bridge || to == bridge || half.Contains(from) == half.Contains(to) ? default : Link.Cut);
    }

    // The network falls apart while a node is being admitted: the primary with the new one, or with nobody.
    private async Task SplitReconfigurationAsync()
    {
        LiveNode primary = await network.PrimaryAsync();
        LiveNode joins = network.Start(network.FreeMachine());
        Task admitted = network.AdmitAsync(joins);
        await Task.Delay(random.Next(200, 1500));
        bool isTogether = random.Next(2) == 0;
        bool IsHere(int machine) => machine == primary.Machine || (isTogether && machine == joins.Machine);
        await WithLinksAsync((from, to) => IsHere(from) != IsHere(to) ? Link.Cut : default);
        await admitted;
        LiveNode leaves = Some(1, except: joins)[0];
        await network.RetireAsync(leaves);
        network.Forget(leaves);
    }

    private async Task StopAsync(LiveNode node)
    {
        node.Stop();
        await Task.WhenAll(goesOn(), Task.Delay(duration));
        node.Continue();
    }

    private async Task SlowDiskAsync()
    {
        LiveNode slow = random.Next(2) == 0 ? Some(1)[0] : await network.PrimaryAsync();
        string[] trace =
        [
            "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:delay_enter=150000",
            "-p", $"{slow.ProcessId}",
        ];
        using Process strace = Process.Start(new ProcessStartInfo("strace", trace))!;
        await Task.Delay(duration);
        Machines.Run("kill", "-INT", $"{strace.Id}");
        await strace.WaitForExitAsync();
    }

    // A node whose disk is full stops; the others go on. It comes back when there is room.
    private async Task FullDiskAsync()
    {
        LiveNode full = Some(network.Size).First(node => network.HasOwnDisk(node.Machine));
        network.Fill(full.Machine);
        if (!await full.EndedAsync(LiveNetwork.Patience)) throw new LiveException($"{full} goes on with a full disk");
        if (full.ExitCode != 3) throw new LiveException($"{full} ended with {full.ExitCode} when its disk was full");
        await goesOn();
        network.Empty(full.Machine);
        await network.ReplaceAsync(full);
    }

    // Every machine is replaced by another one, while clients go on.
    private async Task RollingAsync()
    {
        foreach (LiveNode old in network.Nodes)
        {
            LiveNode next = network.Start(network.FreeMachine());
            await network.AdmitAsync(next);
            await network.RetireAsync(old);
            await old.EndedAsync(duration / 2);
            network.Forget(old);
        }
    }

    private async Task WithLinksAsync(Func<int, int, Link> choose)
    {
        Wire.Set(choose);
        await Task.WhenAll(goesOn(), Task.Delay(duration));
        Wire.Heal();
    }

    private async Task<LiveNode[]> BackupsAsync(int count)
    {
        LiveNode primary = await network.PrimaryAsync();
        return Some(count, except: primary);
    }

    private LiveNode[] Some(int count, LiveNode? except = null)
    {
        LiveNode[] all = [.. network.Nodes.Where(node => node != except)];
        random.Shuffle(all);
        return all[..count];
    }
}
