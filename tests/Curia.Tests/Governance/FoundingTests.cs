using System;
using System.Linq;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Tests.Governance;

/// <summary>Each founder's own decision (DESIGN 1): it founds with those that it has verified itself, and says so
/// once.</summary>
public sealed class FoundingTests : IDisposable
{
    private readonly MadeFounder[] made = MadeFounders.All();

    public void Dispose()
    {
        foreach (MadeFounder founder in made) founder.Dispose();
    }

    [Fact]
    public void Founders_that_verify_each_other_agree_on_one_thing()
    {
        Founding[] foundings = [.. made.Select(founder => founder.Begin())];
        foreach (Founding one in foundings)
        {
            Assert.Null(one.Statement);
            Show(one);
            Assert.NotNull(one.Statement);
            Assert.Null(one.Agreement);
        }

        foreach (Founding one in foundings)
        {
            foreach (MadeFounder other in made.Where(founder => founder.Node != one.Self))
            {
                Assert.Null(one.Agreement);
                Assert.Null(one.Take(other.Node, Of(foundings, other).Statement!));
            }
        }

        NodeId[] ids = [.. made.Select(founder => founder.Node).OrderBy(node => node)];
        Assert.All(foundings, one =>
        {
            Assert.Equal(ids, one.Agreement!.Founders.Select(founder => founder.Node));
            Assert.Equal(ids[0], one.Agreement.Primary);
            Assert.All(one.Slots.Values, slot => Assert.Equal(FounderState.Agreed, slot.State));
            Assert.All(one.Agreement.Founders, founder => Assert.True(founder.Statement.IsBy(founder.Node)));
        });
    }

    [Fact]
    public void A_founder_alone_agrees_with_itself_at_once()
    {
        CharterContent content = MadeFounders.Content();
        Charter alone = MadeCharter.Of(content with
        {
            Slots = content.Slots.Where(slot => slot.Key == "node0").ToDictionary(),
            FoundersNeeded = 1,
            Admission = content.Admission with { Appraisers = 1 },
        });
        using MadeFounder founder = MadeFounders.Of("node0", alone);
        FoundingAgreement agreement = founder.Begin().Agreement!;
        Assert.Equal(founder.Node, agreement.Primary);
        Assert.True(Assert.Single(agreement.Founders).Statement.IsBy(founder.Node));
    }

    [Fact]
    public void A_founder_that_is_not_what_its_own_charter_says_does_not_begin()
    {
        FoundingRefusal? refusal = Founding.TryBegin(
            MadeFounders.Charter, made[0].Shown, attempt: 2, made[0].Key, MadeFounders.Now, out Founding? founding);
        Assert.Equal(FoundingFault.EndorsementForAnotherAttempt, refusal?.Fault);
        Assert.Null(founding);
        refusal = Founding.TryBegin(
            MadeFounders.Charter, made[0].Shown, 1, made[1].Key, MadeFounders.Now, out founding);
        Assert.Equal(FoundingFault.EndorsementForAnotherNode, refusal?.Fault);
        Assert.Null(founding);
    }

    [Fact]
    public void Nothing_is_signed_while_one_is_missing_or_refused()
    {
        Founding founding = made[0].Begin();
        Assert.Null(founding.Take(made[1].Node, made[1].Shown, MadeFounders.Now));
        Charter other = MadeCharter.Of(MadeFounders.Content() with { RecoveryThreshold = 3 });
        using MadeFounder changed = MadeFounders.Of("node2", other);
        Assert.Equal(FoundingFault.AnotherCharter,
            founding.Take(changed.Node, changed.Shown, MadeFounders.Now)?.Fault);
        Assert.Null(founding.Statement);
        Assert.Equal(
            [FounderState.Verified, FounderState.Verified, FounderState.Refused],
            founding.Slots.OrderBy(slot => slot.Key).Select(slot => slot.Value.State));
        Assert.Equal(FoundingFault.AnotherCharter, founding.Slots["node2"].Refusal?.Fault);

        // Whoever is refused takes nobody's place.
        Assert.Null(founding.Take(made[2].Node, made[2].Shown, MadeFounders.Now));
        Assert.NotNull(founding.Statement);
    }

    [Fact]
    public void A_slot_is_one_node_and_a_node_is_in_one_slot()
    {
        Founding founding = made[0].Begin();
        Assert.Null(founding.Take(made[1].Node, made[1].Shown, MadeFounders.Now));
        using MadeFounder second = MadeFounders.Of("node1"); // its owner has endorsed two
        Assert.Equal(FoundingFault.SlotTaken,
            founding.Take(second.Node, second.Shown, MadeFounders.Now)?.Fault);
        Assert.Equal(made[1].Node, founding.Slots["node1"].Node);
        Assert.Equal(FounderState.Verified, founding.Slots["node1"].State);
        using MadeFounder own = MadeFounders.Of("node0");
        Assert.Equal(FoundingFault.OwnSlot, founding.Take(own.Node, own.Shown, MadeFounders.Now)?.Fault);

        // The same again costs nothing and changes nothing; something else of the same node is refused.
        Assert.Null(founding.Take(made[1].Node, made[1].Shown, MadeFounders.Now));
        FounderPresentation renewed =
            made[1].With(made[1].Said with { Expires = MadeFounders.Now.AddHours(2) });
        Assert.Equal(FoundingFault.SlotTaken, founding.Take(made[1].Node, renewed, MadeFounders.Now)?.Fault);
    }

