namespace Mefapex.Api.Knowledge.Index;

/// <summary>Finds the texts of a tenant's entries that lie nearest to a question. Vectors have unit length.</summary>
internal interface IVectorIndex
{
    /// <summary>The model whose vectors the tenant's index holds, and the knowledge version it covers; null while
    /// there is none.</summary>
    IndexedModel? ModelOf(Guid tenantId);

    /// <summary>Puts the tenant's index in place of the one before, at once: a search sees the old or the new.</summary>
    Task ReplaceAsync(Guid tenantId, IndexedModel model, IReadOnlyList<IndexedVector> vectors, CancellationToken cancellationToken);

    /// <summary>The nearest texts that the reader may read, best first, never of another tenant; empty when the index
    /// holds another model.</summary>
    /// <param name="modelHash">The model that made <paramref name="query"/>.</param>
    /// <param name="query">Unit length, as many values as the indexed vectors.</param>
    /// <param name="count">The most hits, 1 and more.</param>
    Task<IReadOnlyList<VectorHit>> SearchAsync(
        Guid tenantId,
        Reader reader,
        string modelHash,
        ReadOnlyMemory<float> query,
        int count,
        CancellationToken cancellationToken);
}

/// <param name="Hash">sha256 of the model file.</param>
/// <param name="KnowledgeVersion">Every entry of this version of the tenant's knowledge has its vectors.</param>
internal sealed record IndexedModel(string Hash, long KnowledgeVersion);

/// <summary>A text of an entry as a vector of unit length.</summary>
/// <param name="Audience">See <see cref="Reader"/>.</param>
internal readonly record struct IndexedVector(string EntryId, string Kind, string[] Audience, float[] Values);

/// <param name="Kind">See <see cref="KnowledgeVector.Kind"/>.</param>
/// <param name="Cosine">-1 to 1.</param>
internal readonly record struct VectorHit(string EntryId, string Kind, float Cosine);
