using System;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using System.Text;
using CsCheck;
using Curia.Cryptography;

namespace Curia.Tests.Cryptography;

public sealed class CoseSign1Tests
{
    // RFC 9052 appendix C.2.1, "Single ECDSA Signature".
    private const string SingleEcdsaSignature =
        "d28443a10126a10442313154546869732069732074686520636f6e74656e742e58408eb33e4ca31d1c465ab05aac34cc6b23"
        + "d58fef5c083106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36";

    // RFC 9052 appendix C.1.1, "Single Signature": a COSE_Sign, tag 98.
    private const string SignWithOneSigner =
        "d8628440a054546869732069732074686520636f6e74656e742e818343a10126a1044231315840e2aeafd40d69d19dfe6e52"
        + "077c5d7ff4e408282cbefb5d06cbf414af2e19d982ac45ac98b8544c908b4507de1e90b717c3d34816fe926a2b98f53afd2f"
        + "a0f30a";

    // RFC 9052 appendix C.7.1, the public key "11".
    private const string Key11 =
        """
        {"keys":[{"kty":"EC","kid":"11","crv":"P-256","x":"usWxHK2PmfnHKwXPS54m0kTcGJ90UiglWiGahtagnv8",
        "y":"IBOL-C3BttVivg-lSreASjpkttcsz-1rb7btKLv8EX4"}]}
        """;

    private static readonly byte[] payload = Encoding.UTF8.GetBytes("what is signed");

