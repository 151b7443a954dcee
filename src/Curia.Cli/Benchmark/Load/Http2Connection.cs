using System;
using System.Buffers.Binary;
using System.IO;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace Curia.Cli.Benchmark.Load;

/// <summary>A connection of HTTP/2 (RFC 9113) with many requests in flight.</summary>
/// <remarks>What a client must do and no more: it keeps to the windows and limits of the server, acknowledges settings
/// and pings, and gives the server all the room that there can be.</remarks>
internal sealed class Http2Connection : LoadConnection
{
    private const int WindowAtFirst = 65535;
    private const int OwnWindow = 1 << 30;
    private const int StreamCancelled = 8; // RFC 9113 section 7: CANCEL

    private readonly bool isGrpc;
    private readonly Slot[] slots;
    private readonly int[] streams; // of each slot, 0 when it is free; apart, because it is searched for each frame
    private readonly byte[] block = new byte[Http2Frame.LengthMaxAtFirst]; // a field block in several frames
    private int blockTo;
    private int nextStream = 1;
    private bool hasSettings;
    private bool isClosing;
    private long streamsMax = uint.MaxValue;
    private int frameMax = Http2Frame.LengthMaxAtFirst;
    private long window = WindowAtFirst;
    private long streamWindow = WindowAtFirst;
    private long received;

    private Http2Connection(Socket socket, Stream stream, int inFlight, bool isGrpc)
        : base(socket, stream)
    {
        this.isGrpc = isGrpc;
        slots = new Slot[inFlight];
        streams = new int[inFlight];
    }

    /// <summary>Begins to speak, and waits for what the server admits.</summary>
    /// <param name="socket">The socket below the stream.</param>
    /// <param name="stream">What it is spoken on.</param>
    /// <param name="inFlight">How many requests at a time.</param>
    /// <param name="isGrpc">Whether answers have a status of gRPC, which must be 0.</param>
    /// <exception cref="LoadFailure">The server does not speak HTTP/2, or admits fewer requests at a time.</exception>
    public static async Task<Http2Connection> OpenAsync(Socket socket, Stream stream, int inFlight, bool isGrpc)
    {
        Http2Connection connection = new(socket, stream, inFlight, isGrpc);
        connection.WritePreface();
        while (!connection.hasSettings) await connection.ExchangeAsync().ConfigureAwait(false);
        if (connection.streamsMax >= inFlight) return connection;
        throw new LoadFailure(
            $"it takes {connection.streamsMax} requests at a time on a connection, and {inFlight} were asked for");
    }

    protected override void Begin(long now)
    {
        for (int at = 0; at < slots.Length; at++)
        {
            if (streams[at] == 0) BeginAt(at, now);
        }
    }

    protected override void Receive(long now)
    {
        while (Http2Frame.TryRead(Input, out Http2Frame frame))
        {
            if (frame.Length > Http2Frame.LengthMaxAtFirst) throw new LoadFailure("it sent a frame beyond our limit");
            if (Input.Length < Http2Frame.HeadBytes + frame.Length) return;
            Take(frame, Input.Slice(Http2Frame.HeadBytes, frame.Length), now);
            Consume(Http2Frame.HeadBytes + frame.Length);
        }
    }

    private void WritePreface()
    {
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.CopyTo(Append(24)); // RFC 9113 section 3.4
        ReadOnlySpan<(ushort Name, int Value)> settings =
        [
            (1, 0), // SETTINGS_HEADER_TABLE_SIZE: see HeaderBlock
            (2, 0), // SETTINGS_ENABLE_PUSH
            (4, OwnWindow), // SETTINGS_INITIAL_WINDOW_SIZE
        ];
        new Http2Frame(settings.Length * 6, FrameType.Settings, 0, 0).Write(Append(Http2Frame.HeadBytes));
        foreach ((ushort name, int value) in settings)
        {
            Span<byte> setting = Append(6);
            BinaryPrimitives.WriteUInt16BigEndian(setting, name);
            BinaryPrimitives.WriteInt32BigEndian(setting[2..], value);
        }

        WriteShort(FrameType.WindowUpdate, 0, OwnWindow - WindowAtFirst);
    }

