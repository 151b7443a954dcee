using System;
using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>A root that certificates and collateral of Intel may chain to: the Intel SGX Root CA, for TDX and SGX
/// alike.</summary>
/// <remarks>The certificate is the one that Intel gives out at
/// <c>https://certificates.trustedservices.intel.com/IntelSGXRootCA.der</c>. It is part of the program, and so of what
/// it is measured by: names prove nothing, and the store of the system belongs to its owner.</remarks>
public sealed record IntelRoot
{
    private const string Name = "Intel SGX Root CA";

    private IntelRoot(VendorCertificate certificate) => Certificate = certificate;

    /// <summary>The root of Intel, valid until 2049, and the first certificate of the same key, valid until 2033, which
    /// is still in quotes of processors that were provisioned under it.</summary>
    public static IReadOnlyList<IntelRoot> Intel { get; } =
    [
        Pinned("44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3", SgxRoot),
        Pinned("fc64f8076d79a4fee9d1d473d74c89eb8d8fd55c5abafeabeba7366d20429404", FirstSgxRoot),
    ];

    /// <summary>The certificate. A root is the same one byte for byte, never by its name.</summary>
    public VendorCertificate Certificate { get; }

    /// <summary>Takes another certificate as root, for tests and for who runs a root of his own.</summary>
    /// <returns>False when it is none, or its subject is not <c>Intel SGX Root CA</c>.</returns>
    public static bool TryCreate(ReadOnlySpan<byte> der, out IntelRoot? root)
    {
        root = VendorCertificate.TryDecode(der, out VendorCertificate? certificate) && certificate!.Subject == Name
            ? new IntelRoot(certificate)
            : null;
        return root is not null;
    }

    private static IntelRoot Pinned(string fingerprint, string base64)
    {
        bool read = TryCreate(Convert.FromBase64String(base64), out IntelRoot? root);
        Invariant.Holds(read && root!.Certificate.Fingerprint.ToString() == fingerprint,
            "a root certificate is the one that was pinned");
        return root!;
    }

    private const string SgxRoot = """
        MIICjzCCAjSgAwIBAgIUImUM1lqdNInzg7SVUr9QGzknBqwwCgYIKoZIzj0EAwIwaDEaMBgGA1UEAwwRSW50ZWwgU0dYIFJvb3QgQ0Ex
        GjAYBgNVBAoMEUludGVsIENvcnBvcmF0aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkGA1UECAwCQ0ExCzAJBgNVBAYTAlVTMB4X
        DTE4MDUyMTEwNDUxMFoXDTQ5MTIzMTIzNTk1OVowaDEaMBgGA1UEAwwRSW50ZWwgU0dYIFJvb3QgQ0ExGjAYBgNVBAoMEUludGVsIENv
        cnBvcmF0aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkGA1UECAwCQ0ExCzAJBgNVBAYTAlVTMFkwEwYHKoZIzj0CAQYIKoZIzj0D
        AQcDQgAEC6nEwMDIYZOj/iPWsCzaEKi71OiOSLRFhWGjbnBVJfVnkY4u3IjkDYYL0MxO4mqsyYjlBalTVYxFP2sJBK5zlKOBuzCBuDAf
        BgNVHSMEGDAWgBQiZQzWWp00ifODtJVSv1AbOScGrDBSBgNVHR8ESzBJMEegRaBDhkFodHRwczovL2NlcnRpZmljYXRlcy50cnVzdGVk
        c2VydmljZXMuaW50ZWwuY29tL0ludGVsU0dYUm9vdENBLmRlcjAdBgNVHQ4EFgQUImUM1lqdNInzg7SVUr9QGzknBqwwDgYDVR0PAQH/
        BAQDAgEGMBIGA1UdEwEB/wQIMAYBAf8CAQEwCgYIKoZIzj0EAwIDSQAwRgIhAOW/5QkR+S9CiSDcNoowLuPRLsWGf/Yi7GSX94BgwTwg
        AiEA4J0lrHoMs+Xo5o/sX6O9QWxHRAvZUGOdRQ7cvqRXaqI=
        """;

    private const string FirstSgxRoot = """
        MIICjjCCAjSgAwIBAgIUImUM1lqdNInzg7SVUr9QGzknBqwwCgYIKoZIzj0EAwIwaDEaMBgGA1UEAwwRSW50ZWwgU0dYIFJvb3QgQ0Ex
        GjAYBgNVBAoMEUludGVsIENvcnBvcmF0aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkGA1UECAwCQ0ExCzAJBgNVBAYTAlVTMB4X
        DTE4MDUyMTEwNDExMVoXDTMzMDUyMTEwNDExMFowaDEaMBgGA1UEAwwRSW50ZWwgU0dYIFJvb3QgQ0ExGjAYBgNVBAoMEUludGVsIENv
        cnBvcmF0aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkGA1UECAwCQ0ExCzAJBgNVBAYTAlVTMFkwEwYHKoZIzj0CAQYIKoZIzj0D
        AQcDQgAEC6nEwMDIYZOj/iPWsCzaEKi71OiOSLRFhWGjbnBVJfVnkY4u3IjkDYYL0MxO4mqsyYjlBalTVYxFP2sJBK5zlKOBuzCBuDAf
        BgNVHSMEGDAWgBQiZQzWWp00ifODtJVSv1AbOScGrDBSBgNVHR8ESzBJMEegRaBDhkFodHRwczovL2NlcnRpZmljYXRlcy50cnVzdGVk
        c2VydmljZXMuaW50ZWwuY29tL0ludGVsU0dYUm9vdENBLmNybDAdBgNVHQ4EFgQUImUM1lqdNInzg7SVUr9QGzknBqwwDgYDVR0PAQH/
        BAQDAgEGMBIGA1UdEwEB/wQIMAYBAf8CAQEwCgYIKoZIzj0EAwIDSAAwRQIgQQs/08rycdPauCFk8UPQXCMAlsloBe7NwaQGTcdpa0EC
        IQCUt8SGvxKmjpcM/z0WP9Dvo8h2k5du1iWDdBkAn+0iiA==
        """;
}
