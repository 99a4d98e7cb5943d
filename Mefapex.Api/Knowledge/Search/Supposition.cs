using System.Numerics.Tensors;
using Mefapex.Api.Knowledge.Index;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Knowledge as it would be after a change that nobody has made.</summary>
/// <param name="Snapshot">With the change.</param>
/// <param name="Changed">Ids of the entries that would say something else; what is stored of them is passed over.</param>
/// <param name="Texts">What full text would find those by, as far as they are valid.</param>
/// <param name="Phrases">Their folded titles and questions.</param>
/// <param name="Vectors">Their vectors of the model that the index holds; empty without any.</param>
internal sealed record Supposition(
    KnowledgeSnapshot Snapshot,
    IReadOnlySet<string> Changed,
    IReadOnlyList<SupposedText> Texts,
    IReadOnlyList<(string EntryId, string Folded)> Phrases,
    IReadOnlyList<IndexedVector> Vectors)
{
    /// <summary>The same entries, beside which only the synonyms are others.</summary>
    public static Supposition Of(KnowledgeSnapshot snapshot) => new(snapshot, new HashSet<string>(), [], [], []);

    /// <summary>What the index finds, with the vectors of the changed entries in place of those it holds.</summary>
    public IReadOnlyList<VectorHit> Near(IReadOnlyList<VectorHit> found, QuestionVector question, Reader reader, int count) =>
        Changed.Count == 0
            ? found
            :
            [
                .. found.Where(h => !Changed.Contains(h.Key.Owner.Id))
                    .Concat(Vectors.Where(v => reader.MayRead(v.Audience))
                        .Select(v => new VectorHit(v.Key, TensorPrimitives.Dot<float>(v.Values, question.Values))))
                    .OrderByDescending(h => h.Cosine)
                    .Take(count),
            ];
}
