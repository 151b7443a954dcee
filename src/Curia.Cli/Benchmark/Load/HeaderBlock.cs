using System;
using System.Buffers;
using System.Text;

namespace Curia.Cli.Benchmark.Load;

/// <summary>What an answer says of itself in its fields; 0 or null where it has not been said.</summary>
internal struct AnswerFields
{
    /// <summary>The status of HTTP.</summary>
    public int Status { get; set; }

    /// <summary>The status of gRPC, which comes in the trailer.</summary>
    public int? GrpcStatus { get; set; }
}

/// <summary>Field blocks of HTTP/2 (HPACK, RFC 7541) without a dynamic table: as much as a load needs.</summary>
/// <remarks>A peer that was told SETTINGS_HEADER_TABLE_SIZE 0 has no dynamic table either, so each block can be read by
/// itself, and fields that nobody asks for are skipped without decoding their text.</remarks>
internal static class HeaderBlock
{
    private const int StaticTableEntries = 61; // RFC 7541 appendix A
    private const int StatusFirst = 8; // ":status: 200" to ":status: 500" are 8 to 14
    private const int StatusLast = 14;

    // "grpc-status" in the Huffman code of RFC 7541 appendix B, as servers in Go send it.
    private static ReadOnlySpan<byte> GrpcStatusInHuffman => [0x9A, 0xCA, 0xC8, 0xB2, 0x12, 0x34, 0xDA, 0x8F];

    /// <summary>Writes a field that stands in the static table with its value.</summary>
    public static void WriteIndexed(IBufferWriter<byte> target, int index) => WriteInteger(target, 0x80, 7, index);

    /// <summary>Writes a field whose name stands in the static table.</summary>
    public static void WriteLiteral(IBufferWriter<byte> target, int nameIndex, string value)
    {
        WriteInteger(target, 0, 4, nameIndex);
        WriteText(target, value);
    }

    /// <summary>Writes a field with its name.</summary>
    public static void WriteLiteral(IBufferWriter<byte> target, string name, string value)
    {
        WriteInteger(target, 0, 4, 0);
        WriteText(target, name);
        WriteText(target, value);
    }

    /// <summary>Reads what a load needs to know.</summary>
    /// <exception cref="LoadFailure">The block is none, or leans on a dynamic table.</exception>
    public static void Read(ReadOnlySpan<byte> block, ref AnswerFields fields)
    {
        ReadOnlySpan<int> statuses = [200, 204, 206, 304, 400, 404, 500];
        while (!block.IsEmpty)
        {
            byte first = block[0];
            if ((first & 0x80) != 0)
            {
                int index = ReadNameIndex(ref block, 7);
                if (index == 0) throw Broken();
                if (index is >= StatusFirst and <= StatusLast) fields.Status = statuses[index - StatusFirst];
            }
            else if ((first & 0xE0) == 0x20)
            {
                if (ReadInteger(ref block, 5) != 0) throw new LoadFailure("it makes a dynamic table of HPACK");
            }
            else
            {
                // With incremental indexing the name has six bits, without it or never indexed four.
                ReadLiteral(ref block, ReadNameIndex(ref block, (first & 0x40) != 0 ? 6 : 4), ref fields);
            }
        }
    }

    private static void ReadLiteral(ref ReadOnlySpan<byte> block, int nameIndex, ref AnswerFields fields)
    {
        bool isStatus = nameIndex is >= StatusFirst and <= StatusLast;
        bool isGrpcStatus = false;
        if (nameIndex == 0)
        {
            ReadOnlySpan<byte> name = ReadText(ref block, out bool isHuffman);
            isGrpcStatus = name.SequenceEqual(isHuffman ? GrpcStatusInHuffman : "grpc-status"u8);
            isStatus = !isHuffman && name.SequenceEqual(":status"u8);
        }

        ReadOnlySpan<byte> value = ReadText(ref block, out bool isValueHuffman);
        if (isStatus) fields.Status = ReadDigits(value, isValueHuffman);
        if (isGrpcStatus) fields.GrpcStatus = ReadDigits(value, isValueHuffman);
    }

    private static int ReadNameIndex(ref ReadOnlySpan<byte> block, int prefixBits)
    {
        int index = ReadInteger(ref block, prefixBits);
        return index <= StaticTableEntries
            ? index
            : throw new LoadFailure("it names a field by a dynamic table that it was told not to have");
    }

    private static ReadOnlySpan<byte> ReadText(ref ReadOnlySpan<byte> block, out bool isHuffman)
    {
        if (block.IsEmpty) throw Broken();
        isHuffman = (block[0] & 0x80) != 0;
        int length = ReadInteger(ref block, 7);
        if (length > block.Length) throw Broken();
        ReadOnlySpan<byte> text = block[..length];
        block = block[length..];
        return text;
    }

    // RFC 7541 section 5.1.
    private static int ReadInteger(ref ReadOnlySpan<byte> block, int prefixBits)
    {
        int most = (1 << prefixBits) - 1;
        int value = block[0] & most;
        block = block[1..];
        if (value < most) return value;
        for (int shift = 0; shift <= 14; shift += 7)
        {
            if (block.IsEmpty) throw Broken();
            byte next = block[0];
            block = block[1..];
            value += (next & 0x7F) << shift;
            if ((next & 0x80) == 0) return value;
        }

        throw Broken(); // longer than any frame that we take
    }

    private static void WriteInteger(IBufferWriter<byte> target, int flags, int prefixBits, int value)
    {
        int most = (1 << prefixBits) - 1;
        if (value < most)
        {
            target.Write([(byte)(flags | value)]);
            return;
        }

        target.Write([(byte)(flags | most)]);
        for (value -= most; value >= 0x80; value >>= 7) target.Write([(byte)(value | 0x80)]);
        target.Write([(byte)value]);
    }

    private static void WriteText(IBufferWriter<byte> target, string text)
    {
        WriteInteger(target, 0, 7, text.Length);
        Encoding.ASCII.GetBytes(text, target);
    }

    private static int ReadDigits(ReadOnlySpan<byte> text, bool isHuffman)
    {
        if (isHuffman) return ReadHuffmanDigits(text);
        int value = 0;
        foreach (byte digit in text) value = Append(value, digit - '0');
        return text.IsEmpty ? throw Broken() : value;
    }

    // RFC 7541 appendix B: 0 to 2 are the five bits 00000 to 00010, 3 to 9 the six bits 011001 to 011111. What is left
    // over is filled with ones.
    private static int ReadHuffmanDigits(ReadOnlySpan<byte> text)
    {
        int value = 0;
        int bits = text.Length * 8;
        for (int at = 0; at < bits;)
        {
            bool isPadding = bits - at < 8 && Bits(text, at, bits - at) == (1 << (bits - at)) - 1;
            if (isPadding) break;
            if (bits - at < 5) throw Broken();
            int five = Bits(text, at, 5);
            bool isShort = five <= 2;
            if (!isShort && bits - at < 6) throw Broken();
            int digit = isShort ? five : Bits(text, at, 6) - 0x19 + 3;
            value = Append(value, digit);
            at += isShort ? 5 : 6;
        }

        return value;
    }

    private static int Append(int value, int digit) =>
        digit is >= 0 and <= 9 && value < 10_000 ? (value * 10) + digit : throw Broken();

    private static int Bits(ReadOnlySpan<byte> text, int from, int count)
    {
        int value = 0;
        for (int at = from; at < from + count; at++) value = (value << 1) | ((text[at >> 3] >> (7 - (at & 7))) & 1);
        return value;
    }

    private static LoadFailure Broken() => new("it sent header fields that are no HPACK");
}
