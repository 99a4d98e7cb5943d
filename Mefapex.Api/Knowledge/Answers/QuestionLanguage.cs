using Mefapex.Inference.Languages;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Tells in which of the languages that are answered a question is, by the bundled model in this process.</summary>
internal sealed class QuestionLanguage : IDisposable
{
    private const double LeastConfidence = 0.6;

    private readonly LanguageDetector _detector = LanguageDetector.LoadBundled();

    /// <summary><c>tr</c> or <c>en</c>; where the model is not sure, what letters and little words say.</summary>
    /// <param name="fallback">For a text without any sign, such as a product name.</param>
    public string Of(string text, string fallback)
    {
        var detected = _detector.Detect(text);
        return detected is { Language: "tr" or "en", Confidence: >= LeastConfidence }
            ? detected.Language
            : LanguageGuess.Of(text, fallback).Language;
    }

    public void Dispose() => _detector.Dispose();
}