    [Fact]
    public void The_example_of_RFC_9052_C_2_1_verifies()
    {
        Assert.True(CoseSign1.TryDecode(Convert.FromHexString(SingleEcdsaSignature), out CoseSign1? message));
        Assert.True(JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(Key11), out JsonWebKeySet? keys));
        Assert.True(message!.Verify(keys!.Keys[0].Key));
        Assert.Equal("This is the content.", Encoding.UTF8.GetString(message.Payload!.Value.Span));
        Assert.True(message.Protected.TryGetInt64(CoseSign1.AlgorithmLabel, out long algorithm));
        Assert.Equal(-7, algorithm);
        Assert.True(message.Unprotected.TryGetBytes(CoseSign1.KeyIdLabel, out ReadOnlyMemory<byte> keyId));
        Assert.Equal("11"u8, keyId.Span);
    }

    [Fact]
    public void A_message_of_several_signers_is_not_a_COSE_Sign1() =>
        Assert.False(CoseSign1.TryDecode(Convert.FromHexString(SignWithOneSigner), out _));

    [Theory]
    [InlineData(SigningCurve.P256, false)]
    [InlineData(SigningCurve.P256, true)]
    [InlineData(SigningCurve.P384, false)]
    [InlineData(SigningCurve.P384, true)]
    public void The_framework_accepts_what_we_sign(SigningCurve curve, bool detached)
    {
        using EcdsaSigner signer = EcdsaSigner.Generate(new SystemEntropy(), curve);
        byte[] bytes = CoseSign1.Sign(signer, ProtectedHeader(signer), payload, detached);
        using ECDsa key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(signer.SubjectPublicKeyInfo.Span, out _);
        CoseSign1Message message = CoseMessage.DecodeSign1(bytes);
        Assert.True(detached ? message.VerifyDetached(key, payload) : message.VerifyEmbedded(key));
    }

    [Theory]
    [InlineData(SigningCurve.P256, false)]
    [InlineData(SigningCurve.P256, true)]
    [InlineData(SigningCurve.P384, false)]
    [InlineData(SigningCurve.P384, true)]
    public void We_accept_what_the_framework_signs(SigningCurve curve, bool detached)
    {
        using EcdsaSigner signer = EcdsaSigner.Generate(new SystemEntropy(), curve);
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(signer.ExportPem());
        CoseSigner coseSigner =
            new(key, curve == SigningCurve.P256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA384);
        coseSigner.ProtectedHeaders.Add(CoseHeaderLabel.KeyIdentifier, "11"u8);
        byte[] external = [1, 2, 3];
        byte[] bytes = detached
            ? CoseSign1Message.SignDetached(payload, coseSigner, external)
            : CoseSign1Message.SignEmbedded(payload, coseSigner, external);
        Assert.True(CoseSign1.TryDecode(bytes, out CoseSign1? message));
        using SignatureVerifier verifier = VerifierOf(signer);
        Assert.True(message!.Verify(verifier, payload, external));
        Assert.False(message.Verify(verifier, payload, [1, 2, 4]));
        Assert.False(message.Verify(verifier, "another payload"u8, external));
    }

    [Fact]
    public void A_payload_that_differs_from_the_one_inside_is_refused()
    {
        using EcdsaSigner signer = EcdsaSigner.Generate(new SystemEntropy());
        using SignatureVerifier verifier = VerifierOf(signer);
        byte[] bytes = CoseSign1.Sign(signer, ProtectedHeader(signer), payload);
        Assert.True(CoseSign1.TryDecode(bytes, out CoseSign1? message));
        Assert.True(message!.Verify(verifier));
        Assert.True(message.Verify(verifier, payload));
        Assert.False(message.Verify(verifier, "another payload"u8));
    }

    [Fact]
    public void The_algorithm_must_be_that_of_the_key()
    {
        using EcdsaSigner signer = EcdsaSigner.Generate(new SystemEntropy());
        using EcdsaSigner other = EcdsaSigner.Generate(new SystemEntropy(), SigningCurve.P384);
        Assert.Throws<ArgumentException>(() => CoseSign1.Sign(signer, ProtectedHeader(other), payload));
        Assert.Throws<ArgumentException>(() => CoseSign1.Sign(signer, [], payload));
        byte[] bytes = CoseSign1.Sign(signer, ProtectedHeader(signer), payload);
        Assert.True(CoseSign1.TryDecode(bytes, out CoseSign1? message));
        using SignatureVerifier otherKey = VerifierOf(other);
        Assert.False(message!.Verify(otherKey));
    }

    // RFC 9052 section 3: "labels ... MUST NOT occur in both".
    [Fact]
    public void A_label_in_both_headers_is_refused()
    {
        using EcdsaSigner signer = EcdsaSigner.Generate(new SystemEntropy());
        byte[] doubled = CoseSign1.Sign(signer, ProtectedHeader(signer), payload, false, ProtectedHeader(signer));
        Assert.False(CoseSign1.TryDecode(doubled, out _));
    }

    [Fact]
    public void Headers_outside_the_signature_can_be_exchanged()
    {
        using EcdsaSigner signer = EcdsaSigner.Generate(new SystemEntropy());
        using SignatureVerifier verifier = VerifierOf(signer);
        byte[] header = [0xA1, 0x04, 0x41, 0x07]; // {4: h'07'}
        byte[] with = CoseSign1.Sign(signer, ProtectedHeader(signer), payload, true, header);
        Assert.True(CoseSign1.TryDecode(with, out CoseSign1? message));
        byte[] without = message!.WithUnprotected([]);
        Assert.True(CoseSign1.TryDecode(without, out CoseSign1? bare));
        Assert.Equal(0, bare!.Unprotected.Count);
        Assert.True(bare.Verify(verifier, payload));
        Assert.Equal(with, bare.WithUnprotected(header));
        Assert.True(CoseSign1.TryDecode(bare.WithPayload(payload), out CoseSign1? full));
        Assert.True(full!.Verify(verifier));
    }

    [Fact]
    public void The_tag_may_be_missing_only_where_that_is_allowed()
    {
        byte[] untagged = Convert.FromHexString(SingleEcdsaSignature)[1..];
        Assert.False(CoseSign1.TryDecode(untagged, out _));
        Assert.True(CoseSign1.TryDecode(untagged, out _, tagOptional: true));
    }

    [Theory]
    [InlineData("", "nothing")]
    [InlineData("d284", "cut")]
    [InlineData("d18443a10126a0f640", "tag 17")]
    [InlineData("d28343a10126a0f6", "three elements")]
    [InlineData("d28443a10126a0f64000", "a byte behind")]
    [InlineData("d29f43a10126a0f640ff", "an indefinite array")]
    [InlineData("d2845f43a10126ffa0f640", "an indefinite byte string")]
    [InlineData("d2844401260102a0f640", "a protected header that is no map")]
    [InlineData("d28446a101260127a0a0f640", "a label twice, cut")]
    [InlineData("d28445a201260127a0f640", "a label twice")]
    [InlineData("d28443a10126a0f740", "undefined for a payload")]
    [InlineData("d28443a10126a0f65bffffffffffffffff", "a length of 2^64")]
    [InlineData("d2849bffffffffffffffff", "a count of 2^64")]
    public void Malformed_messages_are_refused(string hex, string what)
    {
        Assert.False(CoseSign1.TryDecode(Convert.FromHexString(hex), out CoseSign1? message), what);
        Assert.Null(message);
    }

    [Theory]
    [InlineData(CborBounds.DepthMax, true)]
    [InlineData(CborBounds.DepthMax + 1, false)]
    [InlineData(1_000_000, false)]
    public void Nesting_is_bounded(int depth, bool allowed)
    {
        byte[] nested = new byte[depth + 1];
        Array.Fill(nested, (byte)0x81);
        nested[depth] = 0;
        Assert.Equal(allowed, CborBounds.Hold(nested));
        Array.Fill(nested, (byte)0xC1, 0, depth);
        Assert.Equal(allowed, CborBounds.Hold(nested));
    }

    [Theory]
    [InlineData(CborBounds.ItemsMax - 1, true)]
    [InlineData(CborBounds.ItemsMax, false)]
    public void The_number_of_items_is_bounded(int items, bool allowed)
    {
        CborWriter writer = new();
        writer.WriteStartArray(items);
        for (int i = 0; i < items; i++) writer.WriteInt32(1);
        writer.WriteEndArray();
        Assert.Equal(allowed, CborBounds.Hold(writer.Encode()));
    }

    [Fact]
    public void Whatever_passes_the_bounds_is_what_the_framework_reads_to_its_end() =>
        Gen.OneOf(Gen.Byte.Array[0, 40], CborLike).Sample(bytes =>
        {
            bool framework;
            try
            {
                CborReader reader = new(bytes, CborConformanceMode.Lax);
                reader.SkipValue();
                framework = reader.BytesRemaining == 0;
            }
            catch (Exception e) when (e is CborContentException or InvalidOperationException)
            {
                framework = false;
            }

            // The framework also accepts indefinite lengths; we never accept what it refuses.
            return framework || !CborBounds.Hold(bytes);
        });

    [Fact]
    public void Any_bytes_give_a_message_or_a_refusal()
    {
        byte[] example = Convert.FromHexString(SingleEcdsaSignature);
        Gen.OneOf(Gen.Byte.Array[0, 200], CborLike, Mutations(example))
            .Sample(bytes => CoseSign1.TryDecode(bytes, out CoseSign1? message) == message is not null);
        for (int length = 0; length < example.Length; length++)
            Assert.False(CoseSign1.TryDecode(example.AsMemory(0, length), out _));
    }

    /// <summary>Bytes that often begin like CBOR.</summary>
    internal static Gen<byte[]> CborLike { get; } =
        Gen.OneOf<byte>(0xD2, 0x84, 0x82, 0xA1, 0xA0, 0x43, 0x01, 0x26, 0x40, 0xF6, 0xF5, 0x61, 0x58, 0x9F, 0xFF)
            .Array[0, 40];

    /// <summary>The bytes with up to three of them changed, and some cut or added at the end.</summary>
    internal static Gen<byte[]> Mutations(byte[] valid) =>
        Gen.Select(
            Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Array[0, 3], Gen.Int[-3, 3], (changes, tail) =>
            {
                byte[] changed = (byte[])valid.Clone();
                foreach ((int index, byte value) in changes) changed[index] = value;
                Array.Resize(ref changed, Math.Max(0, changed.Length + tail));
                return changed;
            });

    private static byte[] ProtectedHeader(Signer signer)
    {
        CborWriter writer = new();
        writer.WriteStartMap(1);
        writer.WriteInt64(CoseSign1.AlgorithmLabel);
        writer.WriteInt64(CoseSign1.AlgorithmOf(signer.Curve));
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static SignatureVerifier VerifierOf(Signer signer)
    {
        ReadOnlySpan<byte> der = signer.SubjectPublicKeyInfo.Span;
        Assert.True(SignatureVerifier.TryFromSubjectPublicKeyInfo(der, out SignatureVerifier? key));
        return key!;
    }
}
