using Curia.Vocabulary;

namespace Curia.Tests.Vocabulary;

public sealed class TxIdTests
{
    [Theory]
    [InlineData("2.15", 2, 15)]
    [InlineData("0.0", 0, 0)]
    [InlineData("18446744073709551615.18446744073709551615", ulong.MaxValue, ulong.MaxValue)]
    public void Text_and_value_are_one(string text, ulong view, ulong seqNo)
    {
        Assert.True(TxId.TryParse(text, out TxId txId));
        Assert.Equal(new TxId(new View(view), new SeqNo(seqNo)), txId);
        Assert.Equal(text, txId.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("2")]
    [InlineData("2.")]
    [InlineData(".15")]
    [InlineData("2.15.1")]
    [InlineData("-2.15")]
    [InlineData("+2.15")]
    [InlineData(" 2.15")]
    [InlineData("2.15 ")]
    [InlineData("02.15")]
    [InlineData("2.015")]
    [InlineData("2.1e1")]
    [InlineData("2.18446744073709551616")]
    [InlineData("２.１５")]
    [InlineData("2.15\0")]
    [InlineData("2\0.15")]
    public void Anything_else_is_refused(string text) => Assert.False(TxId.TryParse(text, out _));

    [Fact]
    public void Views_order_before_positions() =>
        Assert.True(new TxId(new View(2), new SeqNo(90)) < new TxId(new View(3), new SeqNo(1)));
}
