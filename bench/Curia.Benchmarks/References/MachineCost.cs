using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using Curia.Cli.Benchmark;
using Curia.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Curia.Benchmarks.References;

/// <summary>What a committed write cannot do without, measured by itself in the same minute: one flush, one
/// signature.</summary>
internal static class MachineCost
{
    /// <summary>As many bytes as a block with one small write has on disk.</summary>
    public const int AppendBytes = 1400;

    /// <summary>Appends to a file and flushes it (fsync) over and over, as the node does with its ledger.</summary>
    public static LatencyHistogram Flushes(string folder, TimeSpan duration)
    {
        LatencyHistogram latency = new();
        string path = Path.Combine(folder, "flush");
        byte[] bytes = new byte[AppendBytes];
        new SystemEntropy().Fill(bytes);
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
        {
            long offset = 0;
            for (Stopwatch all = Stopwatch.StartNew(); all.Elapsed < duration; offset += bytes.Length)
            {
                long start = Stopwatch.GetTimestamp();
                RandomAccess.Write(file, bytes, offset);
                Flush(file);
                latency.Record((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        }

        File.Delete(path);
        return latency;
    }

    /// <summary>Signs a digest with P-256 over and over.</summary>
    public static LatencyHistogram Signatures(TimeSpan duration)
    {
        LatencyHistogram latency = new();
        using EcdsaSigner signer = EcdsaSigner.Generate(new SystemEntropy());
        byte[] digest = new byte[32];
        for (Stopwatch all = Stopwatch.StartNew(); all.Elapsed < duration;)
        {
            long start = Stopwatch.GetTimestamp();
            signer.SignHash(digest);
            latency.Record((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return latency;
    }

    private static void Flush(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux()) RandomAccess.FlushToDisk(file);
        else if (Synchronize(file) != 0) throw new IOException($"fsync: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Synchronize(SafeFileHandle file);
}
