using Mefapex.Api.Knowledge.Search;
using Mefapex.Contracts.Chat;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>What the person gets to read, before it is known how it came about.</summary>
internal sealed record Reply(string Response, string Source, string Decision, string Language)
{
    private const int MaxSources = 3;
    private const int MaxTopics = 4;

    public IReadOnlyList<AnswerSource> Sources { get; init; } = [];

    public IReadOnlyList<Citation> Citations { get; init; } = [];

    /// <summary>Calibrated, 0 to 1.</summary>
    public double Confidence { get; init; }

    /// <summary>The entry about a warning sign, unchanged, below a line that names a person at once.</summary>
    public static Reply Escalation(Inquiry asked, WarningMatch warning, Ranking ranking, AnswerOptions thresholds)
    {
        var entry = warning.Candidate.Entry;
        var text = entry.TextIn(asked.Language);
        var first = new AnswerTexts(asked.Language).Escalation(asked.Contact);
        return new Reply($"{first}\n\n{TextOf(entry, asked.Language)}", "knowledge", Contracts.Chat.Decision.Escalate, text.Language)
        {
            Sources =
            [
                SourceOf(entry, warning.Probability, text.Language),
                .. Near(ranking, thresholds, atLeast: 0, text.Language).Where(s => s.Id != entry.Id).Take(MaxSources - 1),
            ],
            Confidence = warning.Probability,
        };
    }

    public static Reply Smalltalk(Inquiry asked, SmalltalkMatch match)
    {
        var topics = asked.Knowledge.Entries.Values
            .Where(e => e.IsFound(asked.Reader, asked.Today))
            .GroupBy(e => e.Category, StringComparer.Ordinal)
            .OrderByDescending(g => g.Count())
            .ThenBy(g => g.Key, StringComparer.Ordinal)
            .Take(MaxTopics)
            .Select(g => g.Key);
        var contact = match.Language == "en" ? asked.Knowledge.ContactEn : asked.Knowledge.ContactTr;
        var text = new AnswerTexts(match.Language).Smalltalk(match.Kind, asked.Tenant.Name, contact, string.Join(", ", topics));
        return new Reply(text, "smalltalk", Contracts.Chat.Decision.Smalltalk, match.Language) { Confidence = match.Similarity };
    }

    /// <summary>The approved text of the first entry, unchanged.</summary>
    public static Reply Approved(Inquiry asked, Ranking ranking, AnswerOptions thresholds)
    {
        var entry = ranking.Entries[0].Candidate.Entry;
        var language = entry.TextIn(asked.Language).Language;
        return new Reply(TextOf(entry, asked.Language), "knowledge", Contracts.Chat.Decision.Answer, language)
        {
            Sources = Near(ranking, thresholds, atLeast: 1, language),
            Confidence = ranking.First,
        };
    }

    /// <summary>Asks which of the first two entries is meant.</summary>
    public static Reply Clarification(Inquiry asked, Ranking ranking, AnswerOptions thresholds)
    {
        var text = new AnswerTexts(asked.Language).Clarify(ranking.Entries[0].TitleIn(asked.Language), ranking.Entries[1].TitleIn(asked.Language));
        return new Reply(text, "knowledge", Contracts.Chat.Decision.Clarify, asked.Language)
        {
            Sources = Near(ranking, thresholds, atLeast: 2, asked.Language),
            Confidence = ranking.First,
        };
    }

    /// <summary>Says that the answer is not known, what the nearest topics are and who can help.</summary>
    public static Reply Refusal(Inquiry asked, Ranking ranking, AnswerOptions thresholds)
    {
        var texts = new AnswerTexts(asked.Language);
        var near = Near(ranking, thresholds, atLeast: 0, asked.Language);
        var response = string.Join("\n\n", ((string?[])
        [
            texts.Decline,
            near.Count > 0 ? texts.DeclineTopics(near.Select(s => s.Title)) : null,
            asked.Contact.Length > 0 ? texts.DeclineContact(asked.Contact) : null,
        ]).OfType<string>());
        return new Reply(response, "none", Contracts.Chat.Decision.Decline, asked.Language) { Sources = near, Confidence = ranking.First };
    }

    /// <summary>Says that nothing can be looked up just now.</summary>
    public static Reply TryLater(string language) =>
        new(new AnswerTexts(language).TryLater, "none", Contracts.Chat.Decision.Decline, language);

    private static string TextOf(EntryDocument entry, string language)
    {
        var text = entry.TextIn(language);
        return text.Language == language ? text.Answer : $"{new AnswerTexts(language).OnlyIn(text.Language)}\n\n{text.Answer}";
    }

    private static List<AnswerSource> Near(Ranking ranking, AnswerOptions thresholds, int atLeast, string language) =>
    [
        .. ranking.Entries
            .Where((r, i) => i < atLeast || r.Probability >= thresholds.TopicAt)
            .Take(MaxSources)
            .Select(r => SourceOf(r.Candidate.Entry, r.Probability, language)),
    ];

    private static AnswerSource SourceOf(EntryDocument entry, double probability, string language) => new(
        entry.Id,
        entry.TextIn(language).Title,
        "entry",
        Math.Round(probability, 4),
        entry.Category,
        entry.Owner,
        entry.ValidFrom);
}
