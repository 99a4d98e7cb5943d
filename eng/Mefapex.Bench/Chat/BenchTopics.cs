using System.Globalization;
using Mefapex.Bench.Measuring;

namespace Mefapex.Bench.Chat;

/// <summary>A topic with what people ask about it.</summary>
/// <param name="Known">Questions by language, which an entry has.</param>
/// <param name="Asked">Questions that no entry has word for word.</param>
internal sealed record BenchTopic(string Id, string Title, IReadOnlyList<(string Language, string Text)> Known, IReadOnlyList<string> Asked);

/// <summary>Topics out of the project's training sentences: about sixteen sentences mean the same, by several people.</summary>
internal static class BenchTopics
{
    private const int AskedOfEach = 4;

    /// <summary>Sites of the organisation: topics beyond those of the sentences are the same ones at another site.</summary>
    private static readonly string[] Sites = ["Gebze", "Bursa", "Manisa", "Adana", "Konya", "Samsun", "Antep", "Kayseri"];

    public static List<BenchTopic> Make(int count)
    {
        var clusters = Read();
        return
        [
            .. Enumerable.Range(0, count).Select(i =>
            {
                var (id, sentences) = clusters[i % clusters.Count];
                var site = i < clusters.Count ? null : Sites[((i / clusters.Count) - 1) % Sites.Length];
                return Topic(id, sentences, site);
            }),
        ];
    }

    private static BenchTopic Topic(string id, List<(string Language, string Text)> sentences, string? site)
    {
        List<(string Language, string Text)> placed = site is null
            ? sentences
            : sentences.ConvertAll(s => (s.Language, s.Language == "en" ? $"{s.Text} ({site} plant)" : $"{site} tesisinde: {s.Text}"));
        // Every fourth sentence is asked, so that all voices and both languages are among them.
        var asked = placed.Where((_, i) => i % 4 == 3).Take(AskedOfEach).Select(s => s.Text).ToList();
        var known = placed.Where((_, i) => i % 4 != 3).ToList();
        var more = known.Select(s => (s.Language, s.Language == "en" ? $"Could you tell me: {Lower(s.Text)}" : $"Öğrenmek istediğim şu: {Lower(s.Text)}"));
        return new BenchTopic(
            site is null ? id : $"{id}-{site.ToLowerInvariant()}",
            placed.First(s => s.Language == "tr").Text,
            [.. known.Concat(more).Take(25)],
            asked);
    }

    private static string Lower(string text) => text[..1].ToLower(CultureInfo.GetCultureInfo("tr-TR")) + text[1..];

    private static List<(string Id, List<(string Language, string Text)> Sentences)> Read()
    {
        var topics = new Dictionary<string, List<(string, string)>>(StringComparer.Ordinal);
        var folder = Path.Combine(Checkout.Root, "Mefapex.Inference", "Training", "Sentences");
        foreach (var file in Directory.EnumerateFiles(folder, "*.txt").Order(StringComparer.Ordinal))
        {
            List<(string, string)>? topic = null;
            foreach (var line in File.ReadLines(file))
            {
                var colon = line.IndexOf(": ", StringComparison.Ordinal);
                if (line.StartsWith("# ", StringComparison.Ordinal))
                {
                    var id = line[2..].Split('|')[0].Trim();
                    if (!topics.TryGetValue(id, out topic))
                        topics[id] = topic = [];
                }
                else if (topic is not null && colon > 0)
                {
                    topic.Add((line.StartsWith("en", StringComparison.Ordinal) ? "en" : "tr", line[(colon + 2)..]));
                }
            }
        }

        return [.. topics.Where(t => t.Value.Count >= 8 && t.Value.Exists(s => s.Item1 == "tr")).Select(t => (t.Key, t.Value))];
    }
}