    private void Take(Http2Frame frame, ReadOnlySpan<byte> payload, long now)
    {
        switch (frame.Type)
        {
            case FrameType.Data: TakeData(frame, payload, now); break;
            case FrameType.Headers: TakeHeaders(frame, payload, now); break;
            case FrameType.Continuation: TakeBlock(frame, payload, now); break;
            case FrameType.ResetStream: TakeReset(frame.Stream, Number(payload), now); break;
            case FrameType.Settings: TakeSettings(frame, payload); break;
            case FrameType.Ping: TakePing(frame, payload); break;
            case FrameType.WindowUpdate: TakeWindow(frame.Stream, Number(payload)); break;
            case FrameType.GoAway: TakeGoAway(payload, now); break;
            case FrameType.PushPromise: throw new LoadFailure("it pushes what nobody asked for");
            default: break; // RFC 9113 section 5.5: what is not known is ignored
        }
    }

    private void TakeData(Http2Frame frame, ReadOnlySpan<byte> payload, long now)
    {
        received += frame.Length;
        if (received >= OwnWindow / 2)
        {
            WriteShort(FrameType.WindowUpdate, 0, (int)received);
            received = 0;
        }

        int at = SlotOf(frame.Stream);
        if (at < 0) return;
        if (slots[at].Fields.Status != 200) HearRefusal(frame.Stream, Unpadded(frame, payload));
        if (frame.Has(Http2Frame.EndStream)) End(at, now);
    }

    private void TakeHeaders(Http2Frame frame, ReadOnlySpan<byte> payload, long now)
    {
        ReadOnlySpan<byte> fields = Unpadded(frame, payload);
        if (frame.Has(Http2Frame.WithPriority)) fields = fields[5..];
        int at = SlotOf(frame.Stream);
        if (at >= 0) slots[at].EndsWithBlock = frame.Has(Http2Frame.EndStream);
        blockTo = 0;
        TakeBlock(frame, fields, now);
    }

    private void TakeBlock(Http2Frame frame, ReadOnlySpan<byte> part, long now)
    {
        bool isWhole = frame.Has(Http2Frame.EndHeaders);
        if (!isWhole || blockTo > 0)
        {
            if (blockTo + part.Length > block.Length) throw new LoadFailure("it sent a header beyond our limit");
            part.CopyTo(block.AsSpan(blockTo));
            blockTo += part.Length;
            part = block.AsSpan(0, blockTo);
        }

        int at = SlotOf(frame.Stream);
        if (!isWhole || at < 0) return;
        HeaderBlock.Read(part, ref slots[at].Fields);
        if (slots[at].EndsWithBlock) End(at, now);
    }

    private void TakeReset(int stream, int reason, long now)
    {
        int at = SlotOf(stream);
        if (at < 0) return; // it had been answered
        Free(at);
        Fail(1, $"the request was reset (HTTP/2 error {reason})");
        BeginAt(at, now);
    }

    private void TakeSettings(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        if (frame.Has(Http2Frame.Acknowledgement)) return;
        hasSettings = true;
        for (; payload.Length >= 6; payload = payload[6..])
        {
            uint value = BinaryPrimitives.ReadUInt32BigEndian(payload[2..]);
            switch (BinaryPrimitives.ReadUInt16BigEndian(payload))
            {
                case 3: streamsMax = value; break; // SETTINGS_MAX_CONCURRENT_STREAMS
                case 4: ResizeWindows(value); break; // SETTINGS_INITIAL_WINDOW_SIZE
                case 5: frameMax = (int)Math.Min(value, 1 << 20); break; // SETTINGS_MAX_FRAME_SIZE
                default: break;
            }
        }

        new Http2Frame(0, FrameType.Settings, Http2Frame.Acknowledgement, 0).Write(Append(Http2Frame.HeadBytes));
    }

    // RFC 9113 section 6.9.2: a new initial window changes those of open streams by the difference.
    private void ResizeWindows(long initial)
    {
        long difference = initial - streamWindow;
        streamWindow = initial;
        for (int at = 0; at < slots.Length; at++)
        {
            if (streams[at] == 0) continue;
            slots[at].Window += difference;
            SendBody(at);
        }
    }

    private void TakePing(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        if (frame.Has(Http2Frame.Acknowledgement)) return;
        Span<byte> answer = Append(Http2Frame.HeadBytes + payload.Length);
        new Http2Frame(payload.Length, FrameType.Ping, Http2Frame.Acknowledgement, 0).Write(answer);
        payload.CopyTo(answer[Http2Frame.HeadBytes..]);
    }

