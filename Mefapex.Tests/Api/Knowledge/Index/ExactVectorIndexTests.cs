using System.Numerics.Tensors;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Index;

namespace Mefapex.Tests.Api.Knowledge.Index;

public sealed class ExactVectorIndexTests : VectorIndexConformance
{
    private protected override IVectorIndex Create() => new ExactVectorIndex();

    [Fact]
    public async Task Its_memory_is_the_vectors_once_as_floats_and_once_in_eight_bits()
    {
        using var index = new ExactVectorIndex();
        var bytes = new Dictionary<string, long>(StringComparer.Ordinal);
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == ExactVectorIndex.MeterName)
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (Equals(tags[0].Value, Tenant))
                bytes[instrument.Name] = value;
        });
        listener.Start();
        var vectors = RandomVectors(new Random(5), 1000, 256);
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 1), vectors, TestContext.Current.CancellationToken);

        listener.RecordObservableInstruments();

        bytes["mefapex.vector_index.vectors"].ShouldBe(1000);
        bytes["mefapex.vector_index.memory"].ShouldBeInRange(1000 * 256 * 5, 1000 * 256 * 6);
    }
}

/// <summary>What every implementation of <see cref="IVectorIndex"/> must do.</summary>
public abstract class VectorIndexConformance
{
    private protected static readonly Guid Tenant = Guid.NewGuid();
    private static readonly Guid Other = Guid.NewGuid();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected abstract IVectorIndex Create();

