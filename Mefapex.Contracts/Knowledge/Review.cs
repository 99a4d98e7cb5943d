using System.Text.Json;
using Mefapex.Contracts.Chat;

namespace Mefapex.Contracts.Knowledge;

/// <summary>A row of <c>GET /api/v1/knowledge/labels</c>: a question whose right answer is known.</summary>
/// <param name="Id">The label.</param>
/// <param name="Language">ISO 639-1.</param>
/// <param name="Question">As people ask it.</param>
/// <param name="Expected">Ids of the entries or documents that answer; empty where it must be declined.</param>
/// <param name="Kind">A word for what makes it hard, such as <c>typo</c>.</param>
/// <param name="UpdatedAt">When it last changed.</param>
/// <param name="UpdatedBy">User name.</param>
public sealed record LabelItem(
    string Id,
    string Language,
    string Question,
    IReadOnlyList<string> Expected,
    string Kind,
    DateTimeOffset UpdatedAt,
    string UpdatedBy);

/// <summary>Body of <c>POST /api/v1/knowledge/labels</c> and <c>PUT /api/v1/knowledge/labels/{id}</c>.</summary>
/// <param name="Question">1 to 1000 characters after trimming.</param>
/// <param name="Language"><c>tr</c> or <c>en</c>; <c>tr</c> when it is missing.</param>
/// <param name="Expected">Ids of entries or documents; an empty list where the question must be declined.</param>
/// <param name="Kind">Up to 40 characters; <c>other</c> when it is missing.</param>
public sealed record LabelDraft(string? Question, string? Language, IReadOnlyList<string>? Expected, string? Kind = null);

/// <summary>Answer of <c>POST /api/v1/knowledge/labels/import</c>.</summary>
/// <param name="Added">Questions that were not labelled before.</param>
/// <param name="Changed">Questions whose label is another now.</param>
/// <param name="Unchanged">Questions whose label was the same.</param>
/// <param name="OfOtherTenants">Lines that were left out because they name another tenant.</param>
public sealed record LabelImport(int Added, int Changed, int Unchanged, int OfOtherTenants);

/// <summary>What weights are worth on labelled questions, shares from 0 to 1.</summary>
/// <param name="HitAt1">Answerable questions whose first entry is expected and that are not declined.</param>
/// <param name="HitAt3">The same for one of the first three.</param>
/// <param name="DeclinedCorrectly">Of those that must be declined; null without any.</param>
/// <param name="WronglyDeclined">Of the answerable ones.</param>
/// <param name="LogLoss">Mean negative log probability of the right outcome, in nats.</param>
public sealed record LabelFigures(double HitAt1, double HitAt3, double? DeclinedCorrectly, double WronglyDeclined, double LogLoss);

/// <summary>New weights beside those in use.</summary>
/// <param name="Lexical">Without vectors.</param>
/// <param name="Vectors">With them; null when the AI service was away.</param>
public sealed record CalibrationFigures(CalibrationComparison Lexical, CalibrationComparison? Vectors);

/// <summary>Two sets of weights on the same questions.</summary>
/// <param name="InUse">The weights that were in use.</param>
/// <param name="Fitted">The new weights, each question measured by weights that were fitted without it.</param>
public sealed record CalibrationComparison(LabelFigures InUse, LabelFigures Fitted);

/// <summary>Body of <c>POST /api/v1/knowledge/calibration/fit</c>.</summary>
/// <param name="Questions">What to fit on; the tenant's labelled questions when it is missing.</param>
public sealed record FitRequest(IReadOnlyList<LabelDraft>? Questions = null);

/// <summary>Answer of <c>POST /api/v1/knowledge/calibration/fit</c>.</summary>
/// <param name="Tenant">The tenant's slug.</param>
/// <param name="Taken">Whether the new weights are in use now.</param>
/// <param name="Reason">Why they are not; null when they are.</param>
/// <param name="Questions">How many they were fitted on.</param>
/// <param name="MustBeDeclined">How many of those must be declined.</param>
/// <param name="Figures">Both sets of weights on those questions.</param>
public sealed record CalibrationResult(
    string Tenant,
    bool Taken,
    string? Reason,
    int Questions,
    int MustBeDeclined,
    CalibrationFigures Figures);

/// <summary>Answer of <c>GET /api/v1/knowledge/calibration</c>.</summary>
/// <param name="Own">Whether the tenant's own weights are in use, and not the bundled ones.</param>
/// <param name="Questions">How many they were fitted on.</param>
/// <param name="ModelHash">The encoder of the weights with vectors.</param>
/// <param name="FittedAt">When they were taken into use.</param>
/// <param name="FittedBy">User name.</param>
/// <param name="Figures">What they were measured to be worth.</param>
public sealed record CalibrationState(
    bool Own,
    int? Questions = null,
    string? ModelHash = null,
    DateTimeOffset? FittedAt = null,
    string? FittedBy = null,
    CalibrationFigures? Figures = null);

/// <summary>Answer of <c>GET /api/v1/knowledge/exchanges/{messageId}/why</c>.</summary>
/// <param name="MessageId">The exchange.</param>
/// <param name="Question">As it was asked.</param>
/// <param name="Answer">As it was given.</param>
/// <param name="AskedAt">When it was asked.</param>
/// <param name="Why">How the answer came about: candidates with stage scores, thresholds, model, knowledge version, timings.</param>
public sealed record AnswerExplanation(string MessageId, string Question, ChatAnswer Answer, DateTimeOffset AskedAt, JsonElement Why);

