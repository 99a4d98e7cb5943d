using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Bench.Measuring;
using Spectre.Console;

namespace Mefapex.Bench.Vectors;

/// <summary>The exact vector index beside plain comparison with every vector, on vectors without and with clusters.</summary>
internal static class VectorBenchmark
{
    private const double P95Limit = 8;
    private const int Hits = 96;
    private const int WarmUp = 50;

    private static readonly Guid Tenant = Guid.NewGuid();

    public static async Task<int> RunAsync(Options options, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var count = (int)options.Take("--vectors", 100_000, 100, 5_000_000);
        var dimensions = (int)options.Take("--dimensions", 256, 2, 4096);
        var searches = (int)options.Take("--searches", 400, 10, 100_000);
        var json = options.Take("--json");
        options.Finish();

        var report = new Report("vectors");
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count} vectors of {dimensions} values, the {Hits} nearest, {searches} searches one after the other"));
        console.WriteLine($"{"vectors",10} {"p50 ms",8} {"p95 ms",8} {"p99 ms",8} {"max ms",8} {"recall",7} {"plain p50 ms",13} {"MB",7} {"change ms",10}");
        foreach (var (name, spread) in ((string, double)[])[("random", 0), ("clustered", 0.05)])
            await MeasureAsync(name, Make(count, dimensions, spread), searches, report, console, cancellationToken);
        report.ShowVerdicts(console);
        await report.WriteJsonAsync(json, console, cancellationToken);
        return report.Passed ? 0 : 1;
    }

    private static async Task MeasureAsync(
        string name,
        List<IndexedVector> vectors,
        int searches,
        Report report,
        IAnsiConsole console,
        CancellationToken cancellationToken)
    {
        using var index = new ExactVectorIndex();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await index.ReplaceAsync(Tenant, new IndexedModel("model", 1), vectors, cancellationToken);
        var megabytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1e6;

        var random = new Random(2);
        var timings = new Timings();
        var plain = new Timings();
        long found = 0;
        for (var i = 0; i < searches + WarmUp; i++)
        {
            var query = i % 2 == 0 ? Unit(random, vectors[0].Values.Length) : Near(random, vectors[random.Next(vectors.Count)].Values, 0.05);
            var begin = Stopwatch.GetTimestamp();
            var hits = await index.SearchAsync(
                Tenant, new VectorQuery(VectorSource.Chunks, Reader.Anonymous, "model", query, Hits), cancellationToken);
            var took = Stopwatch.GetElapsedTime(begin);
            begin = Stopwatch.GetTimestamp();
            var expected = Plain(vectors, query);
            if (i < WarmUp)
                continue;
            plain.Add(Stopwatch.GetElapsedTime(begin));
            timings.Add(took);
            found += hits.Count(h => expected.Contains(h.Key));
        }

        var changes = new Timings();
        for (var version = 2; version < 22; version++)
        {
            var begin = Stopwatch.GetTimestamp();
            var change = new VectorChange(new IndexedModel("model", version), [vectors[version].Key.Owner], [vectors[version]]);
            await index.ApplyAsync(Tenant, change, cancellationToken);
            changes.Add(Stopwatch.GetElapsedTime(begin));
        }

        var latency = timings.Summary();
        var recall = found / ((double)searches * Hits);
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,10} {latency.P50,8:0.00} {latency.P95,8:0.00} {latency.P99,8:0.00} {latency.Max,8:0.00} {recall,7:0.0000} {plain.Summary().P50,13:0.00} {megabytes,7:0} {changes.Summary().P50,10:0.00}"));
        report.Add(new { vectors = name, latency.P50, latency.P95, latency.P99, latency.Max, recall, plain = plain.Summary(), megabytes, change = changes.Summary() });
        report.Judge($"p95, {name}", latency.P95, "ms", P95Limit, atLeast: false);
        report.Judge($"recall, {name}", recall, "", 1, atLeast: true);
    }

    /// <summary>Comparison with every vector.</summary>
    private static HashSet<VectorKey> Plain(List<IndexedVector> vectors, float[] query)
    {
        var best = new PriorityQueue<int, (float, int)>();
        for (var row = 0; row < vectors.Count; row++)
        {
            var rank = (TensorPrimitives.Dot<float>(vectors[row].Values, query), -row);
            if (best.Count < Hits)
                best.Enqueue(row, rank);
            else
                best.EnqueueDequeue(row, rank);
        }

        return [.. best.UnorderedItems.Select(item => vectors[item.Element].Key)];
    }

    private static List<IndexedVector> Make(int count, int dimensions, double spread)
    {
        var random = new Random(1);
        var centres = Enumerable.Range(0, count / 50).Select(_ => Unit(random, dimensions)).ToArray();
        return
        [
            .. Enumerable.Range(0, count).Select(i => new IndexedVector(
                new VectorKey(VectorOwner.Document(new Guid(i / 50, 0, 0, new byte[8])), IndexedText.Chunk, 1, i % 50),
                [],
                spread == 0 ? Unit(random, dimensions) : Near(random, centres[i % centres.Length], spread))),
        ];
    }

#pragma warning disable CA5394 // A benchmark needs repeatable numbers, not secret ones.
    private static float[] Unit(Random random, int length) =>
        Normalised([.. Enumerable.Range(0, length).Select(_ => (float)random.NextDouble() + (float)random.NextDouble() - 1)]);

    private static float[] Near(Random random, float[] centre, double spread) =>
        Normalised(Array.ConvertAll(centre, x => x + (float)(((random.NextDouble() * 2) - 1) * spread)));
#pragma warning restore CA5394

    private static float[] Normalised(float[] values)
    {
        var length = TensorPrimitives.Norm<float>(values);
        return Array.ConvertAll(values, v => v / length);
    }
}
