namespace Mefapex.Inference.Embedding;

/// <summary>Many texts at once with any encoder.</summary>
public static class TextEncoderExtensions
{
    /// <summary>Tokens of one run, padding included: 4096 of the bundled encoder take about 10 MB while they are computed.</summary>
    public const int TokensPerRun = 4096;

    /// <summary>The vector of one text.</summary>
    /// <exception cref="ArgumentException">Nothing is left of the text to embed.</exception>
    public static float[] Encode(
        this ITextEncoder encoder,
        string text,
        TextRole role = TextRole.Query,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        return encoder.Run([encoder.Tokenize(text, role)], cancellationToken)[0];
    }

    /// <summary>The vectors of the texts, in their order.</summary>
    /// <exception cref="ArgumentException">Nothing is left of one of the texts to embed.</exception>
    public static float[][] Encode(
        this ITextEncoder encoder,
        IReadOnlyList<string> texts,
        TextRole role = TextRole.Query,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(texts);
        var inputs = new EncoderInput[texts.Count];
        for (var i = 0; i < inputs.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            inputs[i] = encoder.Tokenize(texts[i], role);
        }

        return encoder.RunAll(inputs, TokensPerRun, cancellationToken);
    }

    /// <summary>Runs any number of inputs, those of like length together, so that little of a run is padding.</summary>
    /// <param name="tokensPerRun">Most tokens of one run, padding included; a longer input runs alone.</param>
    public static float[][] RunAll(
        this ITextEncoder encoder,
        IReadOnlyList<EncoderInput> inputs,
        int tokensPerRun,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(inputs);
        var order = Enumerable.Range(0, inputs.Count).OrderBy(i => inputs[i].Length).ToArray();
        var vectors = new float[inputs.Count][];
        var lengths = Array.ConvertAll(order, i => inputs[i].Length);
        var start = 0;
        foreach (var end in BatchPlan.Cut(lengths, tokensPerRun))
        {
            var results = encoder.Run(Array.ConvertAll(order[start..end], i => inputs[i]), cancellationToken);
            for (var i = 0; i < results.Length; i++)
                vectors[order[start + i]] = results[i];
            start = end;
        }

        return vectors;
    }
}
