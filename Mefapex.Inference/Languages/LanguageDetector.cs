using System.Globalization;
using System.Text;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Text;

namespace Mefapex.Inference.Languages;

/// <summary>
/// Tells Turkish, English and neither apart by Bayes' rule: the prior of each, times the likelihood of the words under
/// its character model, times that of the diacritics used. The log-likelihoods are divided by a temperature that was
/// fitted on held-out sentences, because words of one sentence are not independent evidence.
/// </summary>
public sealed class LanguageDetector
{
    /// <summary>A language is named only if its probability reaches this.</summary>
    public const double NamingThreshold = 0.5;

    internal const string Other = "other";

    private const int LongestText = 2000;

    private readonly Candidate[] _candidates;
    private readonly ModelManifest? _manifest;

    internal LanguageDetector(
        IReadOnlyDictionary<string, CharacterModel> models,
        DiacriticUse turkishDiacritics,
        double temperature,
        ModelManifest? manifest = null)
    {
        _manifest = manifest;
        Models = models;
        TurkishDiacritics = turkishDiacritics;
        Temperature = temperature;
        _candidates =
        [
            new Candidate("tr", 0.5, models["tr"], turkishDiacritics.LogProbability),
            new Candidate("en", 0.4, models["en"], text => DiacriticUse.LogProbabilityOf(text, native: 0.0005, foreign: 0.0005)),
            new Candidate(Other, 0.1, models[Other], text => DiacriticUse.LogProbabilityOf(text, native: 0.002, foreign: 0.05)),
        ];
    }

    /// <summary>What the model folder says of the table.</summary>
    public ModelManifest Manifest =>
        _manifest ?? throw new InvalidOperationException("A detector that was just trained has no manifest yet.");

    internal IReadOnlyDictionary<string, CharacterModel> Models { get; }

    internal DiacriticUse TurkishDiacritics { get; }

    internal double Temperature { get; }

    /// <summary>Loads the detector of a folder.</summary>
    /// <exception cref="ModelException">The table is missing, damaged or of another form.</exception>
    public static LanguageDetector Load(string folder)
    {
        var opened = ModelFolder.Open(folder, ModelTasks.LanguageIdentification);
        var text = Encoding.UTF8.GetString(opened.ReadVerified());
        try
        {
            var detector = LanguageTable.Read(text);
            return new LanguageDetector(
                detector.Models, detector.TurkishDiacritics, detector.Temperature, opened.Manifest);
        }
        catch (FormatException exception)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"language table in {opened.Path} cannot be read: {exception.Message} Restore it from the release.",
                exception);
        }
    }

    /// <summary>The detector that is part of the program.</summary>
    public static LanguageDetector LoadBundled() => Load(Path.Combine(ModelFolder.Bundled, "language"));

    /// <summary>The language of a text, judged by its first 2000 characters. A text without letters is of no language.</summary>
    public LanguageGuess Detect(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var evidence = LogEvidence(text);
        if (evidence is null)
            return new LanguageGuess(LanguageGuess.Unknown, 1);

        var posterior = Posterior(evidence, Temperature);
        var best = Array.IndexOf(posterior, posterior.Max());
        if (string.Equals(_candidates[best].Language, Other, StringComparison.Ordinal))
            return new LanguageGuess(LanguageGuess.Unknown, posterior[best]);
        return posterior[best] >= NamingThreshold
            ? new LanguageGuess(_candidates[best].Language, posterior[best])
            : new LanguageGuess(LanguageGuess.Unknown, 1 - posterior[best]);
    }

    /// <summary>Log-likelihoods of Turkish, English and neither, or null for a text without letters.</summary>
    internal double[]? LogEvidence(string text)
    {
        var beginning = text.Length > LongestText ? text[..LongestText] : text;
        var words = CharacterModel.WordsOf(beginning).ToArray();
        if (words.Length == 0)
            return null;
        var lower = TurkishFolding.Lower(beginning, "en");
        return
        [
            .. _candidates.Select(candidate =>
                words.Sum(word => candidate.Model.LogProbability(word)) + candidate.Diacritics(lower)),
        ];
    }

    internal double[] Posterior(double[] evidence, double temperature)
    {
        var scores = evidence.Select((value, index) => Math.Log(_candidates[index].Prior) + (value / temperature)).ToArray();
        var highest = scores.Max();
        var total = scores.Sum(score => Math.Exp(score - highest));
        return [.. scores.Select(score => Math.Exp(score - highest) / total)];
    }

    internal int IndexOf(string language) =>
        Array.FindIndex(_candidates, candidate => string.Equals(candidate.Language, language, StringComparison.Ordinal));

    private sealed record Candidate(
        string Language, double Prior, CharacterModel Model, Func<string, double> Diacritics);
}

