using System.Text.Json;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Recognises messages that are nothing but a greeting, thanks, a farewell or a question about the assistant.
/// The wordings are in <c>smalltalk.json</c>.</summary>
internal sealed class Smalltalk
{
    private const int MaxWords = 10;

    private readonly Dictionary<int, List<Wording>> _byLength;

    public Smalltalk()
    {
        var name = $"{typeof(Smalltalk).Namespace}.smalltalk.json";
        using var stream = typeof(Smalltalk).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is not in the assembly.");
        var file = JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, string[]>>>(stream)!;
        _byLength = file
            .SelectMany(kind => kind.Value, (kind, language) => (Kind: kind.Key, Language: language.Key, Texts: language.Value))
            .SelectMany(l => l.Texts, (l, text) => new Wording(l.Kind, l.Language, FoldedText.Of(text, l.Language).Key))
            .GroupBy(w => w.Folded.Count(c => c == ' ') + 1)
            .ToDictionary(g => g.Key, g => g.ToList());
    }

    /// <summary>What the message is, when all of it is small talk; the last part counts ("merhaba, kimsin").</summary>
    public SmalltalkMatch? Match(string text)
    {
        var words = FoldedText.Of(text).Key.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is 0 or > MaxWords)
            return null;

        Wording? last = null;
        var similarity = 1.0;
        for (var start = 0; start < words.Length;)
        {
            var (wording, score) = LongestAt(words, start);
            if (wording is null)
                return null;
            last = wording;
            similarity = Math.Min(similarity, score);
            start += wording.Folded.Count(c => c == ' ') + 1;
        }

        return new SmalltalkMatch(last!.Kind, last.Language, similarity);
    }

    private (Wording? Wording, double Similarity) LongestAt(string[] words, int start)
    {
        for (var length = words.Length - start; length > 0; length--)
        {
            if (!_byLength.TryGetValue(length, out var wordings))
                continue;
            var part = string.Join(' ', words, start, length);
            Wording? best = null;
            var similarity = 0.0;
            foreach (var wording in wordings)
            {
                var score = Similarity(part, wording.Folded);
                if (score > similarity)
                    (best, similarity) = (wording, score);
            }

            if (best is not null)
                return (best, similarity);
        }

        return (null, 0);
    }

    /// <summary>1 for equal texts, less for a typing slip or a stretched letter (merhabaaa), else 0.</summary>
    private static double Similarity(string text, string wording)
    {
        if (string.Equals(text, wording, StringComparison.Ordinal))
            return 1;
        if (string.Equals(Unstretched(text), Unstretched(wording), StringComparison.Ordinal))
            return 0.95;
        if (wording.Length < 5 || Math.Abs(text.Length - wording.Length) > 1)
            return 0;
        var allowed = wording.Length < 9 ? 1 : 2;
        var distance = Distance(text, wording);
        return distance <= allowed ? 1 - ((double)distance / wording.Length) : 0;
    }

    private static string Unstretched(string text) =>
        string.Concat(text.Where((c, i) => i == 0 || c != text[i - 1]));

    private static int Distance(string a, string b)
    {
        var previous = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }

    private sealed record Wording(string Kind, string Language, string Folded);
}

/// <param name="Kind">Key of the reply in <see cref="AnswerTexts"/>.</param>
/// <param name="Similarity">To the nearest known wording, 0 to 1.</param>
internal sealed record SmalltalkMatch(string Kind, string Language, double Similarity);
