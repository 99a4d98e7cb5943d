using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>Finds the texts of a tenant's entries and documents that lie nearest to a question. Vectors have unit length.</summary>
internal interface IVectorIndex
{
    /// <summary>The model whose vectors the tenant's index holds, and the knowledge version it covers; null while
    /// there is none.</summary>
    IndexedModel? ModelOf(Guid tenantId);

    /// <summary>Puts the tenant's index in place of the one before, at once: a search sees the old or the new.</summary>
    Task ReplaceAsync(Guid tenantId, IndexedModel model, IReadOnlyList<IndexedVector> vectors, CancellationToken cancellationToken);

    /// <summary>Takes away all vectors of the change's owners and adds its vectors, at once.</summary>
    /// <exception cref="InvalidOperationException">The index holds no vectors of the change's model.</exception>
    Task ApplyAsync(Guid tenantId, VectorChange change, CancellationToken cancellationToken);

    /// <summary>The nearest texts that the reader may read, best first, never of another tenant; equal cosines in the order
    /// they were added; empty when the index holds another model.</summary>
    Task<IReadOnlyList<VectorHit>> SearchAsync(Guid tenantId, VectorQuery query, CancellationToken cancellationToken);
}

/// <param name="Hash">sha256 of the model file.</param>
/// <param name="KnowledgeVersion">Everything of this version of the tenant's knowledge has its vectors.</param>
internal sealed record IndexedModel(string Hash, long KnowledgeVersion);

/// <summary>What a vector was made of; the kinds are searched apart.</summary>
internal enum VectorSource
{
    /// <summary>Texts of <see cref="KnowledgeEntry"/>.</summary>
    Entries,

    /// <summary>Chunks of <see cref="Documents.Document"/>.</summary>
    Chunks,
}

/// <summary>An entry or a document: what comes and goes as a whole.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct VectorOwner(VectorSource Source, string Id)
{
    public static VectorOwner Entry(string id) => new(VectorSource.Entries, id);

    public static VectorOwner Document(Guid id) => new(VectorSource.Chunks, id.ToString());
}

/// <summary>Names one vector of an owner.</summary>
/// <param name="Kind">See <see cref="KnowledgeVector.Kind"/>.</param>
/// <param name="Version">Of the document; 0 for entries.</param>
/// <param name="Part">The chunk's position, or the text's number among those of its entry.</param>
internal sealed record VectorKey(VectorOwner Owner, string Kind, int Version, int Part);

/// <summary>A text as a vector of unit length.</summary>
/// <param name="Audience">See <see cref="Reader"/>.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct IndexedVector(VectorKey Key, IReadOnlyCollection<string> Audience, float[] Values);

/// <param name="Model">What the index holds after the change; the hash is the one it holds already.</param>
/// <param name="Removed">Owners of which no vector stays.</param>
/// <param name="Added">Vectors that come; those of an owner that is not removed come on top of what it has.</param>
internal sealed record VectorChange(IndexedModel Model, IReadOnlyCollection<VectorOwner> Removed, IReadOnlyList<IndexedVector> Added);

/// <param name="ModelHash">The model that made <paramref name="Values"/>.</param>
/// <param name="Values">Unit length, as many as the indexed vectors have.</param>
/// <param name="Count">The most hits, 1 and more.</param>
internal sealed record VectorQuery(VectorSource Source, Reader Reader, string ModelHash, ReadOnlyMemory<float> Values, int Count);

/// <param name="Cosine">-1 to 1.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct VectorHit(VectorKey Key, float Cosine);