/// <summary>How often Turkish writes a letter with its diacritic: <c>ş</c> among all <c>s</c> and <c>ş</c>.</summary>
internal sealed class DiacriticUse(IReadOnlyDictionary<char, double> shares)
{
    /// <summary>Letters that Turkish has beside a plain one; ö, ü and ç are common in other languages too.</summary>
    public const string Letters = "çğıöşü";

    private const string Shared = "çöü";
    private const double TypedWithout = 0.3;

    public IReadOnlyDictionary<char, double> Shares { get; } = shares;

    public static DiacriticUse Train(IEnumerable<string> turkish)
    {
        var with = new Dictionary<char, int>();
        var plain = new Dictionary<char, int>();
        foreach (var c in turkish.SelectMany(text => TurkishFolding.Lower(text)))
        {
            with[c] = with.GetValueOrDefault(c) + 1;
            var folded = TurkishFolding.StripDiacritics(c.ToString())[0];
            plain[folded] = plain.GetValueOrDefault(folded) + 1;
        }

        return new DiacriticUse(Letters.ToDictionary(
            letter => letter,
            letter => Math.Round(with.GetValueOrDefault(letter) / (double)plain[Plain(letter)], 4)));
    }

    /// <summary>The likelihood of a lower-case text's diacritics in Turkish, which three people in ten are taken to
    /// type without any.</summary>
    public double LogProbability(string lower)
    {
        var typed = 0.0;
        var any = false;
        foreach (var c in lower)
        {
            if (Shares.TryGetValue(c, out var share))
            {
                any = true;
                typed += Math.Log(share);
            }
            else if (Shares.TryGetValue(Accented(c), out share))
            {
                typed += Math.Log(1 - share);
            }
        }

        var withDiacritics = Math.Log(1 - TypedWithout) + typed;
        if (any)
            return withDiacritics;
        var without = Math.Log(TypedWithout);
        var higher = Math.Max(withDiacritics, without);
        return higher + Math.Log(Math.Exp(withDiacritics - higher) + Math.Exp(without - higher));
    }

    /// <summary>The likelihood where the letters of Turkish alone have one share and those of other languages too another.</summary>
    public static double LogProbabilityOf(string lower, double native, double foreign)
    {
        var sum = 0.0;
        foreach (var c in lower)
        {
            var letter = Letters.Contains(c, StringComparison.Ordinal) ? c : Accented(c);
            if (letter == '\0')
                continue;
            var share = Shared.Contains(letter, StringComparison.Ordinal) ? foreign : native;
            sum += Math.Log(letter == c ? share : 1 - share);
        }

        return sum;
    }

    private static char Accented(char plain) => plain switch
    {
        'c' => 'ç',
        'g' => 'ğ',
        'i' => 'ı',
        'o' => 'ö',
        's' => 'ş',
        'u' => 'ü',
        _ => '\0',
    };

    private static char Plain(char letter) => TurkishFolding.StripDiacritics(letter.ToString())[0];
}

/// <summary>The detector as text: a line <c>temperature T</c>, a line <c>diacritic X share</c> each, and for each
/// language a line <c>language X</c> followed by its n-grams.</summary>
internal static class LanguageTable
{
    public static string Write(LanguageDetector detector)
    {
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"temperature {detector.Temperature}\n");
        foreach (var (letter, share) in detector.TurkishDiacritics.Shares)
            text.Append(CultureInfo.InvariantCulture, $"diacritic {letter} {share}\n");
        foreach (var (language, model) in detector.Models)
        {
            text.Append(CultureInfo.InvariantCulture, $"language {language}\n");
            foreach (var line in model.Write())
                text.Append(line).Append('\n');
        }

        return text.ToString();
    }

    public static LanguageDetector Read(string text)
    {
        var temperature = 0.0;
        var shares = new Dictionary<char, double>();
        var grams = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        List<string>? current = null;
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split(' ');
            switch (parts)
            {
                case ["temperature", var value]:
                    temperature = double.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case ["diacritic", [var letter], var share]:
                    shares[letter] = double.Parse(share, CultureInfo.InvariantCulture);
                    break;
                case ["language", var language]:
                    grams[language] = current = [];
                    break;
                default:
                    (current ?? throw new FormatException($"\"{line}\" stands before any language.")).Add(line);
                    break;
            }
        }

        string[] needed = ["tr", "en", LanguageDetector.Other];
        if (temperature <= 0 || shares.Count != DiacriticUse.Letters.Length || needed.Any(language => !grams.ContainsKey(language)))
            throw new FormatException("Temperature, diacritics or a language is missing.");
        return new LanguageDetector(
            needed.ToDictionary(language => language, language => CharacterModel.Read(grams[language]), StringComparer.Ordinal),
            new DiacriticUse(shares),
            temperature);
    }
}
