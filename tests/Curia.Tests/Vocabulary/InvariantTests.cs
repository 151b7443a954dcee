using Curia.Vocabulary;

namespace Curia.Tests.Vocabulary;

public sealed class InvariantTests
{
    [Fact]
    public void A_broken_promise_says_what_is_wrong()
    {
        int leaves = 3;
        InvariantException broken = Assert.Throws<InvariantException>(
            () => Invariant.Holds(leaves == 4, $"{leaves} leaves and {0.5:F2}"));
        Assert.Equal("3 leaves and 0.50", broken.Message);
        Assert.Equal("plain", Assert.Throws<InvariantException>(() => Invariant.Holds(false, "plain")).Message);
    }

    [Fact]
    public void A_kept_promise_costs_no_text()
    {
        int formatted = 0;
        Invariant.Holds(true, $"{formatted++}");
        Assert.Equal(0, formatted);
    }
}
