using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Curia.EndToEnd.Live;

/// <summary>A network interface of Linux whose packets this process takes out and puts in. It is gone when it is
/// disposed or the process ends, in whichever namespace it is then.</summary>
internal sealed class TunDevice : IDisposable
{
    private const int ReadWriteNonBlockingCloseOnExec = 0x2 | 0x800 | 0x80000;
    private const nuint SetInterface = 0x400454CA; // TUNSETIFF
    private const short TunWithoutHeader = 0x1 | 0x1000; // IFF_TUN, IFF_NO_PI
    private const int InterfaceRequestSize = 40;
    private const int NameLengthMax = 15;
    private const short PollIn = 1;

    private readonly SafeFileHandle handle;

    public TunDevice(string name)
    {
        if (name.Length > NameLengthMax) throw new ArgumentException($"{name} is too long", nameof(name));
        handle = new SafeFileHandle(
            Open(Encoding.ASCII.GetBytes("/dev/net/tun\0"), ReadWriteNonBlockingCloseOnExec), ownsHandle: true);
        if (handle.IsInvalid) throw new IOException("/dev/net/tun", new Win32Exception());
        byte[] request = new byte[InterfaceRequestSize];
        Encoding.ASCII.GetBytes(name, request);
        BitConverter.TryWriteBytes(request.AsSpan(16), TunWithoutHeader);
        if (Control(handle, SetInterface, request) < 0)
            throw new IOException($"interface {name}", new Win32Exception());
        Name = name;
    }

    public string Name { get; }

    /// <summary>Waits for a packet, at most for some time.</summary>
    public void Wait(int milliseconds)
    {
        PollRequest poll = new() { File = (int)handle.DangerousGetHandle(), Events = PollIn };
        _ = Poll(ref poll, 1, milliseconds);
    }

    /// <summary>Takes the next packet out.</summary>
    /// <returns>Its length; 0 when there is none.</returns>
    public int Read(byte[] buffer) => Math.Max(0, (int)Read(handle, buffer, buffer.Length));

    /// <summary>Puts a packet in. One that the interface does not take is lost, as on any wire.</summary>
    public void Write(byte[] packet, int length) => _ = Write(handle, packet, length);

    public void Dispose() => handle.Dispose();

    [StructLayout(LayoutKind.Sequential)]
    private struct PollRequest
    {
        public int File;
        public short Events;
        public short Happened;
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(SafeFileHandle file, nuint request, byte[] argument);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Read(SafeFileHandle file, byte[] buffer, nint count);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Write(SafeFileHandle file, byte[] buffer, nint count);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll(ref PollRequest requests, nuint count, int milliseconds);
}
