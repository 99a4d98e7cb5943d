using Mefapex.Api.Knowledge.Index;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Finds the entries and the passages that may answer a question: full text, trigrams and vectors, fused by rank.</summary>
internal sealed class KnowledgeSearch(
    SnapshotStore snapshots,
    CandidateQuery candidates,
    IVectorIndex vectors,
    PassageCutter passageCutter,
    TimeProvider time)
{
    /// <summary>Chunks that are found.</summary>
    public const int MaxPassages = 12;

    private const int PerStage = Fusion.MaxCandidates;

    /// <summary>So many that the nearest entries show several of their wordings each.</summary>
    private const int VectorHits = 512;

    /// <param name="reader">Only what this reader may read is found.</param>
    /// <param name="language">The question's, ISO 639-1.</param>
    /// <param name="vector">The question's vector; null leaves that stage out.</param>
    public Task<SearchResult> SearchAsync(
        Guid tenantId,
        Reader reader,
        string text,
        string language,
        QuestionVector? vector,
        CancellationToken cancellationToken) =>
        RunAsync(tenantId, supposed: null, reader, text, language, vector, cancellationToken);

    /// <summary>Searches as if the tenant's synonyms were those of the snapshot, see <see cref="SnapshotStore.SupposeAsync"/>.</summary>
    public Task<SearchResult> SearchAsync(
        KnowledgeSnapshot supposed,
        Reader reader,
        string text,
        string language,
        QuestionVector? vector,
        CancellationToken cancellationToken) =>
        RunAsync(supposed.TenantId, Supposition.Of(supposed), reader, text, language, vector, cancellationToken);

    /// <summary>Searches as if entries had been changed.</summary>
    public Task<SearchResult> SearchAsync(
        Supposition supposed,
        Reader reader,
        string text,
        string language,
        QuestionVector? vector,
        CancellationToken cancellationToken) =>
        RunAsync(supposed.Snapshot.TenantId, supposed, reader, text, language, vector, cancellationToken);

    private async Task<SearchResult> RunAsync(
        Guid tenantId,
        Supposition? supposed,
        Reader reader,
        string text,
        string language,
        QuestionVector? vector,
        CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var snapshot = supposed?.Snapshot ?? await snapshots.GetAsync(tenantId, atLeast: 0, cancellationToken);
        while (true)
        {
            var question = new Question(text, language, snapshot);
            // PostgreSQL looks while this process compares vectors.
            var looking = candidates.EntriesAsync(
                tenantId, reader, question, today, PerStage, trigrams: !snapshot.HasManyPhrases, supposed, cancellationToken);
            var comparing = NearAsync(tenantId, VectorSource.Entries, reader, vector, VectorHits, cancellationToken);
            await Task.WhenAll(looking, comparing);
            var (stages, entries) = (await looking, await comparing);
            if (supposed is not null && vector is not null)
                entries = supposed.Near(entries, vector, reader, VectorHits);
            if (supposed is null && stages.Version > snapshot.Version)
            {
                snapshot = await snapshots.GetAsync(tenantId, stages.Version, cancellationToken);
                continue;
            }

            var comparison = new Comparison(question, snapshot);
            var near = NearTexts.Of(entries);
            return new SearchResult(
                snapshot,
                question,
                entries.Count > 0,
                Fusion.Candidates(comparison, snapshot, e => e.IsFound(reader, today), stages, near),
                near.Questions);
        }
    }

    /// <summary>The passages of documents that may answer, by fused rank, best first. A search of its own, because most
    /// questions have an approved answer and need none.</summary>
    /// <param name="found">The search for entries that the same question came from.</param>
    public async Task<IReadOnlyList<Passage>> PassagesAsync(
        SearchResult found,
        Reader reader,
        QuestionVector? vector,
        CancellationToken cancellationToken)
    {
        if (!found.Snapshot.HasPassages)
            return [];
        var tenantId = found.Snapshot.TenantId;
        var near = await NearAsync(tenantId, VectorSource.Chunks, reader, vector, PerStage, cancellationToken);
        var chunks = await candidates.ChunksAsync(tenantId, reader, found.Question, near, PerStage, MaxPassages, cancellationToken);
        var cover = new QuestionCover(found.Question, found.Snapshot.Synonyms);
        return [.. chunks.Select(c => Passage.Of(c, cover.Of(passageCutter.Of(c))))];
    }

    private Task<IReadOnlyList<VectorHit>> NearAsync(
        Guid tenantId,
        VectorSource source,
        Reader reader,
        QuestionVector? vector,
        int count,
        CancellationToken cancellationToken) => vector is null
        ? Task.FromResult<IReadOnlyList<VectorHit>>([])
        : vectors.SearchAsync(tenantId, new VectorQuery(source, reader, vector.ModelHash, vector.Values, count), cancellationToken);
}

/// <param name="Values">Unit length.</param>
internal sealed record QuestionVector(string ModelHash, float[] Values);

/// <param name="UsedVectors">Whether the vector stage took part.</param>
/// <param name="Candidates">By fused rank, best first.</param>
/// <param name="Neighbours">Titles and questions nearest to the question, best first; empty without vectors.</param>
internal sealed record SearchResult(
    KnowledgeSnapshot Snapshot,
    Question Question,
    bool UsedVectors,
    IReadOnlyList<Candidate> Candidates,
    IReadOnlyList<Neighbour> Neighbours);

/// <summary>An entry that may answer, with its scores of each stage.</summary>
internal sealed record Candidate(EntryDocument Entry, double Fused, Features Features);