    [Theory]
    [InlineData(500, 64, 0)]
    [InlineData(3000, 256, 0)]
    [InlineData(3000, 256, 0.02)]
    [InlineData(3000, 256, 0.0002)]
    [InlineData(2000, 100, 0.3)]
    [InlineData(70_000, 32, 0.1)]
    public async Task The_nearest_are_those_that_comparing_all_of_them_gives(int count, int dimensions, double spread)
    {
        var random = new Random(count + dimensions);
        var vectors = spread == 0 ? RandomVectors(random, count, dimensions) : Clusters(random, count, dimensions, spread);
        var index = Create();
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 1), vectors, Cancellation);

        for (var i = 0; i < 10; i++)
        {
            var query = i % 2 == 0 ? Unit(random, dimensions) : Near(random, vectors[random.Next(count)].Values, 0.05);
            var hits = await SearchAsync(index, query, count: 50);

            var expected = vectors.Select((v, row) => (v.Key, Cosine: TensorPrimitives.Dot<float>(v.Values, query), Row: row))
                .OrderByDescending(v => v.Cosine).ThenBy(v => v.Row).Take(50).ToList();
            hits.Select(h => h.Key).ShouldBe(expected.Select(e => e.Key));
            hits.Select(h => h.Cosine).ShouldBe(expected.Select(e => e.Cosine));
        }
    }

    [Fact]
    public async Task A_tenant_finds_only_its_own_texts()
    {
        var index = Create();
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 1), [Entry("mine", 0, 1)], Cancellation);
        await index.ReplaceAsync(Other, new IndexedModel("m", 1), [Entry("theirs", 1, 0)], Cancellation);

        (await IdsAsync(index, [1, 0])).ShouldBe(["mine"]);
        (await index.SearchAsync(Guid.Empty, Query([1, 0]), Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Entries_and_chunks_are_searched_apart()
    {
        var index = Create();
        var document = Guid.NewGuid();
        var chunk = new VectorKey(VectorOwner.Document(document), "chunk", Version: 3, Part: 7);
        await index.ReplaceAsync(
            Tenant, new IndexedModel("m", 1), [Entry("a", 1, 0), new(chunk, [], [0, 1]), Entry("b", 0, 1)], Cancellation);

        (await IdsAsync(index, [0, 1])).ShouldBe(["b", "a"]);
        (await index.SearchAsync(Tenant, Query([0, 1]) with { Source = VectorSource.Chunks }, Cancellation))
            .ShouldBe([new VectorHit(chunk, 1)]);
    }

    [Fact]
    public async Task Only_what_the_reader_may_read_is_found_and_counted()
    {
        var index = Create();
        await index.ReplaceAsync(
            Tenant,
            new IndexedModel("m", 1),
            [Entry("secret", 1, 0) with { Audience = ["group:bakim", "role:coordinator"] }, Entry("public", 0, 1), Entry("hr", 1, 0) with { Audience = ["group:ik"] }],
            Cancellation);

        (await IdsAsync(index, [1, 0], count: 1)).ShouldBe(["public"]);
        (await IdsAsync(index, [1, 0], count: 2, new Reader(["group:bakim"]))).ShouldBe(["secret", "public"]);
        (await IdsAsync(index, [1, 0], count: 9, new Reader(["group:ik", "role:coordinator"]))).ShouldBe(["secret", "hr", "public"]);
    }

    [Fact]
    public async Task Vectors_of_another_model_are_never_compared()
    {
        var index = Create();
        await index.ReplaceAsync(Tenant, new IndexedModel("old", 1), [Entry("e", 1, 0)], Cancellation);

        (await index.SearchAsync(Tenant, Query([1, 0]) with { ModelHash = "new" }, Cancellation)).ShouldBeEmpty();
        await Should.ThrowAsync<InvalidOperationException>(() => index.ApplyAsync(
            Tenant, new VectorChange(new IndexedModel("new", 2), [], [Entry("f", 1, 0)]), Cancellation));
        await Should.ThrowAsync<InvalidOperationException>(() => index.ApplyAsync(
            Other, new VectorChange(new IndexedModel("old", 2), [], [Entry("f", 1, 0)]), Cancellation));
        (await IdsAsync(index, [1, 0], model: "old")).ShouldBe(["e"]);
        index.ModelOf(Tenant).ShouldBe(new IndexedModel("old", 1));
        index.ModelOf(Other).ShouldBeNull();
    }

    [Fact]
    public async Task Replacing_switches_over_whole()
    {
        var index = Create();
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 1), [Entry("a", 1, 0), Entry("b", 0, 1)], Cancellation);
        await index.ReplaceAsync(Tenant, new IndexedModel("m2", 2), [Entry("c", 0, 0, 1)], Cancellation);

        (await IdsAsync(index, [0, 0, 1], model: "m2")).ShouldBe(["c"]);
        index.ModelOf(Tenant).ShouldBe(new IndexedModel("m2", 2));
    }

    [Fact]
    public async Task A_change_takes_owners_away_and_adds_vectors()
    {
        var index = Create();
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 1), [Entry("a", 1, 0), Entry("b", 0.6f, 0.8f), Entry("c", 0, 1)], Cancellation);

        await index.ApplyAsync(
            Tenant,
            new VectorChange(new IndexedModel("m", 2), [VectorOwner.Entry("a"), VectorOwner.Entry("c"), VectorOwner.Entry("x")], [Entry("c", 0.8f, 0.6f)]),
            Cancellation);

        (await IdsAsync(index, [1, 0])).ShouldBe(["c", "b"]);
        index.ModelOf(Tenant).ShouldBe(new IndexedModel("m", 2));
    }

    [Fact]
    public async Task After_any_number_of_changes_the_nearest_are_as_if_built_at_once()
    {
        const int Dimensions = 48;
        var random = new Random(11);
        var index = Create();
        var expected = new Dictionary<string, float[]>(StringComparer.Ordinal);
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 0), [], Cancellation);
        for (var version = 1; version <= 60; version++)
        {
            var gone = expected.Keys.OrderBy(_ => random.Next()).Take(random.Next(8)).ToList();
            var come = Enumerable.Range(0, random.Next(40)).Select(i => Entry($"{version}-{i}", Unit(random, Dimensions)))
                .Concat(gone.Take(2).Select(id => Entry(id, Unit(random, Dimensions)))).ToList();
            gone.ForEach(id => expected.Remove(id));
            come.ForEach(v => expected[v.Key.Owner.Id] = v.Values);
            await index.ApplyAsync(
                Tenant, new VectorChange(new IndexedModel("m", version), [.. gone.Select(VectorOwner.Entry)], come), Cancellation);

            var query = Unit(random, Dimensions);
            (await IdsAsync(index, query, count: 20)).ShouldBe(
                expected.OrderByDescending(e => TensorPrimitives.Dot<float>(e.Value, query)).Take(20).Select(e => e.Key));
        }
    }

    [Fact]
    public async Task A_search_during_a_change_sees_the_index_before_or_after_it()
    {
        var index = Create();
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 0), Generation(0), Cancellation);
        var changing = Task.Run(async () =>
        {
            for (var version = 1; version <= 200; version++)
            {
                await index.ApplyAsync(
                    Tenant,
                    new VectorChange(new IndexedModel("m", version), [.. Generation(version - 1).Select(v => v.Key.Owner)], Generation(version)),
                    Cancellation);
            }
        }, Cancellation);

        while (!changing.IsCompleted)
        {
            var ids = await IdsAsync(index, [1, 0], count: 99);
            ids.Count.ShouldBe(30);
            ids.Select(id => id.Split('-')[0]).Distinct().ShouldHaveSingleItem();
        }

        await changing;

        static List<IndexedVector> Generation(int version) => [.. Enumerable.Range(0, 30).Select(i => Entry($"{version}-{i}", 1, 0))];
    }

    [Fact]
    public async Task Vectors_of_different_lengths_are_refused()
    {
        var index = Create();

        await Should.ThrowAsync<ArgumentException>(() => index.ReplaceAsync(
            Tenant, new IndexedModel("m", 1), [Entry("a", 1, 0), Entry("b", 1)], Cancellation));
        await index.ReplaceAsync(Tenant, new IndexedModel("m", 1), [Entry("a", 1, 0)], Cancellation);
        await Should.ThrowAsync<ArgumentException>(() => index.ApplyAsync(
            Tenant, new VectorChange(new IndexedModel("m", 2), [], [Entry("b", 1)]), Cancellation));
        await Should.ThrowAsync<ArgumentException>(() => index.SearchAsync(Tenant, Query([1]), Cancellation));
        (await IdsAsync(index, [1, 0])).ShouldBe(["a"]);
    }

    [Fact]
    public async Task Texts_at_the_same_distance_keep_their_order()
    {
        var index = Create();
        await index.ReplaceAsync(
            Tenant, new IndexedModel("m", 1), [.. Enumerable.Range(0, 20).Select(i => Entry($"e{i:00}", 1, 0))], Cancellation);
        await index.ApplyAsync(Tenant, new VectorChange(new IndexedModel("m", 2), [VectorOwner.Entry("e01")], [Entry("f", 1, 0)]), Cancellation);

        (await IdsAsync(index, [1, 0], count: 3)).ShouldBe(["e00", "e02", "e03"]);
        (await IdsAsync(index, [1, 0], count: 99))[^1].ShouldBe("f");
    }

    private protected static List<IndexedVector> RandomVectors(Random random, int count, int dimensions) =>
        [.. Enumerable.Range(0, count).Select(i => Entry($"e{i}", Unit(random, dimensions)))];

    /// <summary>Groups of vectors that lie close together, as texts about the same thing do.</summary>
    private static List<IndexedVector> Clusters(Random random, int count, int dimensions, double spread)
    {
        var centres = Enumerable.Range(0, 20).Select(_ => Unit(random, dimensions)).ToArray();
        return [.. Enumerable.Range(0, count).Select(i => Entry($"e{i}", Near(random, centres[i % centres.Length], spread)))];
    }

    private static float[] Near(Random random, float[] centre, double spread) =>
        Normalised(Array.ConvertAll(centre, x => x + (float)(((random.NextDouble() * 2) - 1) * spread)));

    private static float[] Unit(Random random, int length) =>
        Normalised([.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 2) - 1)]);

    private static float[] Normalised(float[] values)
    {
        var norm = MathF.Sqrt(values.Sum(v => v * v));
        return Array.ConvertAll(values, v => v / norm);
    }

    private static IndexedVector Entry(string id, params float[] values) =>
        new(new VectorKey(VectorOwner.Entry(id), KnowledgeVector.Question, 0, 0), [], values);

    private static VectorQuery Query(float[] values) => new(VectorSource.Entries, Reader.Anonymous, "m", values, 5);

    private static Task<IReadOnlyList<VectorHit>> SearchAsync(IVectorIndex index, float[] query, int count) =>
        index.SearchAsync(Tenant, Query(query) with { Count = count }, Cancellation);

    private static async Task<List<string>> IdsAsync(IVectorIndex index, float[] query, int count = 5, Reader? reader = null, string model = "m")
    {
        var hits = await index.SearchAsync(
            Tenant, Query(query) with { Count = count, Reader = reader ?? Reader.Anonymous, ModelHash = model }, Cancellation);
        return [.. hits.Select(h => h.Key.Owner.Id)];
    }
}
