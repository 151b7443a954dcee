using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Attestation;

namespace Curia.Cli.Evidence;

/// <summary>Claims as lines for people.</summary>
internal static class ClaimLines
{
    /// <summary>A name and a value for each claim that is there.</summary>
    public static IEnumerable<(string What, string Value)> Of(AttestationClaims claims)
    {
        yield return ("platform", claims.Platform.ToString().ToLowerInvariant());
        if (claims.Processor.Length > 0) yield return ("processor", claims.Processor);
        yield return ("measurement", claims.Measurement.ToString());
        yield return ("report data", Convert.ToHexStringLower(claims.ReportData.Span));
        if (claims.HostData.Span.ContainsAnyExcept((byte)0))
            yield return ("host data", Convert.ToHexStringLower(claims.HostData.Span));
        if (claims.Tcb.Count > 0)
            yield return ("tcb", string.Join(", ", claims.Tcb.Select(one => $"{one.Name} {one.Level}")));
        if (claims.TcbStatus is { } status) yield return ("tcb status", status.ToString());
        if (claims.Advisories.Count > 0) yield return ("advisories", string.Join(", ", claims.Advisories));
        for (int i = 0; i < claims.RuntimeMeasurements.Count; i++)
            yield return ($"rtmr{i}", claims.RuntimeMeasurements[i].ToString());
        if (claims.Chip.Length > 0) yield return ("chip", Convert.ToHexStringLower(claims.Chip.Span));
    }
}
