using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Curia.Attestation;

/// <summary>The security versions of a kind of platform and what Intel says of each (PCS API v4, Get TCB Info; version
/// 3). Immutable; any thread.</summary>
public sealed class TcbInfo
{
    private const int ModuleSignerSize = 48;
    private const int ModuleAttributesSize = 8;

    private TcbInfo(JsonElement json)
    {
        Platform = json.Text("id") switch
        {
            "SGX" => AttestationPlatform.Sgx,
            "TDX" => AttestationPlatform.Tdx,
            _ => throw new FormatException("id"),
        };
        if (json.Number("version", int.MaxValue) != 3 || json.Number("tcbType", int.MaxValue) != 0)
            throw new FormatException("version");
        IssueDate = json.Moment("issueDate");
        NextUpdate = json.Moment("nextUpdate");
        Fmspc = json.Bytes("fmspc", 6);
        PceId = json.Bytes("pceId", 2);
        EvaluationNumber = json.Number("tcbEvaluationDataNumber", int.MaxValue);
        Levels = json.List("tcbLevels", level => new TcbLevel(level, Platform));
        if (Platform != AttestationPlatform.Tdx) return;
        Module = ReadModule("", json.GetProperty("tdxModule"), hasLevels: false);
        ModuleVersions = json.OptionalList(
            "tdxModuleIdentities", module => ReadModule(module.Text("id"), module, hasLevels: true));
    }

    /// <summary>SGX or TDX.</summary>
    public AttestationPlatform Platform { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset IssueDate { get; }

    /// <summary>Until when there is a newer one.</summary>
    public DateTimeOffset NextUpdate { get; }

    /// <summary>The kind of platform: 6 bytes.</summary>
    public ReadOnlyMemory<byte> Fmspc { get; }

    /// <summary>The number of the provisioning enclave: 2 bytes.</summary>
    public ReadOnlyMemory<byte> PceId { get; }

    /// <summary>Grows with each re-evaluation by Intel.</summary>
    public int EvaluationNumber { get; }

    /// <summary>The TDX module of major version 0; null for SGX.</summary>
    public TdxModuleIdentity? Module { get; }

    /// <summary>The TDX modules of later major versions.</summary>
    public IReadOnlyList<TdxModuleIdentity> ModuleVersions { get; } = [];

    /// <summary>The levels, in the order in which they are compared.</summary>
    public IReadOnlyList<TcbLevel> Levels { get; }

    /// <summary>Reads the object <c>tcbInfo</c>, without the signature beside it; nothing throws.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> json, out TcbInfo? info)
    {
        info = json.Length <= IntelEndorsements.DocumentSizeMax
            ? CollateralFields.Read(json, root => new TcbInfo(root))
            : null;
        return info is not null;
    }

    /// <summary>The first level that no component is below; null when there is none.</summary>
    /// <param name="pck">The security versions of the processor.</param>
    /// <param name="tdx">Those of module and firmware, TEE_TCB_SVN; nothing for SGX.</param>
    public TcbLevel? LevelOf(PckCertificate pck, ReadOnlyMemory<byte> tdx)
    {
        ArgumentNullException.ThrowIfNull(pck);
        if (Platform == AttestationPlatform.Tdx && tdx.Length != PckCertificate.ComponentCount) return null;
        return Levels.FirstOrDefault(level => level.IsReachedBy(pck, tdx.Span));
    }

    /// <summary>The identity of the module that TEE_TCB_SVN names by its major version; null when there is
    /// none.</summary>
    public TdxModuleIdentity? ModuleOf(byte majorVersion) => majorVersion == 0
        ? Module
        : ModuleVersions.FirstOrDefault(
            module => module.Id.Equals($"TDX_{majorVersion:X2}", StringComparison.OrdinalIgnoreCase));

    private static TdxModuleIdentity ReadModule(string id, JsonElement json, bool hasLevels) => new(
        id,
        json.Bytes("mrsigner", ModuleSignerSize),
        json.Bytes("attributes", ModuleAttributesSize),
        json.Bytes("attributesMask", ModuleAttributesSize),
        hasLevels ? json.List("tcbLevels", level => new SecurityVersionLevel(level)) : []);
}

/// <summary>Security versions of a platform, and what Intel says of them.</summary>
public sealed class TcbLevel
{
    private readonly byte[] sgx;
    private readonly byte[] tdx = [];

