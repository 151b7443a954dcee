using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Attestation;
using Curia.Governance;

namespace Curia.Tests.Governance;

/// <summary>What people are told before they sign (DESIGN 1; the charter of issue 6).</summary>
public sealed class CharterMeaningTests
{
    private static readonly CharterContent made = MadeCharter.Content();

    [Fact]
    public void Every_topic_has_something_to_say_and_nothing_is_said_of_others()
    {
        IReadOnlyList<CharterMeaning> all = CharterMeaning.Of(MadeCharter.Of(made));
        Assert.Equal(CharterMeaning.Topics.Keys, all.Select(one => one.Topic).Distinct());
        Assert.All(all, one => Assert.EndsWith(".", one.Text, StringComparison.Ordinal));
        Assert.Equal(all.Count, all.Select(one => one.Text).Distinct().Count());
    }

    [Fact]
    public void Share_holders_read_everything_together()
    {
        CharterMeaning readers = Of(made, "readers")[0];
        Assert.Equal(
            "Any 2 of these 3 share holders together can open the ledger secrets and read all that is ever written: "
                + "alpha, beta, gamma.", readers.Text);
        Assert.False(readers.IsWarning);
        Assert.DoesNotContain("delta", readers.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void One_who_reads_alone_is_a_warning()
    {
        CharterMeaning alone = Of(made with { RecoveryThreshold = 1 }, "readers")[0];
        Assert.True(alone.IsWarning);
        Assert.Contains("alone", alone.Text, StringComparison.Ordinal);
        CharterMeaning owner = Of(made with
        {
            Members = made.Members.With("delta", made.Members["delta"] with { Recovery = RecoveryRole.Owner }),
        }, "readers")[1];
        Assert.True(owner.IsWarning);
        Assert.EndsWith("alone can open the ledger secrets and read all that is ever written: delta.", owner.Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_number_of_founders_that_may_cheat_is_said()
    {
        Assert.Equal(
            [
                "All 3 founding nodes of 3 owners must be there.",
                "Up to 2 founding nodes may cheat, and there is still one network at most; 3 could make two of this "
                    + "charter.",
            ],
            Of(made, "founders").Select(one => one.Text));
        CharterContent two = made with { FoundersNeeded = 2, Consensus = new ConsensusRules() };
        IReadOnlyList<CharterMeaning> founders = Of(two, "founders");
        Assert.Equal("2 of 3 founding nodes of 3 owners are enough.", founders[0].Text);
        Assert.StartsWith("No founding node may cheat", founders[1].Text, StringComparison.Ordinal);
        Assert.True(founders[1].IsWarning);
    }

    [Fact]
    public void An_owner_of_so_many_nodes_that_it_could_cheat_alone_is_a_warning()
    {
        CharterContent content = made with
        {
            Slots = made.Slots.With("node3", new CharterSlot("alpha", "snp", "node3.example:1")),
            FoundersNeeded = 3,
            Consensus = new ConsensusRules(),
        };
        CharterMeaning alone = Of(content, "founders")[2];
        Assert.Equal("alpha alone owns 2 of them.", alone.Text);
        Assert.True(alone.IsWarning); // one cheating node is allowed, and it has two
    }

    [Fact]
    public void Virtual_is_the_weakest_of_all_and_INSECURE()
    {
        IReadOnlyList<CharterMeaning> said = Of(made, "platforms");
        Assert.Equal("On each of snp, tdx, virtual, and so on the weakest of them: who breaks one reads everything. By "
            + "this charter that is virtual.", said[0].Text);
        Assert.Contains("INSECURE", said[1].Text, StringComparison.Ordinal);
        Assert.True(said[1].IsWarning);
    }

    [Fact]
    public void Confidentiality_rests_on_the_weakest_platform()
    {
        CharterContent hardware = Hardware(made);
        hardware = hardware with { Platforms = hardware.Platforms with { Tdx = TdxPolicy.Strict } };
        IReadOnlyList<CharterMeaning> said = Of(hardware, "platforms");
        Assert.StartsWith(
            "On each of snp, tdx, and so on the weakest of them", said[0].Text, StringComparison.Ordinal);
        Assert.EndsWith("By this charter that is snp.", said[0].Text, StringComparison.Ordinal);
        Assert.DoesNotContain(said, one => one.Text.Contains("INSECURE", StringComparison.Ordinal));

        SnpPolicy strict = SnpPolicy.Strict with { MinimumTcb = hardware.Platforms.Snp!.MinimumTcb };
        said = Of(hardware with { Platforms = hardware.Platforms with { Snp = strict } }, "platforms");
        Assert.EndsWith("who breaks one reads everything.", Assert.Single(said).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_thing_that_a_policy_lets_pass_is_a_warning()
    {
        SnpPolicy lax = SnpPolicy.Strict with
        {
            RevocationListRequired = false,
            Providers = null,
            MaskedChipIdAllowed = true,
            MigrationAgentAllowed = true,
        };
        TdxPolicy laxToo = TdxPolicy.Strict with
        {
            RequiredCollateral = IntelCollateral.TcbInfo,
            AcceptedTcbStatuses = [TcbStatus.UpToDate, TcbStatus.OutOfDate],
            AllowedAttributes = TdxPolicy.Strict.AllowedAttributes | TdxAttributes.Migratable,
            ServiceDomainsAllowed = true,
        };
        CharterContent hardware = Hardware(made);
        IReadOnlyList<CharterMeaning> said =
            Of(hardware with { Platforms = new PlatformPolicies(lax, laxToo) }, "platforms");
        Assert.Equal(
            [
                "names no minimum TCB: firmware with known flaws passes", "takes evidence without a revocation list",
                "takes keys that any cloud provider has loaded", "takes processors that the host does not name",
                "takes guests that a migration agent may move and read",
            ],
            said.Where(one => one.Text.StartsWith("The policy of snp", StringComparison.Ordinal))
                .Select(one => one.Text["The policy of snp ".Length..^1]));
        Assert.Equal(
            [
                "takes evidence without some of Intel's collateral", "takes firmware of which Intel says OutOfDate",
                "allows 1 more attribute than the strict one", "takes domains that service domains may read",
            ],
            said.Where(one => one.Text.StartsWith("The policy of tdx", StringComparison.Ordinal))
                .Select(one => one.Text["The policy of tdx ".Length..^1]));
        Assert.All(said.Skip(1), one => Assert.True(one.IsWarning));
    }

    [Fact]
    public void What_a_commit_takes_is_said()
    {
        Assert.Equal("When more than half of the voting nodes have stored it, and among these are nodes of 2 platforms "
            + "and 2 owners.", Assert.Single(Of(made, "commit")).Text);
        IReadOnlyList<CharterMeaning> weak = Of(made with
        {
            Consensus = made.Consensus with { Operators = 1, LossWaived = true, Durability = Durability.Buffered },
        }, "commit");
        Assert.EndsWith("nodes of 2 platforms.", weak[0].Text, StringComparison.Ordinal);
        Assert.Equal([true, true], weak.Skip(1).Select(one => one.IsWarning));
        Assert.Equal("When more than half of the voting nodes have stored it.",
            Of(made with { Consensus = new ConsensusRules() }, "commit")[0].Text);
    }

    [Fact]
    public void What_needs_no_vote_is_said()
    {
        string said = string.Join('\n', Of(made, "without_a_vote").Select(one => one.Text));
        Assert.Contains("Nothing opens: the members vote for it.", said, StringComparison.Ordinal);
        Assert.Contains("up to 1 node without one, if it runs voted code: it is given all secrets once nodes of 2 "
            + "owners have appraised it.", said, StringComparison.Ordinal);
        Assert.Contains("every 30 days", said, StringComparison.Ordinal);
        Assert.Contains("within 72 hours", said, StringComparison.Ordinal);
        Assert.Contains("issue keys of their own: bank.", said, StringComparison.Ordinal);
        said = string.Join('\n', Of(made with
        {
            Opening = OpeningRule.AtOnce,
            Admission = new AdmissionRules(),
            KeyPeriodDays = 0,
            LeaseHours = 0,
            Participants = new Dictionary<string, CharterParticipant>(),
        }, "without_a_vote").Select(one => one.Text));
        Assert.Contains("opens as soon as its genesis block", said, StringComparison.Ordinal);
        Assert.Contains("No node comes in.", said, StringComparison.Ordinal);
        Assert.Contains("only a vote renews it", said, StringComparison.Ordinal);
        Assert.DoesNotContain("hour", said, StringComparison.Ordinal);
        Assert.DoesNotContain("issue keys", said, StringComparison.Ordinal);
    }

    private static IReadOnlyList<CharterMeaning> Of(CharterContent content, string topic) =>
        [.. CharterMeaning.Of(MadeCharter.Of(content)).Where(one => one.Topic == topic)];

    // The same without the virtual platform.
    private static CharterContent Hardware(CharterContent content) => content with
    {
        Platforms = content.Platforms with { Virtual = null },
        Code = content.Code.With("ledger-node", content.Code["ledger-node"] with
        {
            Platforms = content.Code["ledger-node"].Platforms.Where(one => one.Key != "virtual").ToDictionary(),
        }),
        Slots = content.Slots.With("node2", content.Slots["node2"] with { Platform = "snp" }),
        Consensus = new ConsensusRules(),
    };
}
