using Mefapex.Api.Knowledge.Index;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Finds the entries and the passages that may answer a question: full text, trigrams and vectors, fused by rank.</summary>
internal sealed class KnowledgeSearch(
    SnapshotStore snapshots,
    CandidateQuery candidates,
    IVectorIndex vectors,
    TimeProvider time)
{
    /// <summary>Entries compared in full.</summary>
    public const int MaxCandidates = 24;

    /// <summary>Chunks that are found.</summary>
    public const int MaxPassages = 12;

    /// <summary>Usual constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).</summary>
    public const double RankConstant = 60;

    private const int PerStage = 24;
    private const int VectorHits = 96;

    /// <summary>Up to so many titles and questions PostgreSQL compares trigrams for every question; among more, only for
    /// those with a word that may be a slip.</summary>
    private const int FewPhrases = 4000;

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
        RunAsync(supposed.TenantId, supposed, reader, text, language, vector, cancellationToken);

    private async Task<SearchResult> RunAsync(
        Guid tenantId,
        KnowledgeSnapshot? supposed,
        Reader reader,
        string text,
        string language,
        QuestionVector? vector,
        CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var snapshot = supposed ?? await snapshots.GetAsync(tenantId, atLeast: 0, cancellationToken);
        while (true)
        {
            var question = new Question(text, language, snapshot);
            var entries = await NearAsync(VectorSource.Entries, VectorHits);
            var chunks = snapshot.HasPassages ? await NearAsync(VectorSource.Chunks, PerStage) : [];
            var stages = await candidates.RunAsync(
                new CandidateRequest
                {
                    TenantId = tenantId,
                    Reader = reader,
                    Question = question,
                    Today = today,
                    Limit = PerStage,
                    Trigrams = snapshot.Phrases <= FewPhrases || question.HasUnfamiliarWord,
                    Passages = snapshot.HasPassages ? MaxPassages : 0,
                    Near = chunks,
                },
                cancellationToken);
            if (supposed is null && stages.Version > snapshot.Version)
            {
                snapshot = await snapshots.GetAsync(tenantId, stages.Version, cancellationToken);
                continue;
            }

            var comparison = new Comparison(question, snapshot);
            return new SearchResult(
                snapshot,
                question,
                entries.Count > 0,
                Fuse(snapshot, reader, comparison, stages, entries, today),
                [.. stages.Chunks.Select(c => Passage.Of(c, comparison))]);
        }

        Task<IReadOnlyList<VectorHit>> NearAsync(VectorSource source, int count) => vector is null
            ? Task.FromResult<IReadOnlyList<VectorHit>>([])
            : vectors.SearchAsync(tenantId, new VectorQuery(source, reader, vector.ModelHash, vector.Values, count), cancellationToken);
    }

    private static List<Candidate> Fuse(
        KnowledgeSnapshot snapshot,
        Reader reader,
        Comparison comparison,
        StageCandidates stages,
        IReadOnlyList<VectorHit> hits,
        DateOnly today)
    {
        var byVector = Best(hits.Where(h => h.Key.Kind != KnowledgeVector.Answer));
        var byAnswer = Best(hits.Where(h => h.Key.Kind == KnowledgeVector.Answer));
        var fused = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var stage in (IEnumerable<IReadOnlyList<StageHit>>)[stages.FullText, stages.Keywords, stages.Synonyms, stages.Trigram, byVector, byAnswer])
        {
            for (var rank = 0; rank < stage.Count; rank++)
            {
                var id = stage[rank].EntryId;
                fused[id] = fused.GetValueOrDefault(id) + (1 / (RankConstant + rank + 1));
            }
        }

        return
        [
            .. fused
                .Where(f => snapshot.Entries.TryGetValue(f.Key, out var entry) && entry.IsFound(reader, today))
                .OrderByDescending(f => f.Value)
                .ThenBy(f => f.Key, StringComparer.Ordinal)
                .Take(MaxCandidates)
                .Select(f => new Candidate(snapshot.Entries[f.Key], f.Value, new Features
                {
                    Phrase = comparison.Phrase(snapshot.Entries[f.Key]),
                    Topic = comparison.Topic(snapshot.Entries[f.Key]),
                    Telling = comparison.Telling(snapshot.Entries[f.Key]),
                    Anywhere = comparison.Anywhere(snapshot.Entries[f.Key]),
                    Grams = comparison.Grams(snapshot.Entries[f.Key]),
                    Trigram = comparison.Trigrams(snapshot.Entries[f.Key]),
                    FullText = Relative(stages.FullText, f.Key),
                    Keywords = Relative(stages.Keywords, f.Key),
                    Synonyms = Relative(stages.Synonyms, f.Key),
                    Vector = Score(byVector, f.Key),
                    AnswerVector = Score(byAnswer, f.Key),
                })),
        ];
    }

    private static List<StageHit> Best(IEnumerable<VectorHit> hits) =>
        [.. hits.GroupBy(h => h.Key.Owner.Id, StringComparer.Ordinal).Select(g => new StageHit(g.Key, g.Max(h => h.Cosine))).OrderByDescending(h => h.Score)];

    private static double Score(IReadOnlyList<StageHit> stage, string entryId)
    {
        foreach (var hit in stage)
        {
            if (string.Equals(hit.EntryId, entryId, StringComparison.Ordinal))
                return hit.Score;
        }

        return 0;
    }

    private static double Relative(IReadOnlyList<StageHit> stage, string entryId) =>
        stage.Count > 0 && stage[0].Score > 0 ? Score(stage, entryId) / stage[0].Score : 0;
}

/// <param name="Values">Unit length.</param>
internal sealed record QuestionVector(string ModelHash, float[] Values);

/// <param name="UsedVectors">Whether the vector stage took part.</param>
/// <param name="Candidates">By fused rank, best first.</param>
/// <param name="Passages">Of documents, by fused rank, best first.</param>
internal sealed record SearchResult(
    KnowledgeSnapshot Snapshot,
    Question Question,
    bool UsedVectors,
    IReadOnlyList<Candidate> Candidates,
    IReadOnlyList<Passage> Passages);

/// <summary>An entry that may answer, with its scores of each stage.</summary>
internal sealed record Candidate(EntryDocument Entry, double Fused, Features Features);
