using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mefapex.Api.Ai;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Contracts.Chat;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Makes an answer of passages: by the generator where there is one, each sentence checked against the place it
/// cites, else of the passages' own sentences.</summary>
internal sealed partial class Composer(AiClient ai, AiAvailability availability, ForcedFallbacks fallbacks, ILogger<Composer> logger)
{
    private const int MaxPassages = 3;
    private const int MaxSources = 3;

    /// <summary>How likely a further passage must be beside the first to be used with it.</summary>
    private const double Near = 0.6;

    private const string Nothing = "NONE";

    private static readonly string Prompt = Load();

    /// <param name="passages">Likeliest first, the first good enough to answer.</param>
    public async Task<Composed> ComposeAsync(
        Inquiry asked,
        string question,
        SearchResult found,
        IReadOnlyList<ScoredPassage> passages,
        CancellationToken cancellationToken)
    {
        List<ScoredPassage> used = [.. passages.Where(p => p.Probability >= Near * passages[0].Probability).Take(MaxPassages)];
        var checks = new List<WhySentence>();
        var isDegraded = false;
        if (availability.HasGenerator && fallbacks.Of(asked.Tenant.Id) is null)
        {
            try
            {
                var text = await ai.GenerateAsync(
                    Prompt.Replace("{language}", asked.Language, StringComparison.Ordinal),
                    UserMessage(question, used),
                    asked.Tenant,
                    cancellationToken);
                if (Checked(text, used, checks) is { Count: > 0 } supported)
                    return new Composed(ReplyOf(asked, supported, used, lead: null), checks, IsDegraded: false);
            }
            catch (AiUnavailableException e)
            {
                LogWithoutGenerator(e.Message);
                isDegraded = true;
            }
        }

        var pieces = Extract.Of(used).Select(piece => (Display(piece), piece)).ToList();
        return new Composed(ReplyOf(asked, pieces, used, new AnswerTexts(asked.Language).FromDocuments), checks, isDegraded);
    }

    /// <summary>The question and the passages as JSON: quotes and line ends of a document cannot leave their field.</summary>
    private static string UserMessage(string question, List<ScoredPassage> passages) => JsonSerializer.Serialize(new
    {
        passages = passages.Select((p, i) => new { number = i + 1, heading = p.Passage.Heading, text = p.Passage.Text }),
        question,
    });

    private static List<(string Text, Piece Place)> Checked(string text, List<ScoredPassage> passages, List<WhySentence> checks)
    {
        var supported = new List<(string, Piece)>();
        if (text.Trim() == Nothing)
            return supported;
        foreach (var written in Split(text))
        {
            var cited = Mark().Matches(written)
                .Select(m => int.Parse(m.Groups["number"].ValueSpan, CultureInfo.InvariantCulture))
                .Where(n => n >= 1 && n <= passages.Count)
                .Select(n => passages[n - 1].Passage)
                .ToList();
            var sentence = Mark().Replace(written, "").Trim().Replace(" .", ".", StringComparison.Ordinal);
            if (sentence.Length == 0)
                continue;
            var place = Grounding.PlaceOf(sentence, cited);
            checks.Add(new WhySentence(sentence, place is not null));
            if (place is not null)
                supported.Add((sentence, place));
        }

        return supported;
    }

    /// <summary>Sentences with the marks that follow them.</summary>
    private static IEnumerable<string> Split(string text)
    {
        var start = 0;
        foreach (Match end in SentenceWithMark().Matches(text))
        {
            yield return text[start..(end.Index + end.Length)].Trim();
            start = end.Index + end.Length;
        }

        if (start < text.Length && text[start..].Trim() is { Length: > 0 } rest)
            yield return rest;
    }

    private static Reply ReplyOf(Inquiry asked, List<(string Text, Piece Place)> sentences, List<ScoredPassage> used, string? lead)
    {
        var response = new StringBuilder(lead);
        var citations = new List<Citation>();
        foreach (var (text, place) in sentences)
        {
            var number = citations.Count + 1;
            var separator = (response.Length, place.Sentence.IsItem) switch
            {
                (0, _) => "",
                (_, true) => "\n- ",
                _ => lead is null ? " " : "\n\n",
            };
            response.Append(CultureInfo.InvariantCulture, $"{separator}{text} [{number}]");
            citations.Add(CitationOf(number, place));
        }

        var language = used[0].Passage.Language;
        return new Reply(response.ToString(), "documents", Decision.Answer, lead is null ? asked.Language : language)
        {
            Citations = citations,
            Confidence = used[0].Probability,
            Sources =
            [
                .. used.DistinctBy(p => p.Passage.DocumentId).Take(MaxSources).Select(p => new AnswerSource(
                    p.Passage.DocumentId.ToString(),
                    p.Passage.Title,
                    "document",
                    Math.Round(p.Probability, 4),
                    p.Passage.Category,
                    p.Passage.Owner)),
            ],
        };
    }

    private static Citation CitationOf(int number, Piece place) => new(
        number,
        place.Passage.DocumentId.ToString(),
        place.Passage.Title,
        place.Passage.Version,
        place.Passage.Page,
        place.Passage.Heading,
        place.Passage.Offset + place.Sentence.Start,
        place.Passage.Offset + place.Sentence.End,
        place.Text);

    /// <summary>A table row or a line break inside a sentence would break the paragraph it is shown in.</summary>
    private static string Display(Piece piece) => piece.Text.ReplaceLineEndings(" ");

    private static string Load()
    {
        var name = $"{typeof(Composer).Namespace}.compose-prompt.txt";
        using var stream = typeof(Composer).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The resource {name} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\[(?<number>\d{1,2})\]", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex Mark();

    [GeneratedRegex(@"(?:[.!?…]\s*(?:\[\d{1,2}\]\s*)+[.!?…]?|(?:\[\d{1,2}\]\s*)+[.!?…]?|[.!?…](?=\s+\p{Lu}))", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex SentenceWithMark();

    [LoggerMessage(LogLevel.Warning, "An answer was composed without the generator: {Reason}")]
    private partial void LogWithoutGenerator(string reason);
}

/// <param name="Checks">What the generator wrote and whether it was kept.</param>
/// <param name="IsDegraded">A generator is configured and did not answer.</param>
internal sealed record Composed(Reply Reply, IReadOnlyList<WhySentence> Checks, bool IsDegraded);
