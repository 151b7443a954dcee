using System;
using System.IO;

namespace Curia.Evidence;

/// <summary>The machine that is asked, or a folder that plays one.</summary>
/// <param name="Root">The folder in place of <c>/</c>.</param>
public sealed record Machine(string Root)
{
    private readonly ITsmReports? reports;
    private readonly ISevGuest? sevGuest;

    /// <summary>The folder of the security context, where the environment names one (<c>UVM_SECURITY_CONTEXT_DIR</c>);
    /// null to look for it.</summary>
    public string? SecurityContext { get; init; }

    /// <summary>The reports of the kernel; those under <see cref="Root"/> unless others are given.</summary>
    public ITsmReports Reports
    {
        get => reports ?? new TsmReports(Path.Combine(Root, "sys/kernel/config/tsm/report"));
        init => reports = value;
    }

    /// <summary>The device of SEV-SNP; that under <see cref="Root"/> unless another is given.</summary>
    public ISevGuest SevGuest
    {
        get => sevGuest ?? new SevGuestDevice(Path.Combine(Root, "dev/sev-guest"));
        init => sevGuest = value;
    }

    /// <summary>The clock that waiting goes by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The machine that this process runs on.</summary>
    public static Machine Local() =>
        new("/") { SecurityContext = Environment.GetEnvironmentVariable("UVM_SECURITY_CONTEXT_DIR") };
}
