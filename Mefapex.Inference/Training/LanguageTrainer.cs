using Mefapex.Inference.Languages;
using Mefapex.Inference.Text;

namespace Mefapex.Inference.Training;

/// <summary>Settings of a training. The same sentences, settings and machine give the same model.</summary>
public sealed record LanguageTrainingOptions
{
    /// <summary>Passes, 1 or more.</summary>
    public int Epochs { get; init; } = 12;

    /// <summary>Seed of the order and of the noise.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Sentences drawn of each language in an epoch; of Turkish and English, which have far more, twice as many.</summary>
    public int SentencesPerEpoch { get; init; } = 1500;

    /// <summary>Step size of Adagrad.</summary>
    public double LearningRate { get; init; } = 0.3;

    /// <summary>Share of sentences of which only one to four words in a row are learnt.</summary>
    public double ShortShare { get; init; } = 0.5;

    /// <summary>Share of Turkish sentences learnt without diacritics; of the other languages a third of it.</summary>
    public double PlainShare { get; init; } = 0.45;

    /// <summary>Share of features left out of a sentence.</summary>
    public double FeatureDropout { get; init; } = 0.2;

    /// <summary>Share of sentences held out to fit the temperature.</summary>
    public double ValidationShare { get; init; } = 0.1;
}

/// <summary>
/// Multinomial logistic regression over hashed character n-grams, by stochastic gradient with Adagrad (Duchi et al.,
/// "Adaptive subgradient methods", 2011); then a temperature that makes held-out sentences likeliest.
/// </summary>
internal sealed class LanguageTrainer
{
    /// <summary>Turkish and English, the first two.</summary>
    private const int LanguagesWithClusters = 2;

    private const int LongestExcerpt = 4;
    private const float Tiny = 1e-6f;

    private readonly LanguageTrainingOptions _options;
    private readonly LanguageFeatures _features = new(LanguageExporter.Grams);
    private readonly int _classes = LanguageExporter.Languages.Count + 1;
    private readonly Action<int, double> _progress;
    private readonly CancellationToken _cancellationToken;

    public LanguageTrainer(LanguageTrainingOptions options, Action<int, double> progress, CancellationToken cancellationToken)
    {
        _options = options;
        _progress = progress;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Trains.</summary>
    /// <param name="sentences">By language in the exporter's order, those of no language last.</param>
    public (float[] Table, float[] Bias, float Temperature) Train(IReadOnlyList<IReadOnlyList<string>> sentences)
    {
        var random = new Random(_options.Seed);
        var learnt = new List<IReadOnlyList<string>>();
        var held = new List<(string Text, int Language)>();
        foreach (var (language, all) in sentences.Index())
        {
            string[] shuffled = [.. all];
            random.Shuffle(shuffled);
            var count = (int)(Math.Min(shuffled.Length, _options.SentencesPerEpoch) * _options.ValidationShare);
            learnt.Add(shuffled[count..]);
            held.AddRange(shuffled[..count].Select(text => (Noisy(text, language, random), language)));
        }

        var (table, bias) = Learn(learnt, random);
        var temperature = FitTemperature(table, bias, held);
        (table, bias) = Learn(sentences, random);
        return (table, bias, temperature);
    }

    private (float[] Table, float[] Bias) Learn(IReadOnlyList<IReadOnlyList<string>> sentences, Random random)
    {
        var table = new float[LanguageExporter.Grams.Buckets * _classes];
        var squares = new float[table.Length];
        var bias = new float[_classes];
        var biasSquares = new float[_classes];
        for (var epoch = 1; epoch <= _options.Epochs; epoch++)
        {
            var rate = (float)(_options.LearningRate * (1 - (0.9 * (epoch - 1) / _options.Epochs)));
            var drawn = Draw(sentences, random);
            var loss = 0.0;
            foreach (var (text, language) in drawn)
            {
                _cancellationToken.ThrowIfCancellationRequested();
                var (ids, weights) = _features.Of(text);
                for (var i = 0; i < weights.Length; i++)
                {
                    if (random.NextDouble() < _options.FeatureDropout)
                        weights[i] = 0;
                }

                var gradient = Softmax(Logits(table, bias, ids, weights), 1);
                loss -= Math.Log(Math.Max(gradient[language], Tiny));
                gradient[language] -= 1;
                Step(bias, biasSquares, gradient, 1, rate);
                for (var i = 0; i < ids.Length; i++)
                {
                    var at = (int)ids[i] * _classes;
                    Step(table.AsSpan(at, _classes), squares.AsSpan(at, _classes), gradient, weights[i], rate);
                }
            }

            _progress(epoch, loss / drawn.Length);
        }

        return (table, bias);
    }

    private (string Text, int Language)[] Draw(IReadOnlyList<IReadOnlyList<string>> sentences, Random random)
    {
        var drawn = new List<(string Text, int Language)>();
        foreach (var (language, own) in sentences.Index())
        {
            var count = own.Count == 0 ? 0 : _options.SentencesPerEpoch * (language < LanguagesWithClusters ? 2 : 1);
            for (var i = 0; i < count; i++)
                drawn.Add((Noisy(own[random.Next(own.Count)], language, random), language));
        }

        var order = drawn.ToArray();
        random.Shuffle(order);
        return order;
    }

    private string Noisy(string text, int language, Random random)
    {
        if (random.NextDouble() < _options.ShortShare)
        {
            var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var count = random.Next(1, LongestExcerpt + 1);
            var start = random.Next(Math.Max(1, words.Length - count + 1));
            text = string.Join(' ', words[start..Math.Min(words.Length, start + count)]);
        }

        var plain = language == 0 ? _options.PlainShare : _options.PlainShare / 3;
        return random.NextDouble() < plain ? TurkishFolding.Fold(text) : text;
    }

    private float FitTemperature(float[] table, float[] bias, List<(string Text, int Language)> held)
    {
        var logits = held
            .Select(sentence => (_features.Of(sentence.Text), sentence.Language))
            .Where(sentence => sentence.Item1.Ids.Length > 0)
            .Select(sentence => (Logits: Logits(table, bias, sentence.Item1.Ids, sentence.Item1.Weights), sentence.Language))
            .ToArray();
        return logits.Length == 0
            ? 1
            : Enumerable.Range(4, 77)
                .Select(step => step * 0.05f)
                .MaxBy(temperature => logits.Sum(sentence =>
                    Math.Log(Math.Max(Softmax([.. sentence.Logits], temperature)[sentence.Language], Tiny))));
    }

    private float[] Logits(float[] table, float[] bias, long[] ids, float[] weights)
    {
        var logits = (float[])bias.Clone();
        for (var i = 0; i < ids.Length; i++)
        {
            var at = (int)ids[i] * _classes;
            for (var c = 0; c < _classes; c++)
                logits[c] += weights[i] * table[at + c];
        }

        return logits;
    }

    private static float[] Softmax(float[] logits, float temperature)
    {
        var highest = logits.Max();
        for (var i = 0; i < logits.Length; i++)
            logits[i] = MathF.Exp((logits[i] - highest) / temperature);
        var sum = logits.Sum();
        for (var i = 0; i < logits.Length; i++)
            logits[i] /= sum;
        return logits;
    }

    private static void Step(Span<float> values, Span<float> squares, float[] gradient, float weight, float rate)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var own = gradient[i] * weight;
            squares[i] += own * own;
            values[i] -= rate * own / (MathF.Sqrt(squares[i]) + Tiny);
        }
    }
}
