using Mefapex.Api.Ai;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Mefapex.Inference.Text;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Answers a question from the tenant's approved knowledge, asks back, or says that it does not know.</summary>
internal sealed partial class AnswerService(
    AiClient ai,
    KnowledgeSearch search,
    SnapshotStore snapshots,
    IVectorIndex vectors,
    IndexSignal indexSignal,
    Smalltalk smalltalk,
    CalibrationFile calibrations,
    IOptions<AnswerOptions> options,
    TimeProvider time,
    ILogger<AnswerService> logger)
{
    private const int MaxSources = 3;
    private const int MaxTopics = 4;
    private const double LeastLanguageConfidence = 0.6;

    /// <param name="context">What the question may refer back to; null where it stands alone.</param>
    public async Task<AnswerResult> AnswerAsync(
        TenantScope tenant,
        Reader reader,
        string question,
        ConversationContext? context,
        CancellationToken cancellationToken)
    {
        var clock = new Stopwatches(time);
        if (smalltalk.Match(question) is { } match)
        {
            var snapshot = await snapshots.GetAsync(tenant.Id, atLeast: 0, cancellationToken);
            return Chat(tenant, match, question, snapshot, clock);
        }

        var language = await LanguageOfAsync(tenant, question, cancellationToken);
        clock.Lap("language");
        var (vector, missing) = await EmbedAsync(tenant, question, cancellationToken);
        clock.Lap("embedding");
        var result = await search.SearchAsync(tenant.Id, reader, question, language, vector, cancellationToken);
        clock.Lap("search");
        if (vector is not null && !result.UsedVectors)
            missing = "the index has no vectors of this model yet";
        if (vectors.ModelOf(tenant.Id)?.KnowledgeVersion != result.Snapshot.Version)
            indexSignal.Set();
        return Decide(language, result, vector, missing, clock);
    }

    private async Task<string> LanguageOfAsync(TenantScope tenant, string question, CancellationToken cancellationToken)
    {
        var (language, clear) = LanguageGuess.Of(question, tenant.Locale);
        if (clear)
            return language;
        try
        {
            var detected = await ai.DetectLanguageAsync(question, cancellationToken);
            return detected is { Language: "tr" or "en", Confidence: >= LeastLanguageConfidence } ? detected.Language : language;
        }
        catch (AiUnavailableException)
        {
            return language;
        }
    }

    /// <summary>The question's vector, or why there is none; a vector is never made up.</summary>
    private async Task<(QuestionVector? Vector, string? Missing)> EmbedAsync(
        TenantScope tenant,
        string question,
        CancellationToken cancellationToken)
    {
        try
        {
            var response = await ai.EmbedQuestionAsync(question, cancellationToken);
            if (vectors.ModelOf(tenant.Id)?.Hash != response.ModelHash)
                indexSignal.Set();
            return (new QuestionVector(response.ModelHash, response.Embeddings[0]), null);
        }
        catch (AiUnavailableException e)
        {
            LogWithoutVectors(e.Message);
            return (null, e.Message);
        }
    }

    private AnswerResult Decide(string language, SearchResult result, QuestionVector? vector, string? missing, Stopwatches clock)
    {
        // Weights fitted for another encoder would misread this one's cosines.
        var fitted = result.UsedVectors && calibrations.Vectors.ModelHash == vector!.ModelHash;
        var weights = fitted ? calibrations.Vectors : calibrations.Lexical;
        var probabilities = new Calibration(weights).Probabilities(result.Question, result.Candidates);
        var none = Math.Max(0, 1 - probabilities.Sum());
        var thresholds = options.Value;
        List<Ranked> ranked =
        [
            .. result.Candidates.Select((c, i) => new Ranked(c, probabilities[i]))
                .OrderByDescending(r => r.Probability)
                .ThenBy(r => r.Candidate.Entry.Id, StringComparer.Ordinal),
        ];
        var urgent = TakeUrgentFirst(ranked, thresholds);
        var decision = urgent ? Decision.Answer : DecisionOf(ranked, none, thresholds);
        clock.Lap("decision");

        var texts = new AnswerTexts(language);
        var shown = ranked.Where((r, i) => r.Probability >= thresholds.TopicAt || (i == 0 && decision == Decision.Answer)).Take(MaxSources).ToList();
        var (response, answered) = decision switch
        {
            Decision.Answer => Approved(ranked[0].Candidate.Entry.TextIn(language), language, texts),
            Decision.Clarify => (texts.Clarify(Title(ranked[0], language), Title(ranked[1], language)), language),
            _ => (Declined(texts, [.. shown.Select(r => Title(r, language))], ContactOf(result.Snapshot, language)), language),
        };
        var degradation = result.UsedVectors ? Degradation.NoGenerator : Degradation.Lexical;
        return new AnswerResult
        {
            Response = response,
            Source = decision == Decision.Decline ? "none" : "knowledge",
            Decision = decision,
            Sources = [.. shown.Select(r => SourceOf(r, answered))],
            Confidence = Math.Round(ranked.Count > 0 ? ranked[0].Probability : 0, 4),
            Language = answered,
            Degradation = degradation,
            Why = new AnswerWhy
            {
                FoldedQuestion = result.Question.Folded,
                Language = language,
                Decision = decision,
                Degradation = degradation,
                Candidates = [.. ranked.Select(r => new WhyCandidate(r.Candidate.Entry.Id, r.Probability, r.Candidate.Fused, r.Candidate.Features))],
                None = none,
                Urgent = urgent,
                Unknown = result.Question.UnknownShare,
                Thresholds = thresholds,
                Calibration = fitted ? "vectors" : "lexical",
                ModelHash = vector?.ModelHash,
                KnowledgeVersion = result.Snapshot.Version,
                WithoutVectors = missing,
                Timings = clock.Laps,
            },
        };
    }

    /// <summary>Moves an urgent entry that may be meant to the front, and says whether one leads now.</summary>
    private static bool TakeUrgentFirst(List<Ranked> ranked, AnswerOptions thresholds)
    {
        var at = ranked.FindIndex(r => r.Candidate.Entry.IsUrgent);
        if (at < 0
            || ranked[at].Probability < thresholds.UrgentAt
            || ranked[at].Probability < thresholds.UrgentShare * ranked[0].Probability)
        {
            return false;
        }

        var urgent = ranked[at];
        ranked.RemoveAt(at);
        ranked.Insert(0, urgent);
        return true;
    }

    private static string DecisionOf(List<Ranked> ranked, double none, AnswerOptions thresholds)
    {
        if (ranked.Count == 0 || none >= thresholds.DeclineRatio * ranked[0].Probability)
            return Decision.Decline;
        var second = ranked.Count > 1 ? ranked[1].Probability : 0;
        var clear = ranked[0].Probability >= thresholds.ClearShare * (ranked[0].Probability + second);
        return clear || ranked[0].Probability >= thresholds.AnswerAt ? Decision.Answer : Decision.Clarify;
    }

    private static (string Response, string Language) Approved(KnowledgeText text, string language, AnswerTexts texts) =>
        text.Language == language
            ? (text.Answer, language)
            : ($"{texts.OnlyIn(text.Language)}\n\n{text.Answer}", text.Language);

    private static string Declined(AnswerTexts texts, IReadOnlyList<string> topics, string contact) =>
        string.Join("\n\n", ((string?[])
        [
            texts.Decline,
            topics.Count > 0 ? texts.DeclineTopics(topics) : null,
            contact.Length > 0 ? texts.DeclineContact(contact) : null,
        ]).OfType<string>());

    private static AnswerResult Chat(
        TenantScope tenant,
        SmalltalkMatch match,
        string question,
        KnowledgeSnapshot snapshot,
        Stopwatches clock)
    {
        var topics = snapshot.Entries.Values
            .GroupBy(e => e.Category, StringComparer.Ordinal)
            .OrderByDescending(g => g.Count())
            .ThenBy(g => g.Key, StringComparer.Ordinal)
            .Take(MaxTopics)
            .Select(g => g.Key);
        clock.Lap("smalltalk");
        return new AnswerResult
        {
            Response = new AnswerTexts(match.Language).Smalltalk(
                match.Kind, tenant.Name, ContactOf(snapshot, match.Language), string.Join(", ", topics)),
            Source = "smalltalk",
            Decision = Decision.Smalltalk,
            Sources = [],
            Confidence = Math.Round(match.Similarity, 4),
            Language = match.Language,
            Degradation = Degradation.NoGenerator,
            Why = new AnswerWhy
            {
                FoldedQuestion = FoldedText.Of(question).Key,
                Language = match.Language,
                Decision = Decision.Smalltalk,
                Degradation = Degradation.NoGenerator,
                KnowledgeVersion = snapshot.Version,
                Timings = clock.Laps,
            },
        };
    }

    private static string ContactOf(KnowledgeSnapshot snapshot, string language) =>
        language == "en" ? snapshot.ContactEn : snapshot.ContactTr;

    private static string Title(Ranked ranked, string language) => ranked.Candidate.Entry.TextIn(language).Title;

    private static AnswerSource SourceOf(Ranked ranked, string language) => new(
        ranked.Candidate.Entry.Id,
        Title(ranked, language),
        "entry",
        Math.Round(ranked.Probability, 4),
        ranked.Candidate.Entry.Category,
        ranked.Candidate.Entry.Owner,
        ranked.Candidate.Entry.ValidFrom);

    [LoggerMessage(LogLevel.Debug, "Question answered without vectors: {Reason}")]
    private partial void LogWithoutVectors(string reason);

    private sealed record Ranked(Candidate Candidate, double Probability);

    /// <summary>Milliseconds between laps.</summary>
    private sealed class Stopwatches(TimeProvider time)
    {
        private readonly Dictionary<string, double> _laps = new(StringComparer.Ordinal);
        private long _last = time.GetTimestamp();

        public IReadOnlyDictionary<string, double> Laps => _laps;

        public void Lap(string name)
        {
            var now = time.GetTimestamp();
            _laps[name] = Math.Round(time.GetElapsedTime(_last, now).TotalMilliseconds, 3);
            _last = now;
        }
    }
}
