using System;
using System.IO;
using System.Text;

namespace Curia.Evidence;

/// <summary>The files in which collateral is kept. Nothing in them is believed: they are a cache that the host can
/// change.</summary>
internal sealed class CollateralFolder
{
    private const string ChainSuffix = ".chain.pem";
    private const string UnfinishedSuffix = ".tmp";
    private const int ChainSizeMax = 64 * 1024;

    private readonly string path;

    /// <summary>A folder, which need not be there yet.</summary>
    public CollateralFolder(string path) => this.path = path;

    /// <summary>What the files of an item hold; null when there are none, or they are something else.</summary>
    public Collateral? Read(CollateralItem item)
    {
        try
        {
            string file = Path.Combine(path, item.File);
            if (!File.Exists(file)) return null;
            byte[] content = BoundedFile.Read(file, item.SizeMax);
            string? chain = item.ChainHeader is null
                ? null
                : Encoding.Latin1.GetString(BoundedFile.Read(file + ChainSuffix, ChainSizeMax));
            return Collateral.TryRead(item, content, chain, out Collateral? collateral) ? collateral : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Replaces the files of an item, each at once.</summary>
    /// <returns>False when the folder cannot be written.</returns>
    public bool Write(CollateralItem item, Collateral collateral, string? chain)
    {
        try
        {
            Directory.CreateDirectory(path);
            if (chain is not null) Replace(item.File + ChainSuffix, Encoding.Latin1.GetBytes(chain));
            Replace(item.File, collateral.Content.Span);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void Replace(string name, ReadOnlySpan<byte> bytes)
    {
        string file = Path.Combine(path, name);
        File.WriteAllBytes(file + UnfinishedSuffix, bytes);
        File.Move(file + UnfinishedSuffix, file, overwrite: true);
    }
}