    private void TakeWindow(int stream, int more)
    {
        if (stream == 0)
        {
            window += more;
            for (int at = 0; at < slots.Length && window > 0; at++)
            {
                if (streams[at] != 0) SendBody(at);
            }

            return;
        }

        int own = SlotOf(stream);
        if (own < 0) return;
        slots[own].Window += more;
        SendBody(own);
    }

    private void TakeGoAway(ReadOnlySpan<byte> payload, long now)
    {
        isClosing = true;
        int last = Number(payload);
        Fail(1, $"it takes no more requests on a connection (HTTP/2 error {Number(payload[4..])})");
        for (int at = 0; at < slots.Length; at++)
        {
            if (streams[at] > last) TakeReset(streams[at], 0, now);
        }
    }

    private void BeginAt(int at, long now)
    {
        if (isClosing || Phase!.Next(now, out int number) is not RequestForm form) return;
        streams[at] = nextStream;
        slots[at] = new Slot { Form = form, Number = number, Start = now, Window = streamWindow };
        nextStream += 2;
        InFlight++;
        Span<byte> head = Append(Http2Frame.HeadBytes + form.HeadBytes);
        byte flags = form.BodyBytes == 0 ? (byte)(Http2Frame.EndHeaders | Http2Frame.EndStream) : Http2Frame.EndHeaders;
        new Http2Frame(form.HeadBytes, FrameType.Headers, flags, streams[at]).Write(head);
        form.WriteHead(head[Http2Frame.HeadBytes..], number);
        SendBody(at);
    }

    // As much of the body as the windows admit; the rest goes out when they grow.
    private void SendBody(int at)
    {
        ref Slot slot = ref slots[at];
        while (slot.Sent < slot.Form.BodyBytes)
        {
            int count = (int)Math.Min(
                Math.Min(slot.Form.BodyBytes - slot.Sent, frameMax), Math.Min(window, slot.Window));
            if (count <= 0) return;
            Span<byte> target = Append(Http2Frame.HeadBytes + count);
            byte flags = slot.Sent + count == slot.Form.BodyBytes ? Http2Frame.EndStream : (byte)0;
            new Http2Frame(count, FrameType.Data, flags, streams[at]).Write(target);
            slot.Form.WriteBody(target[Http2Frame.HeadBytes..], slot.Sent, slot.Number);
            slot.Sent += count;
            slot.Window -= count;
            window -= count;
        }
    }

    private void End(int at, long now)
    {
        ref Slot slot = ref slots[at];
        bool isFine = slot.Fields.Status == 200 && (!isGrpc || slot.Fields.GrpcStatus == 0);
        bool isGrpcRefusal = !isFine && slot.Fields.Status == 200;
        if (slot.Sent < slot.Form.BodyBytes) WriteShort(FrameType.ResetStream, streams[at], StreamCancelled);
        int status = isGrpcRefusal ? slot.Fields.GrpcStatus ?? -1 : slot.Fields.Status;
        Count(streams[at], slot.Start, now, isFine, status);
        Free(at);
        BeginAt(at, now);
    }

    private void Free(int at)
    {
        streams[at] = 0;
        InFlight--;
    }

    private int SlotOf(int stream) => stream == 0 ? -1 : streams.AsSpan().IndexOf(stream);

    // A frame whose payload is one number.
    private void WriteShort(FrameType type, int stream, int value)
    {
        Span<byte> target = Append(Http2Frame.HeadBytes + 4);
        new Http2Frame(4, type, 0, stream).Write(target);
        BinaryPrimitives.WriteInt32BigEndian(target[Http2Frame.HeadBytes..], value);
    }

    private static ReadOnlySpan<byte> Unpadded(Http2Frame frame, ReadOnlySpan<byte> payload)
    {
        if (!frame.Has(Http2Frame.Padded)) return payload;
        if (payload.IsEmpty || payload[0] >= payload.Length) throw new LoadFailure("it sent a frame of padding");
        return payload[1..^payload[0]];
    }

    private static int Number(ReadOnlySpan<byte> payload) => payload.Length >= 4
        ? BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue
        : throw new LoadFailure("it sent a frame that is too short");

    /// <summary>A request under way.</summary>
    private struct Slot
    {
        public AnswerFields Fields;
        public RequestForm Form;
        public int Number;
        public int Sent;
        public long Window;
        public long Start;
        public bool EndsWithBlock;
    }
}
