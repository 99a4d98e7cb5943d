using System.Collections.Concurrent;
using System.Diagnostics;
using System.Numerics.Tensors;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;

namespace Mefapex.Inference.Training;

/// <summary>What an epoch came to.</summary>
/// <param name="Phase"><c>validate</c> while some sentences are held out, <c>all</c> while every one is learnt from.</param>
/// <param name="Epoch">1 for the first.</param>
/// <param name="Epochs">Most epochs of the phase.</param>
/// <param name="Loss">Mean loss of its batches.</param>
/// <param name="SeenRecall">Recall@1 of held-out sentences whose cluster was learnt; null in phase <c>all</c>.</param>
/// <param name="UnseenRecall">Recall@1 of sentences of clusters that were held out as a whole.</param>
/// <param name="Left">Time left if the phase takes all its epochs.</param>
public sealed record TrainingProgress(
    string Phase, int Epoch, int Epochs, double Loss, double? SeenRecall, double? UnseenRecall, TimeSpan Left);

/// <summary>What was learnt and how it came about.</summary>
/// <param name="Table">Rows of <see cref="EncoderExporter.Dimensions"/> values.</param>
/// <param name="Memory">The meanings learnt.</param>
/// <param name="Epochs">Epochs that it learnt.</param>
/// <param name="Validation">Progress of the phase with held-out sentences; empty without validation.</param>
public sealed record TrainedEncoder(float[] Table, MeaningMemory Memory, int Epochs, IReadOnlyList<TrainingProgress> Validation);

/// <summary>
/// Teaches the table of the sub-word encoder which sentences mean the same, by contrast with those that do not. First
/// some sentences are held out to find how many epochs generalise best; then all are learnt for as many. The result is
/// the moving average of the table over the epochs, which generalises better than its last state (Izmailov et al.,
/// "Averaging weights leads to wider optima and better generalization", 2018).
/// </summary>
public sealed class EncoderTrainer
{
    private const float AverageDecay = 0.8f;
    private const float StartLength = 0.5f;
    private const double LeastIdf = 0.05;
    private const double LeastRate = 0.05;
    private const int TermsOfLine = 3;

    private readonly EncoderTrainingOptions _options;
    private readonly TrainingCorpus _corpus;
    private readonly SubwordFeatures _features = new(EncoderExporter.TrainedSubwords);
    private readonly SentenceNoise _noise;
    private readonly MeaningCluster[] _terms;
    private readonly ParallelOptions _parallel;
    private readonly ContrastiveLoss _loss;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly ConcurrentDictionary<string, (long[] Ids, float[] Weights)> _featuresOf = new(StringComparer.Ordinal);

