using System;
using System.Collections.Generic;

namespace Curia.Simulation;

/// <summary>A file behind a write cache: what processes read and write, and what is on the platter. A sync brings the
/// platter up to the cache; before it, any page may have reached the platter or not.</summary>
internal sealed class VirtualFile
{
    public const int PageBytes = 4096;
    private const int SectorBytes = 512;

    private readonly SortedSet<int> dirty = [];
    private byte[] cache = [];
    private byte[] platter = [];
    private int platterLength;
    private bool isLengthDirty;

    public int Length { get; private set; }

    /// <summary>Whether everything that was written has been synced, or was once said to be.</summary>
    public bool IsClean => dirty.Count == 0 && !isLengthDirty;

    public VirtualFile Copy()
    {
        VirtualFile copy = new() { platterLength = Length, Length = Length };
        copy.cache = cache.AsSpan(0, Length).ToArray();
        copy.platter = cache.AsSpan(0, Length).ToArray();
        return copy;
    }

    public byte[] Read(int from, int length) => cache.AsSpan(from, length).ToArray();

    public byte[] ReadAll() => Read(0, Length);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        int from = Length;
        SetLength(from + bytes.Length);
        bytes.CopyTo(cache.AsSpan(from));
        MarkDirty(from, bytes.Length);
    }

    public void SetLength(int length)
    {
        if (length > cache.Length) Array.Resize(ref cache, Math.Max(length, 2 * cache.Length));
        if (length < Length) cache.AsSpan(length, Length - length).Clear();
        isLengthDirty |= length != platterLength;
        Length = length;
    }

    public void Sync()
    {
        foreach (int page in dirty) ToPlatter(page);
        SetPlatterLength(isLengthDirty ? Length : platterLength);
        Clean();
    }

    /// <summary>The system writes some pages without being asked.</summary>
    public void WriteBack(SeededRandom random)
    {
        foreach (int page in dirty.Count == 0 ? [] : new List<int>(dirty))
        {
            if (random.Percent(50)) continue;
            ToPlatter(page);
            dirty.Remove(page);
            if (Math.Min(Length, (page + 1) * PageBytes) > platterLength)
                SetPlatterLength(Math.Min(Length, (page + 1) * PageBytes));
        }
    }

    /// <summary>A sync fails: some pages reach the platter, and all are called clean. A later sync reports success and
    /// writes nothing (fsync(2), "EIO", as Linux has it).</summary>
    public void FailSync(SeededRandom random)
    {
        foreach (int page in dirty)
        {
            if (random.Percent(50)) ToPlatter(page);
        }

        if (random.Percent(50)) SetPlatterLength(Length);
        Clean();
    }

    /// <summary>Whether no crash can take these bytes any more.</summary>
    public bool IsDurable(int from, int length) => from + length <= platterLength
        && platter.AsSpan(from, length).SequenceEqual(cache.AsSpan(from, length));

    /// <summary>The cache lets its clean pages go: what is read next comes from the platter.</summary>
    public void Evict()
    {
        if (!IsClean) return;
        cache = platter.AsSpan(0, platterLength).ToArray();
        Length = platterLength;
    }

    /// <summary>Changes the platter itself.</summary>
    public void Damage(int at, byte value)
    {
        cache[at] = value;
        if (at < platter.Length) platter[at] = value;
    }

    /// <summary>Power fails: of what was not synced anything may be there or not.</summary>
    public void Crash(SeededRandom random, Situations situations)
    {
        if (IsClean) situations.Reached("crash with everything synced");
        else Lose(random, situations);
        Clean();
        cache = platter.AsSpan(0, platterLength).ToArray();
        Length = platterLength;
    }

    /// <summary>Cuts cache and platter: a disk that loses what it had.</summary>
    public void Cut(int length)
    {
        SetLength(length);
        Sync();
    }

    private void Lose(SeededRandom random, Situations situations)
    {
        int grown = Length - platterLength;
        switch (random.Below(8))
        {
            case 0:
                situations.Reached("crash loses unsynced writes");
                break;
            case 1:
                situations.Reached("crash keeps unsynced writes");
                Sync();
                break;
            case 2 when grown > 0:
                situations.Reached("crash cuts unsynced writes");
                int kept = platterLength + random.Below(grown);
                foreach (int page in dirty) ToPlatter(page);
                SetPlatterLength(kept);
                break;
            case 3:
                situations.Reached("crash keeps the length and no data");
                SetPlatterLength(Length);
                break;
            case 4 or 5:
                situations.Reached("crash tears between sectors");
                Tear(random, SectorBytes);
                break;
            default:
                situations.Reached("crash tears between pages");
                Tear(random, PageBytes);
                break;
        }
    }

    // Length is metadata and may reach the platter before the data does: what did not come reads as it was, or as
    // zeros.
    private void Tear(SeededRandom random, int unit)
    {
        foreach (int page in dirty)
        {
            for (int at = page * PageBytes; at < (page + 1) * PageBytes && at < Length; at += unit)
            {
                if (random.Percent(50)) ToPlatter(at, unit);
            }
        }

        SetPlatterLength(Length);
    }

    private void ToPlatter(int page) => ToPlatter(page * PageBytes, PageBytes);

    private void ToPlatter(int from, int count)
    {
        int end = Math.Min(from + count, Length);
        if (end <= from) return;
        if (end > platter.Length) Array.Resize(ref platter, Math.Max(end, 2 * platter.Length));
        cache.AsSpan(from, end - from).CopyTo(platter.AsSpan(from));
    }

    private void SetPlatterLength(int length)
    {
        if (length > platter.Length) Array.Resize(ref platter, length);
        if (length < platter.Length) platter.AsSpan(length).Clear();
        platterLength = length;
    }

    private void MarkDirty(int from, int length)
    {
        for (int page = from / PageBytes; page <= (from + length - 1) / PageBytes; page++) dirty.Add(page);
    }

    private void Clean()
    {
        dirty.Clear();
        isLengthDirty = false;
    }
}
