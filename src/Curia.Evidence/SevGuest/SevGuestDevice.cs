using System;
using System.IO;
using System.Runtime.InteropServices;
using Curia.Attestation;
using Microsoft.Win32.SafeHandles;

namespace Curia.Evidence;

/// <summary>The device of this machine, by ioctl. The kernel guards the keys and numbers of messages to the security
/// processor; nothing of that is kept here.</summary>
internal sealed class SevGuestDevice : ISevGuest
{
    /// <summary>That of a path, which need not be there.</summary>
    public SevGuestDevice(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public bool IsThere => File.Exists(Path);

    /// <inheritdoc/>
    public SevGuestAnswer Call(uint command, ReadOnlySpan<byte> request, int certificatesSize)
    {
        // The kernel writes behind these addresses, so the memory must not move.
        byte[] asked = GC.AllocateArray<byte>(SevGuestRequest.ExtendedRequestSize, pinned: true);
        byte[] response = GC.AllocateArray<byte>(SevGuestRequest.ResponseSize, pinned: true);
        byte[] certificates = GC.AllocateArray<byte>(certificatesSize, pinned: true);
        byte[] argument = GC.AllocateArray<byte>(SevGuestRequest.ArgumentSize, pinned: true);
        request[..SevGuestRequest.ReportRequestSize].CopyTo(asked);
        SevGuestRequest.WriteCertificatesAddress(
            asked, certificatesSize == 0 ? 0 : AddressOf(certificates), (uint)certificatesSize);
        SevGuestRequest.WriteArgument(argument, AddressOf(asked), AddressOf(response));
        using SafeFileHandle device = File.OpenHandle(
            Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        int error = Ioctl(device, command, argument) == 0 ? 0 : Marshal.GetLastPInvokeError();
        GC.KeepAlive(asked); // what the argument points to is reachable for nobody else
        (uint firmware, uint monitor) = SevGuestRequest.ReadErrors(argument);
        return new SevGuestAnswer
        {
            Error = error,
            FirmwareError = firmware,
            MonitorError = monitor,
            Response = response,
            Certificates = certificates,
            CertificatesSize = SevGuestRequest.ReadCertificatesSize(asked),
        };
    }

    private static ulong AddressOf(byte[] pinned) => (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Ioctl(SafeFileHandle device, nuint command, byte[] argument);
}