    // A node in the middle has a key of its own, and that is what the connection ends in.
    [Fact]
    public void What_others_show_is_of_no_use_to_who_repeats_it()
    {
        Founding founding = made[0].Begin();
        Assert.Equal(FoundingFault.EndorsementForAnotherNode,
            founding.Take(made[2].Node, made[1].Shown, MadeFounders.Now)?.Fault);
        Assert.Null(founding.Take(made[1].Node, made[1].Shown, MadeFounders.Now));
        Assert.Null(founding.Take(made[2].Node, made[2].Shown, MadeFounders.Now));
    }

    [Fact]
    public void A_statement_counts_when_it_is_the_same_and_the_founders_own()
    {
        Founding[] foundings = [.. made.Select(founder => founder.Begin())];
        SignedFoundingStatement early = Signed(made[1], made);
        Assert.Equal(FoundingFault.StatementDiffers, foundings[0].Take(made[1].Node, early)?.Fault);
        foreach (Founding one in foundings) Show(one);
        SignedFoundingStatement right = foundings[1].Statement!;
        using MadeFounder stranger = MadeFounders.Of("node1");
        Assert.Equal(FoundingFault.StatementDiffers, foundings[0].Take(stranger.Node, right)?.Fault);
        Assert.Equal(FoundingFault.StatementInvalid, foundings[0].Take(made[2].Node, right)?.Fault);
        byte[] signature = right.Signature.ToArray();
        signature[3] ^= 1;
        Assert.Equal(FoundingFault.StatementInvalid,
            foundings[0].Take(made[1].Node, right with { Signature = signature })?.Fault);
        Assert.Null(foundings[0].Take(made[1].Node, right));
        Assert.Null(foundings[0].Take(made[1].Node, right)); // again
        Assert.Null(foundings[0].Agreement);
        Assert.Null(foundings[0].Take(made[2].Node, foundings[2].Statement!));
        Assert.NotNull(foundings[0].Agreement);
    }

    // It has shown another process in some slot to somebody, or founds something else.
    [Fact]
    public void A_founder_that_signs_something_else_or_twice_is_never_agreed_with()
    {
        Founding founding = made[0].Begin();
        Show(founding);
        using MadeFounder other = MadeFounders.Of("node2");
        SignedFoundingStatement wrong = Signed(made[1], [made[0], made[1], other]);
        FoundingRefusal refusal = founding.Take(made[1].Node, wrong)!;
        Assert.Equal(FoundingFault.StatementDiffers, refusal.Fault);
        Assert.Contains(other.Node.ToString(), refusal.Detail, StringComparison.Ordinal);
        SignedFoundingStatement right = Signed(made[1], made);
        Assert.Equal(FoundingFault.SecondStatement, founding.Take(made[1].Node, right)?.Fault);
        Assert.Null(founding.Take(made[2].Node, Signed(made[2], made)));
        Assert.Null(founding.Agreement);
        Assert.Equal(FounderState.Refused, founding.Slots["node1"].State);
    }

    [Fact]
    public void A_statement_has_one_encoding_in_order_of_nodes()
    {
        Founding founding = made[0].Begin();
        Show(founding);
        byte[] encoded = founding.Statement!.Encode();
        Assert.True(SignedFoundingStatement.TryDecode(encoded, out SignedFoundingStatement? read));
        Assert.True(read.IsBy(made[0].Node));
        Assert.False(SignedFoundingStatement.TryDecode((byte[])[.. encoded, 0], out _));
        Assert.False(SignedFoundingStatement.TryDecode(encoded.AsMemory(0, encoded.Length - 1), out _));
        Assert.True(FoundingStatement.TryDecode(read.Statement, out FoundingStatement? statement));
        Assert.Equal(3, statement.Founders.Count);
        FoundingStatement turned = statement with { Founders = [.. statement.Founders.Reverse()] };
        Assert.False(FoundingStatement.TryDecode(turned.Encode(), out _));
        FoundingStatement twice = statement with { Founders = [statement.Founders[0], .. statement.Founders] };
        Assert.False(FoundingStatement.TryDecode(twice.Encode(), out _));
        Assert.False(FoundingStatement.TryDecode((statement with { Founders = [] }).Encode(), out _));
    }

    private void Show(Founding to)
    {
        foreach (MadeFounder other in made.Where(founder => founder.Node != to.Self))
            Assert.Null(to.Take(other.Node, other.Shown, MadeFounders.Now));
    }

    private static Founding Of(Founding[] foundings, MadeFounder founder) =>
        foundings.Single(one => one.Self == founder.Node);

    private static SignedFoundingStatement Signed(MadeFounder by, MadeFounder[] of) => SignedFoundingStatement.Sign(
        new FoundingStatement(
            MadeFounders.Charter.Digest, 1,
            [
                .. of.Select(one => FounderEntry.Of(one.Node, one.Shown)).OrderBy(one => one.Node),
            ]), by.Key);
}
