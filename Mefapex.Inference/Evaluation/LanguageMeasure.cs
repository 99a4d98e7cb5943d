using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Languages;

namespace Mefapex.Inference.Evaluation;

/// <summary>Sentences by language: a file <c>XX.txt</c> for each language, and <c>unknown.txt</c>; a sentence a line.</summary>
internal static class LanguageSentences
{
    /// <summary>Reads the file of each language.</summary>
    /// <exception cref="InvalidDataException">A file is missing or empty.</exception>
    public static Dictionary<string, List<string>> Read(string folder)
    {
        var sentences = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var language in (string[])[.. LanguageExporter.Languages, LanguageGuess.Unknown])
        {
            var file = Path.Combine(folder, $"{language}.txt");
            var lines = File.Exists(file) ? File.ReadLines(file).Select(line => line.Trim()).Where(line => line.Length > 0).ToList() : [];
            sentences[language] = lines.Count > 0
                ? lines
                : throw new InvalidDataException($"{file} is missing or empty; it holds a sentence of {language} a line.");
        }

        return sentences;
    }
}

/// <summary>Accuracy on sentences of known language, apart for four words or more and for two or three.</summary>
internal static class LanguageMeasure
{
    private const int Bins = 10;

    public static LanguageReport Measure(LanguageDetector detector, IReadOnlyDictionary<string, List<string>> sentences)
    {
        var judged = sentences
            .SelectMany(language => language.Value.Select(text => (Language: language.Key, Words: WordsOf(text), Guess: detector.Detect(text))))
            .Select(sentence => (sentence.Language, sentence.Words, sentence.Guess.Confidence, Right: sentence.Guess.Language == sentence.Language))
            .ToArray();
        var figures =
            from words in (string[])["4+", "2-3"]
            from language in sentences.Keys.Prepend("all")
            let own = judged.Where(sentence => sentence.Words == words && (language == "all" || sentence.Language == language)).ToArray()
            where own.Length > 0
            select new LanguageFigure(language, words, own.Length, Rounded(own.Count(sentence => sentence.Right) / (double)own.Length));
        var calibration = judged
            .GroupBy(sentence => Math.Min(Bins - 1, (int)(sentence.Confidence * Bins)))
            .Sum(bin => Math.Abs(bin.Sum(sentence => sentence.Confidence) - bin.Count(sentence => sentence.Right))) / judged.Length;
        return new LanguageReport([.. figures], Rounded(calibration));
    }

    /// <summary>What lies between white space counts as a word.</summary>
    private static string WordsOf(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length switch
    {
        >= 4 => "4+",
        >= 2 => "2-3",
        _ => "1",
    };

    private static double Rounded(double value) => Math.Round(value, 6);
}
