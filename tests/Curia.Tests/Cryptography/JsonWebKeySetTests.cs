using System.Text;
using CsCheck;
using Curia.Cryptography;

namespace Curia.Tests.Cryptography;

public sealed class JsonWebKeySetTests
{
    private const string X = "usWxHK2PmfnHKwXPS54m0kTcGJ90UiglWiGahtagnv8";
    private const string Y = "IBOL-C3BttVivg-lSreASjpkttcsz-1rb7btKLv8EX4";

    private const string NotOnTheCurve =
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" + Y + "\",\"y\":\"" + Y + "\"}]}";

    [Fact]
    public void Keys_of_other_types_are_left_out()
    {
        string json = $$"""
            {"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"secp256k1","x":"{{X}}","y":"{{Y}}"},
            {"kty":"EC","crv":"P-256","kid":"a","x":"{{X}}","y":"{{Y}}"}]}
            """;
        Assert.True(JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(json), out JsonWebKeySet? set));
        JsonWebKey key = Assert.Single(set!.Keys);
        Assert.Equal("a", key.KeyId);
        Assert.Equal(SigningCurve.P256, key.Key.Curve);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"keys\":{}}")]
    [InlineData("{\"keys\":[1]}")]
    [InlineData("{\"keys\":[]} x")]
    [InlineData("{\"keys\":[],\"keys\":[]}")]
    [InlineData("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\"}]}")]
    [InlineData("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"" + Y + "\"}]}")]
    [InlineData(NotOnTheCurve)]
    [InlineData("{\"keys\":[[[[[[[[[[1]]]]]]]]]]}")]
    public void Whatever_is_no_key_set_is_refused(string json) =>
        Assert.False(JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(json), out _));

    [Fact]
    public void Any_bytes_give_a_set_or_a_refusal()
    {
        byte[] valid = Encoding.UTF8.GetBytes(
            $$"""{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"{{X}}","y":"{{Y}}"}]}""");
        Gen.OneOf(Gen.Byte.Array[0, 100], CoseSign1Tests.Mutations(valid))
            .Sample(bytes => JsonWebKeySet.TryParse(bytes, out JsonWebKeySet? set) == set is not null, iter: 2000);
        Assert.False(JsonWebKeySet.TryParse(new byte[JsonWebKeySet.SizeMax + 1], out _));
    }
}
