using Mefapex.Bench.Measuring;

namespace Mefapex.Bench.Embed;

/// <summary>Texts of a wanted number of tokens, made of the project's training sentences.</summary>
/// <param name="countTokens">The tokens of a text as the model counts them, special ones included.</param>
internal sealed class SampleTexts(Func<string, int> countTokens, int seed)
{
#pragma warning disable CA5394 // A benchmark needs repeatable numbers, not secret ones.
    private readonly Random _random = new(seed);
    private readonly string[] _words = Words();

    /// <summary>A text of exactly <paramref name="tokens"/> tokens, or as close as its last word lets it come.</summary>
    public string Next(int tokens)
    {
        var words = new List<string>();
        while (true)
        {
            words.Add(_words[_random.Next(_words.Length)]);
            var count = countTokens(string.Join(' ', words));
            if (count < tokens)
                continue;
            if (count == tokens || words.Count == 1)
                return string.Join(' ', words);
            words.RemoveAt(words.Count - 1);
            if (_random.Next(8) == 0)
                return string.Join(' ', words);
        }
    }

    /// <summary>Batches of texts of one length, or of all lengths between two.</summary>
    public string[][] Batches(int count, int size, int least, int most) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, size).Select(_ => Next(_random.Next(least, most + 1))).ToArray())];
#pragma warning restore CA5394

    private static string[] Words()
    {
        var folder = Path.Combine(Checkout.Root, "Mefapex.Inference", "Training", "Sentences");
        return [.. Directory.EnumerateFiles(folder, "*.txt").Order(StringComparer.Ordinal)
            .SelectMany(File.ReadLines)
            .Where(line => line.Length > 0 && line[0] != '#' && line.Contains(": ", StringComparison.Ordinal))
            .SelectMany(line => line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))];
    }
}
