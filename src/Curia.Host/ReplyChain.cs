using Curia.Node;

namespace Curia.Host;

/// <summary>Replies that one step of the node completes. A block answers a hundred requests at once: with a work item
/// for each, workers were woken as often.</summary>
/// <remarks>Measured on two cores with 256 requests in flight: 8 at a time are 4 to 5 % more writes than 1, and with 32
/// one worker is left idle (bench/results). The price: what follows one reply holds up the seven behind it, and on
/// HTTP/1.1 that may be the next request of the same connection. Only the loop uses it.</remarks>
internal struct ReplyChain
{
    private const int LengthMax = 8;

    private PendingReply? first;
    private PendingReply? last;
    private int length;

    /// <summary>Completes a reply.</summary>
    public void Add(PendingReply reply, Answer? answer)
    {
        reply.Complete(answer, before: last);
        first ??= reply;
        last = reply;
        if (++length == LengthMax) Release();
    }

    /// <summary>Lets those go that are still held.</summary>
    public void Release()
    {
        first?.Release();
        first = last = null;
        length = 0;
    }
}