    internal TcbLevel(JsonElement json, AttestationPlatform platform)
    {
        JsonElement tcb = json.GetProperty("tcb");
        sgx = Components(tcb, "sgxtcbcomponents");
        PceSvn = (ushort)tcb.Number("pcesvn", ushort.MaxValue);
        if (platform == AttestationPlatform.Tdx) tdx = Components(tcb, "tdxtcbcomponents");
        Date = json.Moment("tcbDate");
        Status = json.Status();
        Advisories = json.Advisories();
    }

    /// <summary>The security version of the provisioning enclave.</summary>
    public ushort PceSvn { get; }

    /// <summary>What has been found since is not mended in it.</summary>
    public DateTimeOffset Date { get; }

    /// <summary>What Intel says of it.</summary>
    public TcbStatus Status { get; }

    /// <summary>The advisories that apply to it.</summary>
    public IReadOnlyList<string> Advisories { get; }

    // A module of a later major version has security versions of its own, which do not compare with components 0 and 1.
    internal bool IsReachedBy(PckCertificate pck, ReadOnlySpan<byte> teeTcbSvn)
    {
        if (pck.PceSvn < PceSvn) return false;
        for (int i = 0; i < sgx.Length; i++)
        {
            if (pck.Components[i] < sgx[i]) return false;
        }

        for (int i = tdx.Length > 0 && teeTcbSvn[1] > 0 ? 2 : 0; i < tdx.Length; i++)
        {
            if (teeTcbSvn[i] < tdx[i]) return false;
        }

        return true;
    }

    private static byte[] Components(JsonElement tcb, string name)
    {
        byte[] components = [.. tcb.List(name, component => (byte)component.Number("svn", byte.MaxValue))];
        return components.Length == PckCertificate.ComponentCount ? components : throw new FormatException(name);
    }
}

/// <summary>A security version of a module or an enclave, and what Intel says of it.</summary>
public sealed class SecurityVersionLevel
{
    internal SecurityVersionLevel(JsonElement json)
    {
        SecurityVersion = json.GetProperty("tcb").Number("isvsvn", ushort.MaxValue);
        Date = json.Moment("tcbDate");
        Status = json.Status();
        Advisories = json.Advisories();
    }

    /// <summary>The security version.</summary>
    public int SecurityVersion { get; }

    /// <summary>What has been found since is not mended in it.</summary>
    public DateTimeOffset Date { get; }

    /// <summary>What Intel says of it.</summary>
    public TcbStatus Status { get; }

    /// <summary>The advisories that apply to it.</summary>
    public IReadOnlyList<string> Advisories { get; }
}

/// <summary>What a TDX module of a major version is known by.</summary>
/// <param name="Id">Its name, <c>TDX_</c> and two digits; empty for version 0.</param>
/// <param name="Signer">MRSIGNERSEAM: 48 bytes.</param>
/// <param name="Attributes">SEAMATTRIBUTES under the mask: 8 bytes.</param>
/// <param name="AttributesMask">The bits that are compared: 8 bytes.</param>
/// <param name="Levels">Its security versions, in the order in which they are compared; none for version 0.</param>
public sealed record TdxModuleIdentity(
    string Id,
    ReadOnlyMemory<byte> Signer,
    ReadOnlyMemory<byte> Attributes,
    ReadOnlyMemory<byte> AttributesMask,
    IReadOnlyList<SecurityVersionLevel> Levels);