/// <summary>Answer of <c>POST /api/v1/knowledge/exchanges/{messageId}/replay</c>.</summary>
/// <param name="Stored">What was answered then.</param>
/// <param name="Answer">What would be answered now, to the same reader.</param>
/// <param name="Why">How that comes about.</param>
/// <param name="Differences">What is not as it was.</param>
public sealed record AnswerReplay(AnswerExplanation Stored, BenchAnswer Answer, JsonElement Why, IReadOnlyList<ReplayDifference> Differences);

/// <summary>A field of the explanation that is another now.</summary>
/// <param name="What">The field's name, or <c>candidates</c> or <c>response</c>.</param>
/// <param name="Then">What it was.</param>
/// <param name="Now">What it is.</param>
public sealed record ReplayDifference(string What, string? Then, string? Now);

/// <summary>Body of <c>POST /api/v1/knowledge/bench</c>: a question that is answered without being stored.</summary>
/// <param name="Question">1 to 1000 characters after trimming.</param>
/// <param name="Language">What is assumed where the question does not tell, <c>tr</c> or <c>en</c>.</param>
/// <param name="As">Roles and groups of the reader (<c>role:member</c>, <c>group:bakim</c>); the caller's own when it is missing.</param>
public sealed record BenchRequest(string? Question, string? Language = null, IReadOnlyList<string>? As = null);

/// <summary>Answer of <c>POST /api/v1/knowledge/bench</c>.</summary>
/// <param name="Answer">What would be answered.</param>
/// <param name="Why">How it comes about.</param>
/// <param name="Stages">The candidates that each stage puts first.</param>
public sealed record BenchResult(BenchAnswer Answer, JsonElement Why, IReadOnlyList<BenchStage> Stages);

/// <summary>An answer that is not stored; the fields mean what they mean in <see cref="ChatAnswer"/>.</summary>
public sealed record BenchAnswer(
    string Response,
    string Decision,
    IReadOnlyList<AnswerSource> Sources,
    IReadOnlyList<Citation> Citations,
    double Confidence,
    string Language,
    string Degradation,
    string? Understood);

/// <summary>What a stage of the search makes of a question.</summary>
/// <param name="Name">The stage.</param>
/// <param name="Candidates">Best first, those without a score left out.</param>
public sealed record BenchStage(string Name, IReadOnlyList<BenchCandidate> Candidates);

/// <summary>An entry with its score in one stage, each stage on a scale of its own.</summary>
public sealed record BenchCandidate(string Id, string Title, double Score);

/// <summary>A row of <c>GET /api/v1/knowledge/unanswered</c>: questions that mean the same and found no answer that helped.</summary>
/// <param name="Key">Names the group while the same wording leads it.</param>
/// <param name="Question">The wording that leads.</param>
/// <param name="Language">Its language.</param>
/// <param name="Count">How often it was asked.</param>
/// <param name="Askers">By how many people.</param>
/// <param name="NotHelpful">How many of them got an answer that did not help; the others got none.</param>
/// <param name="LastAskedAt">When it was asked last.</param>
/// <param name="Wordings">Up to 20, the most frequent first.</param>
/// <param name="Nearest">The topic that was nearest; null without one.</param>
/// <param name="EntryId">An entry that was begun for it before it was asked again.</param>
public sealed record UnansweredGroup(
    string Key,
    string Question,
    string Language,
    int Count,
    int Askers,
    int NotHelpful,
    DateTimeOffset LastAskedAt,
    IReadOnlyList<string> Wordings,
    AnswerSource? Nearest,
    string? EntryId);

/// <summary>Body of <c>POST /api/v1/knowledge/unanswered/draft</c>.</summary>
/// <param name="Key">The group.</param>
/// <param name="Title">The question that leads the group when it is missing.</param>
/// <param name="Days">As the list was asked for.</param>
public sealed record DraftUnanswered(string? Key, string? Title = null, int? Days = null);

/// <summary>Body of <c>POST /api/v1/knowledge/unanswered/dismiss</c>.</summary>
/// <param name="Key">The group.</param>
/// <param name="Days">As the list was asked for.</param>
public sealed record DismissUnanswered(string? Key, int? Days = null);

/// <summary>An entry that was begun; its answer is still to be written.</summary>
public sealed record DraftedEntry(string Id, string Title);

/// <summary>Two sentences on the same topic that state different things.</summary>
/// <param name="Kind">What they differ in, such as <c>hours</c> or <c>quantity:day</c>.</param>
/// <param name="Similarity">How near their topics are, 0 to 1.</param>
public sealed record ContradictionItem(string Kind, double Similarity, ContradictionSide Left, ContradictionSide Right);

/// <summary>One of two sentences.</summary>
/// <param name="EntryId">The entry that it stands in.</param>
/// <param name="Title">The entry's title.</param>
/// <param name="Language">ISO 639-1.</param>
/// <param name="Sentence">As it stands there, without marks of emphasis.</param>
/// <param name="Value">What it states, in a form that is the same for both languages.</param>
public sealed record ContradictionSide(string EntryId, string Title, string Language, string Sentence, string Value);

/// <summary>A labelled question that a change would have answered worse: what a finding <c>labelled-questions-lost</c> lists.</summary>
/// <param name="Expected">Ids of the entries or documents that answer; empty where the question must be declined.</param>
public sealed record LostQuestion(string Question, IReadOnlyList<string> Expected, LabelAnswer Before, LabelAnswer After);

/// <summary>What becomes of a labelled question.</summary>
/// <param name="Decision">See <see cref="Chat.Decision"/>.</param>
/// <param name="Id">The entry that leads; null where the question is declined.</param>
public sealed record LabelAnswer(string Decision, string? Id);

/// <summary>A row of <c>GET /api/v1/knowledge/entries/expiring</c>.</summary>
/// <param name="DaysLeft">Negative when the last day is past.</param>
public sealed record ExpiringEntry(string Id, string Title, string Category, string Owner, DateOnly ExpiresOn, int DaysLeft);
