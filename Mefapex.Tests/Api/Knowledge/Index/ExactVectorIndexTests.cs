using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Index;

namespace Mefapex.Tests.Api.Knowledge.Index;

public sealed class ExactVectorIndexTests : VectorIndexConformance
{
    private protected override IVectorIndex Create() => new ExactVectorIndex();
}

/// <summary>What every implementation of <see cref="IVectorIndex"/> must do.</summary>
public abstract class VectorIndexConformance
{
    private static readonly Guid Tenant = new("11111111-1111-1111-1111-111111111111");
    private static readonly Guid Other = new("22222222-2222-2222-2222-222222222222");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected abstract IVectorIndex Create();

    [Fact]
    public async Task The_nearest_texts_come_first_with_their_cosines()
    {
        var random = new Random(1);
        var vectors = Enumerable.Range(0, 500).Select(i => new IndexedVector($"e{i}", KnowledgeVector.Question, [], Unit(random, 64))).ToList();
        var query = Unit(random, 64);
        var index = Create();
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 1), vectors, Cancellation);

        var hits = await index.SearchAsync(Tenant, Reader.Anonymous, "m", query, 10, Cancellation);

        var expected = vectors
            .Select(v => (v.EntryId, Cosine: v.Values.Zip(query, (a, b) => (double)a * b).Sum()))
            .OrderByDescending(v => v.Cosine)
            .Take(10)
            .ToList();
        hits.Select(h => h.EntryId).ShouldBe(expected.Select(e => e.EntryId));
        for (var i = 0; i < hits.Count; i++)
            ((double)hits[i].Cosine).ShouldBe(expected[i].Cosine, 1e-5);
    }

    [Fact]
    public async Task A_tenant_finds_only_its_own_texts()
    {
        var index = Create();
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 1), [new("mine", KnowledgeVector.Title, [], [0, 1])], Cancellation);
        await index.ReplaceAsync(Other, new IndexedModel("m", 1), [new("theirs", KnowledgeVector.Title, [], [1, 0])], Cancellation);

        var hits = await index.SearchAsync(Tenant, Reader.Anonymous, "m", new float[] { 1, 0 }, 5, Cancellation);

        hits.Select(h => h.EntryId).ShouldBe(["mine"]);
        (await index.SearchAsync(Guid.Empty, Reader.Anonymous, "m", new float[] { 1, 0 }, 5, Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Vectors_of_another_model_are_never_compared()
    {
        var index = Create();
        await index.ReplaceAsync(Tenant, new IndexedModel("old", 1), [new("e", KnowledgeVector.Title, [], [1, 0])], Cancellation);

        (await index.SearchAsync(Tenant, Reader.Anonymous, "new", new float[] { 1, 0 }, 5, Cancellation)).ShouldBeEmpty();
        index.ModelOf(Tenant).ShouldBe(new IndexedModel("old", 1));
        index.ModelOf(Other).ShouldBeNull();
    }

    [Fact]
    public async Task Replacing_switches_over_whole()
    {
        var index = Create();
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 1), [new("a", KnowledgeVector.Title, [], [1, 0]), new("b", KnowledgeVector.Title, [], [0, 1])], Cancellation);
        await index.ReplaceAsync(Tenant, new IndexedModel("m2", 2), [new("c", KnowledgeVector.Answer, [], [0, 0, 1])], Cancellation);

        var hits = await index.SearchAsync(Tenant, Reader.Anonymous, "m2", new float[] { 0, 0, 1 }, 5, Cancellation);

        hits.ShouldBe([new VectorHit("c", KnowledgeVector.Answer, 1)]);
        index.ModelOf(Tenant).ShouldBe(new IndexedModel("m2", 2));
    }

    [Fact]
    public async Task Vectors_of_different_lengths_are_refused()
    {
        var index = Create();

        await Should.ThrowAsync<ArgumentException>(() => index.ReplaceAsync(
            Tenant, new IndexedModel("m", 1), [new("a", KnowledgeVector.Title, [], [1, 0]), new("b", KnowledgeVector.Title, [], [1])], Cancellation));
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 1), [new("a", KnowledgeVector.Title, [], [1, 0])], Cancellation);
        await Should.ThrowAsync<ArgumentException>(() => index.SearchAsync(Tenant, Reader.Anonymous, "m", new float[] { 1 }, 5, Cancellation));
    }

    [Fact]
    public async Task Texts_at_the_same_distance_keep_their_order()
    {
        var index = Create();
        await index.ReplaceAsync(
            Tenant,
            new IndexedModel("m", 1),
            [.. Enumerable.Range(0, 20).Select(i => new IndexedVector($"e{i:00}", KnowledgeVector.Title, [], [1, 0]))],
            Cancellation);

        var hits = await index.SearchAsync(Tenant, Reader.Anonymous, "m", new float[] { 1, 0 }, 3, Cancellation);

        hits.Select(h => h.EntryId).ShouldBe(["e00", "e01", "e02"]);
    }

    private static float[] Unit(Random random, int length)
    {
        var values = Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 2) - 1).ToArray();
        var norm = MathF.Sqrt(values.Sum(v => v * v));
        return Array.ConvertAll(values, v => v / norm);
    }
}