    /// <summary>A trainer for one corpus.</summary>
    public EncoderTrainer(
        TrainingCorpus corpus,
        EncoderTrainingOptions options,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(options);
        _corpus = corpus;
        _options = options;
        _progress = progress;
        _noise = new SentenceNoise(options, corpus.Terms);
        _terms = [.. corpus.Terms.Select((term, index) => new MeaningCluster(
            $"term {index}",
            [
                .. term.Turkish.Select(text => new StyledSentence("tr-term", text)),
                .. term.English.Select(text => new StyledSentence("en-term", text)),
            ]))];
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Threads, CancellationToken = cancellationToken };
        _loss = new ContrastiveLoss((float)options.Temperature, _parallel);
    }

    /// <summary>Trains.</summary>
    /// <exception cref="OperationCanceledException">The trainer was cancelled.</exception>
    public TrainedEncoder Train()
    {
        var epochs = _options.Epochs;
        IReadOnlyList<TrainingProgress> validation = [];
        if (_options.ValidationShare > 0)
        {
            var split = ValidationSplit.Of(_corpus.Clusters, _options.ValidationShare, _options.Seed);
            (_, epochs, validation) = Learn(split.Training, split, epochs);
        }

        var (table, _, _) = Learn(_corpus.Clusters, null, epochs);
        return new TrainedEncoder(table, Remember(table, _corpus.Clusters), epochs, validation);
    }

    private MeaningMemory Remember(float[] table, IReadOnlyList<MeaningCluster> clusters) => new(
        [.. Means(table, clusters).SelectMany(mean => mean)],
        (float)_options.MemoryStrength,
        (float)_options.MemoryTemperature);

    private (float[] Table, int Epochs, List<TrainingProgress> History) Learn(
        IReadOnlyList<MeaningCluster> clusters, ValidationSplit? split, int epochs)
    {
        var random = new Random(_options.Seed);
        var table = new SubwordTable(StartTable(clusters), EncoderExporter.Dimensions);
        var average = (float[])table.Values.Clone();
        var history = new List<TrainingProgress>();
        var watch = Stopwatch.StartNew();
        var (best, bestEpoch) = (double.NegativeInfinity, 0);
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            // The schedule is that of all epochs also where the second phase ends earlier: both go the same way.
            var rate = _options.LearningRate * Math.Max(LeastRate, 1 - ((epoch - 1) / (double)_options.Epochs));
            var loss = LearnEpoch(table, clusters, HardNegatives(table.Values, clusters, epoch), (float)rate, random);
            var keep = Math.Min(AverageDecay, (epoch - 1f) / epoch);
            TensorPrimitives.Lerp(table.Values, average, keep, average);

            var memory = split is null ? null : Remember(average, clusters);
            var seen = split is null ? (double?)null : Recall(average, memory!, split.Seen);
            var unseen = split is null ? (double?)null : Recall(average, memory!, split.Unseen);
            var report = new TrainingProgress(
                split is null ? "all" : "validate", epoch, epochs, loss, seen, unseen, watch.Elapsed / epoch * (epochs - epoch));
            history.Add(report);
            _progress?.Report(report);
            if (split is null)
                continue;
            if (seen + unseen > best)
                (best, bestEpoch) = (seen!.Value + unseen!.Value, epoch);
            else if (epoch - bestEpoch >= _options.Patience)
                break;
        }

        return (average, split is null ? epochs : bestEpoch, history);
    }

    /// <summary>The untrained table with rows that weigh less the more clusters have them.</summary>
    private float[] StartTable(IReadOnlyList<MeaningCluster> clusters)
    {
        var subwords = EncoderExporter.TrainedSubwords;
        var start = UntrainedTable.Make(subwords.Buckets, EncoderExporter.Dimensions);
        var having = new int[subwords.Buckets];
        foreach (var cluster in clusters)
        {
            foreach (var row in cluster.Sentences.SelectMany(sentence => FeaturesOf(sentence.Text).Ids).Distinct())
                having[row]++;
        }

        var values = new float[start.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var idf = Math.Log((clusters.Count + 1.0) / (having[i / EncoderExporter.Dimensions] + 1.0)) / Math.Log(clusters.Count + 1.0);
            values[i] = start[i] * (float)(Math.Max(LeastIdf, idf) * StartLength / UntrainedTable.RowLength);
        }

        return values;
    }

    private double LearnEpoch(
        SubwordTable table, IReadOnlyList<MeaningCluster> clusters, int[][] confused, float rate, Random random)
    {
        var order = Enumerable.Range(0, clusters.Count).ToArray();
        var size = Math.Min(_options.ClustersPerBatch, clusters.Count);
        var batches = Math.Max(1, clusters.Count * _options.Rounds / size);
        var next = order.Length;
        var sum = 0.0;
        for (var batch = 0; batch < batches; batch++)
        {
            _parallel.CancellationToken.ThrowIfCancellationRequested();
            var chosen = new HashSet<int>();
            while (chosen.Count < size)
            {
                if (next >= order.Length)
                {
                    random.Shuffle(order);
                    next = 0;
                }

                var cluster = order[next++];
                chosen.Add(cluster);
                for (var hard = 0; confused.Length > 0 && hard < _options.HardNegatives && chosen.Count < size; hard++)
                    chosen.Add(confused[cluster][random.Next(confused[cluster].Length)]);
            }

            sum += LearnBatch(table, Draw(chosen.Order().Select(index => clusters[index]), random), rate);
        }

        return sum / batches;
    }

    /// <summary>Sentences of the clusters, changed by noise, and lines of the glossary, each with its group.</summary>
    private List<(string Text, int Group)> Draw(IEnumerable<MeaningCluster> clusters, Random random)
    {
        var drawn = new List<(string Text, int Group)>();
        var group = 0;
        foreach (var cluster in clusters)
        {
            foreach (var sentence in Sample(cluster, _options.SentencesPerCluster, random))
                drawn.Add((_noise.Apply(sentence.Text, random), group));
            group++;
        }

        var lines = _terms.Length == 0 ? 0 : (int)(_options.TermShare * group);
        foreach (var index in Enumerable.Range(0, lines).Select(_ => random.Next(_terms.Length)).Distinct().ToArray())
        {
            foreach (var term in Sample(_terms[index], TermsOfLine, random))
                drawn.Add((term.Text, group));
            group++;
        }

        return drawn;
    }

    private static StyledSentence[] Sample(MeaningCluster cluster, int count, Random random)
    {
        StyledSentence[] sentences = [.. cluster.Sentences];
        random.Shuffle(sentences);
        return sentences[..Math.Min(count, sentences.Length)];
    }

    private double LearnBatch(SubwordTable table, List<(string Text, int Group)> batch, float rate)
    {
        var count = batch.Count;
        var features = new (long[] Ids, float[] Weights)[count];
        var vectors = new float[count][];
        var norms = new float[count];
        var gradients = new float[count][];
        Parallel.For(0, count, _parallel, i =>
        {
            features[i] = _features.Of(batch[i].Text);
            vectors[i] = new float[table.Dimensions];
            gradients[i] = new float[table.Dimensions];
            norms[i] = SubwordTable.Encode(table.Values, features[i], vectors[i]);
        });

        var loss = _loss.Compute(vectors, [.. batch.Select(drawn => drawn.Group)], gradients);

        // Through the division by the length: only what is orthogonal to the vector changes it.
        Parallel.For(0, count, _parallel, i =>
        {
            var along = TensorPrimitives.Dot<float>(gradients[i], vectors[i]);
            TensorPrimitives.MultiplyAdd(vectors[i], -along, gradients[i], gradients[i]);
            TensorPrimitives.Divide(gradients[i], norms[i], gradients[i]);
        });

        // Each row is the work of one thread, in the order of sentences: threads make no difference to the sums.
        var uses = new SortedDictionary<int, List<(int Sentence, float Weight)>>();
        for (var i = 0; i < count; i++)
        {
            for (var f = 0; f < features[i].Ids.Length; f++)
            {
                var row = (int)features[i].Ids[f];
                if (!uses.TryGetValue(row, out var users))
                    uses[row] = users = [];
                users.Add((i, features[i].Weights[f]));
            }
        }

        var rows = uses.ToArray();
        Parallel.For(
            0,
            rows.Length,
            _parallel,
            () => new float[table.Dimensions],
            (i, _, gradient) =>
            {
                Array.Clear(gradient);
                foreach (var (sentence, weight) in rows[i].Value)
                    TensorPrimitives.MultiplyAdd(gradients[sentence], weight, gradient, gradient);
                table.Step(rows[i].Key, gradient, rate);
                return gradient;
            },
            static _ => { });
        return loss;
    }

    /// <summary>For each cluster those whose mean vectors are nearest to its own.</summary>
    private int[][] HardNegatives(float[] values, IReadOnlyList<MeaningCluster> clusters, int epoch)
    {
        if (_options.HardNegatives == 0 || epoch == 1 || clusters.Count < 3)
            return [];
        var means = Means(values, clusters);
        var nearest = new int[means.Length][];
        Parallel.For(0, means.Length, _parallel, i => nearest[i] =
        [
            .. Enumerable.Range(0, means.Length)
                .Where(j => j != i)
                .OrderByDescending(j => TensorPrimitives.Dot<float>(means[i], means[j]))
                .ThenBy(j => j)
                .Take(2 * _options.HardNegatives),
        ]);
        return nearest;
    }

    /// <summary>Of each cluster the mean vector of its sentences, at unit length.</summary>
    private float[][] Means(float[] values, IReadOnlyList<MeaningCluster> clusters)
    {
        var means = new float[clusters.Count][];
        Parallel.For(0, means.Length, _parallel, i =>
        {
            var mean = new float[EncoderExporter.Dimensions];
            foreach (var sentence in clusters[i].Sentences)
                TensorPrimitives.Add(mean, Encode(values, sentence.Text), mean);
            TensorPrimitives.Divide(mean, MathF.Max(TensorPrimitives.Norm<float>(mean), 1e-12f), mean);
            means[i] = mean;
        });
        return means;
    }

    private double Recall(float[] values, MeaningMemory memory, IReadOnlyList<(string Query, string Match)> pairs)
    {
        var queries = pairs.Select(pair => Recalled(pair.Query)).ToArray();
        var matches = pairs.Select(pair => Recalled(pair.Match)).ToArray();
        return pairs.Index().Count(pair =>
        {
            var query = queries[pair.Index];
            var own = TensorPrimitives.Dot<float>(query, matches[pair.Index]);
            return !matches.Index().Any(other =>
                other.Index != pair.Index && TensorPrimitives.Dot<float>(query, other.Item) >= own);
        }) / Math.Max(1.0, pairs.Count);

        float[] Recalled(string text)
        {
            var vector = Encode(values, text);
            memory.Recall(vector);
            return vector;
        }
    }

    private float[] Encode(float[] values, string text)
    {
        var vector = new float[EncoderExporter.Dimensions];
        SubwordTable.Encode(values, FeaturesOf(text), vector);
        return vector;
    }

    private (long[] Ids, float[] Weights) FeaturesOf(string text) => _featuresOf.GetOrAdd(text, _features.Of);
}
