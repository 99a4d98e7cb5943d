using System.Collections.Concurrent;
using Mefapex.Api.Ai;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Search;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>Vectors of questions that are asked again and again, of the model that a tenant's index holds.</summary>
internal sealed class QuestionVectors(AiClient ai, IVectorIndex index, QuestionVectorCache cache)
{
    /// <returns>A vector for each text; null while there is no index, or nobody to make the vectors.</returns>
    public async Task<IReadOnlyList<QuestionVector>?> OfAsync(
        Guid tenantId,
        IReadOnlyList<string> texts,
        CancellationToken cancellationToken)
    {
        if (index.ModelOf(tenantId)?.Hash is not { } model)
            return null;
        var found = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            if (cache.Find(model, text) is { } values)
                found[text] = values;
        }

        try
        {
            foreach (var batch in texts.Distinct(StringComparer.Ordinal).Where(t => !found.ContainsKey(t)).Chunk(AiClient.MaxBatch))
            {
                var made = await ai.EmbedAsync(tenantId, batch, cancellationToken);
                if (made.ModelHash != model)
                    return null;
                for (var i = 0; i < batch.Length; i++)
                    cache.Keep(model, batch[i], found[batch[i]] = made.Embeddings[i]);
            }
        }
        catch (AiUnavailableException)
        {
            return null;
        }

        return [.. texts.Select(text => new QuestionVector(model, found[text]))];
    }
}

/// <summary>What <see cref="QuestionVectors"/> has seen, for the life of the process.</summary>
internal sealed class QuestionVectorCache
{
    private const int Most = 20_000;

    private readonly ConcurrentDictionary<(string Model, string Text), float[]> _vectors = new();

    public float[]? Find(string model, string text) => _vectors.GetValueOrDefault((model, text));

    public void Keep(string model, string text, float[] values)
    {
        // A full cache starts anew: what it saves is one call, and a fill of this size is rare.
        if (_vectors.Count >= Most)
            _vectors.Clear();
        _vectors[(model, text)] = values;
    }

    public void Clear() => _vectors.Clear();
}
