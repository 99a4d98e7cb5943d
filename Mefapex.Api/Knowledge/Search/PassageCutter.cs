using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Cuts chunks that questions find into sentences and words, and remembers them: that takes longer than comparing.</summary>
internal sealed class PassageCutter
{
    private const int MostChunks = 32_768;
    private const int MostWords = 262_144;

    private readonly ConcurrentDictionary<Place, PassageWords> _chunks = new();
    private readonly ConcurrentDictionary<Term, Term> _words = new();

    public PassageWords Of(ChunkHit chunk)
    {
        var place = new Place(chunk.DocumentId, chunk.Version, chunk.Position, chunk.Title);
        if (_chunks.TryGetValue(place, out var known))
            return known;
        if (_chunks.Count >= MostChunks)
            _chunks.Clear();
        if (_words.Count >= MostWords)
            _words.Clear();
        return _chunks[place] = new PassageWords(
            Words($"{chunk.Title}\n{chunk.Heading}", chunk.Language),
            [.. Sentences.Of(chunk.Text).Select(s => new SentenceWords(s, Words(s.In(chunk.Text), chunk.Language)))]);
    }

    private Term[] Words(string text, string language) => Array.ConvertAll(Term.Of(text, language), term => _words.GetOrAdd(term, term));

    /// <summary>A version's chunks never change; a document's title may.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Place(Guid DocumentId, int Version, int Position, string Title);
}

/// <param name="Above">The words of title and heading.</param>
/// <param name="Sentences">In order.</param>
internal sealed record PassageWords(Term[] Above, SentenceWords[] Sentences);

/// <param name="Place">In the chunk's text.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SentenceWords(Sentence Place, Term[] Words);
