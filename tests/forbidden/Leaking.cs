// The project lists Curia.Consensus alone, which itself lists Curia.Vocabulary: naming the latter here must not
// compile.
using Curia.Vocabulary;

namespace Forbidden;

internal static class Leaking
{
    private static readonly SeqNo First = new(1);
}
