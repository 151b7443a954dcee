using Curia.Simulation.Network;

namespace Curia.Tests.Consensus;

/// <summary>The checker of client histories, held to histories that are known to be good or bad.</summary>
public sealed class LinearizabilityCheckerTests
{
    [Fact]
    public void Nothing_and_one_operation_after_the_other_are_in_order()
    {
        Assert.True(IsLinearizable([]));
        Assert.True(IsLinearizable([Write(1, 2, "a"), Read(3, 4, "a"), Write(5, 6, "b"), Read(7, 8, "b")]));
    }

    [Fact]
    public void A_read_after_a_write_sees_it()
    {
        Assert.False(IsLinearizable([Write(1, 2, "a"), Read(3, 4, null)]));
        Assert.False(IsLinearizable([Write(1, 2, "a"), Write(3, 4, "b"), Read(5, 6, "a")]));
    }

    [Fact]
    public void A_read_beside_a_write_may_see_either()
    {
        Assert.True(IsLinearizable([Write(1, 4, "a"), Read(2, 3, "a")]));
        Assert.True(IsLinearizable([Write(1, 4, "a"), Read(2, 3, null)]));
    }

    [Fact]
    public void What_one_reader_saw_the_next_one_sees_too()
    {
        Assert.False(IsLinearizable([Write(1, 10, "a"), Read(2, 3, "a"), Read(4, 5, null)]));
        Assert.True(IsLinearizable([Write(1, 10, "a"), Read(2, 3, null), Read(4, 5, "a")]));
    }

    [Fact]
    public void Two_writers_side_by_side_have_one_order_for_all()
    {
        KeyOperation[] writers = [Write(1, 10, "a"), Write(2, 10, "b")];
        Assert.True(IsLinearizable([.. writers, Read(3, 4, "b"), Read(5, 6, "a")]));
        Assert.False(IsLinearizable([.. writers, Read(3, 4, "b"), Read(5, 6, "a"), Read(7, 8, "b")]));
    }

    [Fact]
    public void A_write_that_nobody_heard_of_may_come_at_any_time_after_it_was_asked_for()
    {
        KeyOperation unheard = Write(1, long.MaxValue, "a");
        Assert.True(IsLinearizable([unheard, Read(2, 3, null), Read(90, 91, "a")]));
        Assert.False(IsLinearizable([Read(2, 3, "a"), Write(4, long.MaxValue, "a")]));
    }

    [Fact]
    public void An_update_that_was_lost_shows()
    {
        Assert.True(IsLinearizable([Append(1, 5, "x"), Append(2, 6, "xx"), Append(3, 7, "xxx")]));
        Assert.False(IsLinearizable([Append(1, 5, "x"), Append(2, 6, "x")]));
        Assert.False(IsLinearizable([Append(1, 2, "xx"), Append(3, 4, "x")]));
    }

    // Each of the first writes may come before each other one: only what was tried already keeps this short.
    [Fact]
    public void Many_writers_side_by_side_are_decided()
    {
        KeyOperation[] writes = new KeyOperation[14];
        for (int index = 0; index < writes.Length; index++) writes[index] = Write(index, 100, $"{index % 3}");
        Assert.True(IsLinearizable([.. writes, Read(101, 102, "2")]));
        Assert.False(IsLinearizable([.. writes, Read(101, 102, "9")]));
    }

    private static bool? IsLinearizable(KeyOperation[] operations) =>
        LinearizabilityChecker.IsLinearizable(operations);

    private static KeyOperation Write(long asked, long told, string value) =>
        new(asked, told, _ => new KeyStep(value), $"write {value}");

    private static KeyOperation Read(long asked, long told, string? value) =>
        new(asked, told, now => now == value ? new KeyStep(now) : null, $"read {value}");

    private static KeyOperation Append(long asked, long told, string result) =>
        new(asked, told, now => now + "x" == result ? new KeyStep(result) : null, $"append to {result}");
}
