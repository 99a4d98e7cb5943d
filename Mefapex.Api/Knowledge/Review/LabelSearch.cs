using Mefapex.Api.Knowledge.Search;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>Searches for labelled questions as for a reader who may read everything.</summary>
internal sealed class LabelSearch(KnowledgeSearch search, SnapshotStore snapshots, QuestionVectors vectors)
{
    private static readonly int AtOnce = Math.Max(2, Environment.ProcessorCount);

    /// <returns>What is found for each label, in their order; null when vectors are wanted and there are none.</returns>
    public Task<IReadOnlyList<LabelFound>?> RunAsync(
        Guid tenantId,
        IReadOnlyList<KnowledgeLabel> labels,
        bool withVectors,
        CancellationToken cancellationToken) =>
        RunAsync(tenantId, supposed: null, labels, withVectors, cancellationToken);

    /// <summary>The same as if the tenant's entries had been changed; null for what they are.</summary>
    public async Task<IReadOnlyList<LabelFound>?> RunAsync(
        Guid tenantId,
        Supposition? supposed,
        IReadOnlyList<KnowledgeLabel> labels,
        bool withVectors,
        CancellationToken cancellationToken)
    {
        var made = withVectors ? await vectors.OfAsync(tenantId, [.. labels.Select(l => l.Question)], cancellationToken) : null;
        if (withVectors && made is null)
            return null;

        var reader = ReaderOfAll(supposed?.Snapshot ?? await snapshots.GetAsync(tenantId, atLeast: 0, cancellationToken));
        var found = new LabelFound[labels.Count];
        await Parallel.ForAsync(
            0,
            labels.Count,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (i, token) =>
            {
                var (question, language) = (labels[i].Question, labels[i].Language);
                found[i] = new(labels[i], supposed is null
                    ? await search.SearchAsync(tenantId, reader, question, language, made?[i], token)
                    : await search.SearchAsync(supposed, reader, question, language, made?[i], token));
            });
        return withVectors && found.Any(f => !f.Result.UsedVectors) ? null : found;
    }

    public static Reader ReaderOfAll(KnowledgeSnapshot snapshot) =>
        new([.. snapshot.Entries.Values.SelectMany(e => e.Audience).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
}

/// <summary>A labelled question with what the search finds for it.</summary>
internal sealed record LabelFound(KnowledgeLabel Label, SearchResult Result);
