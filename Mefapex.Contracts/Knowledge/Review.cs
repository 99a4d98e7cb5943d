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
