using System;

namespace Curia.Attestation;

/// <summary>What Intel says of a platform, a module or a quoting enclave at its security version (PCS API v4,
/// tcbStatus).</summary>
public enum TcbStatus
{
    /// <summary>Nothing is known against it.</summary>
    UpToDate,

    /// <summary>The code that runs in it must mitigate something itself.</summary>
    SwHardeningNeeded,

    /// <summary>The platform must be configured otherwise.</summary>
    ConfigurationNeeded,

    /// <summary>Both.</summary>
    ConfigurationAndSwHardeningNeeded,

    /// <summary>Older than an update that matters.</summary>
    OutOfDate,

    /// <summary>Older, and to be configured otherwise.</summary>
    OutOfDateConfigurationNeeded,

    /// <summary>Not to be trusted any more.</summary>
    Revoked,
}

/// <summary>How statuses are read, put together and refused.</summary>
public static class TcbStatuses
{
    [Flags]
    private enum Concern
    {
        None = 0,
        Hardening = 1,
        Configuration = 2,
        Age = 4,
        Revocation = 8,
    }

    /// <summary>Reads a status as it stands in collateral; null for any other text.</summary>
    public static TcbStatus? Parse(string? text) => text switch
    {
        "UpToDate" => TcbStatus.UpToDate,
        "SWHardeningNeeded" => TcbStatus.SwHardeningNeeded,
        "ConfigurationNeeded" => TcbStatus.ConfigurationNeeded,
        "ConfigurationAndSWHardeningNeeded" => TcbStatus.ConfigurationAndSwHardeningNeeded,
        "OutOfDate" => TcbStatus.OutOfDate,
        "OutOfDateConfigurationNeeded" => TcbStatus.OutOfDateConfigurationNeeded,
        "Revoked" => TcbStatus.Revoked,
        _ => null,
    };

    /// <summary>The status of a whole whose parts have these: each concern of a part is one of the whole, and age
    /// makes hardening needless to say.</summary>
    /// <remarks>The same table that Intel prints for platform and module: an old module makes an up-to-date platform
    /// old, and one that needs configuration old and in need of it.</remarks>
    public static TcbStatus Join(TcbStatus one, TcbStatus other)
    {
        Concern concerns = Concerns(one) | Concerns(other);
        if (concerns.HasFlag(Concern.Revocation)) return TcbStatus.Revoked;
        bool configuration = concerns.HasFlag(Concern.Configuration);
        if (concerns.HasFlag(Concern.Age))
            return configuration ? TcbStatus.OutOfDateConfigurationNeeded : TcbStatus.OutOfDate;
        if (concerns.HasFlag(Concern.Hardening))
            return configuration ? TcbStatus.ConfigurationAndSwHardeningNeeded : TcbStatus.SwHardeningNeeded;
        return configuration ? TcbStatus.ConfigurationNeeded : TcbStatus.UpToDate;
    }

    /// <summary>The reason for which evidence with a status is refused.</summary>
    public static string Reason(TcbStatus status) => status switch
    {
        TcbStatus.UpToDate => "tcb-status-up-to-date",
        TcbStatus.SwHardeningNeeded => "tcb-status-sw-hardening-needed",
        TcbStatus.ConfigurationNeeded => "tcb-status-configuration-needed",
        TcbStatus.ConfigurationAndSwHardeningNeeded => "tcb-status-configuration-and-sw-hardening-needed",
        TcbStatus.OutOfDate => "tcb-status-out-of-date",
        TcbStatus.OutOfDateConfigurationNeeded => "tcb-status-out-of-date-configuration-needed",
        _ => "tcb-status-revoked",
    };

    private static Concern Concerns(TcbStatus status) => status switch
    {
        TcbStatus.UpToDate => Concern.None,
        TcbStatus.SwHardeningNeeded => Concern.Hardening,
        TcbStatus.ConfigurationNeeded => Concern.Configuration,
        TcbStatus.ConfigurationAndSwHardeningNeeded => Concern.Configuration | Concern.Hardening,
        TcbStatus.OutOfDate => Concern.Age,
        TcbStatus.OutOfDateConfigurationNeeded => Concern.Age | Concern.Configuration,
        _ => Concern.Revocation,
    };
}
