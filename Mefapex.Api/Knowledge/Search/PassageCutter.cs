using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Remembers the different words of chunks that questions have found, which take longer to find than to compare.</summary>
internal sealed class PassageTerms
{
    private const int MostChunks = 32_768;
    private const int MostWords = 262_144;

    private readonly ConcurrentDictionary<Place, Term[]> _chunks = new();
    private readonly ConcurrentDictionary<Term, Term> _words = new();

    /// <summary>The words of title, heading and text in order.</summary>
    public Term[] Of(ChunkHit chunk)
    {
        var place = new Place(chunk.DocumentId, chunk.Version, chunk.Position, chunk.Title);
        if (_chunks.TryGetValue(place, out var known))
            return known;
        if (_chunks.Count >= MostChunks)
            _chunks.Clear();
        if (_words.Count >= MostWords)
            _words.Clear();
        var terms = Term.Of($"{chunk.Title}\n{chunk.Heading}\n{chunk.Text}", chunk.Language);
        return _chunks[place] = Array.ConvertAll(terms, term => _words.GetOrAdd(term, term));
    }

    /// <summary>A version's chunks never change; a document's title may.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Place(Guid DocumentId, int Version, int Position, string Title);
}
