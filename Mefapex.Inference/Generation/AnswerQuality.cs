using System.Numerics.Tensors;

namespace Mefapex.Inference.Generation;

/// <summary>
/// How sure the model was of what it said: exp((1/n) Σ log p(tᵢ | t₁ … tᵢ₋₁)), the geometric mean of the probabilities
/// of the n tokens it generated, the end token and those of a stop word included. p is the softmax of the model's logits
/// at temperature 1 over the whole vocabulary, whatever the sampling; a repetition penalty that genai_config.json sets is
/// part of it. 1 is certainty, 1/vocabulary is guessing. Equal to 1/perplexity
/// (Jelinek et al., "Perplexity: a measure of the difficulty of speech recognition tasks", 1977).
/// </summary>
internal sealed class AnswerQuality
{
    private double _logProbabilities;

    public int Tokens { get; private set; }

    /// <summary>The figure, above 0 and at most 1; null before the first token.</summary>
    public double? Score => Tokens == 0 ? null : Math.Exp(_logProbabilities / Tokens);

    /// <summary>Counts a token that was chosen from these logits.</summary>
    /// <returns>False if its probability is no number.</returns>
    public bool Add(ReadOnlySpan<float> logits, int token)
    {
        var logProbability = LogProbability(logits, token);
        _logProbabilities += logProbability;
        Tokens++;
        return double.IsFinite(logProbability);
    }

    /// <summary>Natural logarithm of the softmax of the logits at one of them.</summary>
    internal static double LogProbability(ReadOnlySpan<float> logits, int token)
    {
        var max = TensorPrimitives.Max(logits);
        Span<float> part = stackalloc float[512];
        var sum = 0.0;
        for (var start = 0; start < logits.Length; start += part.Length)
        {
            var source = logits.Slice(start, Math.Min(part.Length, logits.Length - start));
            var target = part[..source.Length];
            TensorPrimitives.Subtract(source, max, target);
            TensorPrimitives.Exp(target, target);
            sum += TensorPrimitives.Sum<float>(target);
        }

        return logits[token] - max - Math.Log(sum);
    }
}
