using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Curia.Attestation;

/// <summary>What Intel's quoting enclave is known by (PCS API v4, Get Quoting Enclave Identity; version 2). Immutable;
/// any thread.</summary>
public sealed class QeIdentity
{
    private readonly byte[] miscSelect;
    private readonly byte[] miscSelectMask;
    private readonly byte[] attributes;
    private readonly byte[] attributesMask;

    private QeIdentity(JsonElement json)
    {
        Platform = json.Text("id") switch
        {
            "QE" => AttestationPlatform.Sgx,
            "TD_QE" => AttestationPlatform.Tdx,
            _ => throw new FormatException("id"),
        };
        if (json.Number("version", int.MaxValue) != 2) throw new FormatException("version");
        IssueDate = json.Moment("issueDate");
        NextUpdate = json.Moment("nextUpdate");
        EvaluationNumber = json.Number("tcbEvaluationDataNumber", int.MaxValue);
        miscSelect = json.Bytes("miscselect", 4);
        miscSelectMask = json.Bytes("miscselectMask", 4);
        attributes = json.Bytes("attributes", 16);
        attributesMask = json.Bytes("attributesMask", 16);
        Signer = json.Bytes("mrsigner", 32);
        ProductId = (ushort)json.Number("isvprodid", ushort.MaxValue);
        Levels = json.List("tcbLevels", level => new SecurityVersionLevel(level));
    }

    /// <summary>SGX or TDX: each has a quoting enclave of its own.</summary>
    public AttestationPlatform Platform { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset IssueDate { get; }

    /// <summary>Until when there is a newer one.</summary>
    public DateTimeOffset NextUpdate { get; }

    /// <summary>Grows with each re-evaluation by Intel.</summary>
    public int EvaluationNumber { get; }

    /// <summary>MRSIGNER: 32 bytes.</summary>
    public ReadOnlyMemory<byte> Signer { get; }

    /// <summary>ISVPRODID.</summary>
    public ushort ProductId { get; }

    /// <summary>The levels, in the order in which they are compared.</summary>
    public IReadOnlyList<SecurityVersionLevel> Levels { get; }

    /// <summary>Reads the object <c>enclaveIdentity</c>, without the signature beside it; nothing throws.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> json, out QeIdentity? identity)
    {
        identity = json.Length <= IntelEndorsements.DocumentSizeMax
            ? CollateralFields.Read(json, root => new QeIdentity(root))
            : null;
        return identity is not null;
    }

    /// <summary>Whether MISCSELECT and ATTRIBUTES of a report are those of the identity, under its masks.</summary>
    public bool HasAttributesOf(SgxReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return Masked.Equal(report.MiscSelect.Span, miscSelectMask, miscSelect)
            && Masked.Equal(report.AttributeBytes.Span, attributesMask, attributes);
    }

    /// <summary>The first level that a security version is not below; null when there is none.</summary>
    public SecurityVersionLevel? LevelOf(int securityVersion) =>
        Levels.FirstOrDefault(level => securityVersion >= level.SecurityVersion);
}

/// <summary>The comparing of bits under a mask.</summary>
internal static class Masked
{
    /// <summary>Whether the bits of a mask are as expected; a bit outside of the mask is expected to be zero.</summary>
    public static bool Equal(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> mask, ReadOnlySpan<byte> expected)
    {
        for (int i = 0; i < actual.Length; i++)
        {
            if ((actual[i] & mask[i]) != expected[i]) return false;
        }

        return true;
    }
}
