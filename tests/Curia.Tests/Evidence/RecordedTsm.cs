using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Curia.Evidence;

namespace Curia.Tests.Evidence;

/// <summary>The reports of a kernel that is not there: it counts what is written as the kernel does, and answers what
/// was recorded.</summary>
internal sealed class RecordedTsm : ITsmReports
{
    private const int DeviceBusy = 16;

    public string Path => "recorded/tsm/report";

    public bool AreThere { get; set; } = true;

    public string Provider { get; set; } = "sev_guest";

    /// <summary>Makes the answer to report data.</summary>
    public required Func<byte[], byte[]> Report { get; init; }

    /// <summary>The table of certificates; null for a kernel that has none.</summary>
    public byte[]? Certificates { get; set; } = [];

    /// <summary>How many answers to come are that the device is busy.</summary>
    public int Busy { get; set; }

    /// <summary>How many requests to come somebody else writes into, and when: before or after the answer is
    /// read.</summary>
    public int InterferedBefore { get; set; }

    public int InterferedAfter { get; set; }

    /// <summary>An error number that reading the answer gives.</summary>
    public int Error { get; set; }

    /// <summary>What generation says in place of the number.</summary>
    public string? Generation { get; set; }

    public int Opened { get; private set; }

    public int Removed { get; private set; }

    public ITsmRequest Open()
    {
        Opened++;
        return new Request(this);
    }

    private sealed class Request(RecordedTsm tsm) : ITsmRequest
    {
        private int generation;
        private byte[] reportData = [];

        public bool Has(string attribute) => attribute != "auxblob" || tsm.Certificates is not null;

        public byte[] Read(string attribute, int sizeMax)
        {
            byte[] all = attribute switch
            {
                "provider" => Encoding.ASCII.GetBytes(tsm.Provider + "\n"),
                "generation" => Encoding.ASCII.GetBytes((tsm.Generation ?? $"{generation}") + "\n"),
                "outblob" => Answer(),
                "auxblob" => tsm.Certificates!,
                _ => throw new FileNotFoundException(attribute),
            };
            return all[..Math.Min(all.Length, sizeMax + 1)];
        }

        public void Write(string attribute, ReadOnlySpan<byte> value)
        {
            Assert.Equal("inblob", attribute);
            reportData = value.ToArray();
            generation += tsm.InterferedBefore-- > 0 ? 2 : 1;
        }

        public void Dispose() => tsm.Removed++;

        private byte[] Answer()
        {
            if (tsm.Error != 0) throw new IOException("Recorded error", tsm.Error);
            if (tsm.Busy-- > 0) throw new IOException("Device or resource busy", DeviceBusy);
            if (tsm.InterferedAfter-- > 0) generation++;
            return tsm.Report(reportData);
        }
    }
}

/// <summary>A device that answers what was recorded, and keeps what it was asked.</summary>
internal sealed class RecordedSevGuest(params SevGuestAnswer[] answers) : ISevGuest
{
    private readonly Queue<SevGuestAnswer> left = new(answers);

    public string Path => "recorded/sev-guest";

    public bool IsThere { get; set; } = true;

    public List<(uint Command, int CertificatesSize)> Asked { get; } = [];

    public byte[] Request { get; private set; } = [];

    public SevGuestAnswer Call(uint command, ReadOnlySpan<byte> request, int certificatesSize)
    {
        Asked.Add((command, certificatesSize));
        Request = request.ToArray();
        return left.Count > 1 ? left.Dequeue() : left.First();
    }
}
