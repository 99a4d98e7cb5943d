using System.Text.Json.Serialization;

namespace Mefapex.Contracts.Knowledge;

/// <summary>A group of terms that stand for each other in the search: <c>/api/v1/knowledge/synonyms</c>.</summary>
/// <param name="Id">Stays with the group.</param>
/// <param name="Terms">Words or short phrases, the preferred one first.</param>
/// <param name="ETag">What <c>If-Match</c> says to change or remove the group.</param>
public sealed record SynonymItem(string Id, IReadOnlyList<string> Terms, [property: JsonPropertyName("etag")] string ETag);

/// <summary>The terms of a group.</summary>
/// <param name="Terms">2 to 30, each up to 80 characters.</param>
public sealed record SynonymTerms(IReadOnlyList<string?>? Terms);

/// <summary>Other terms for a group that is there.</summary>
public sealed record SynonymEdit(Guid Id, IReadOnlyList<string?>? Terms);

/// <summary>Body of <c>POST /api/v1/knowledge/synonyms/preview</c>: changes to try without making them.</summary>
/// <param name="Add">New groups.</param>
/// <param name="Change">Groups with other terms.</param>
/// <param name="Remove">Groups that go.</param>
/// <param name="Questions">What to ask, up to 200; labelled questions and those people asked last when it is missing.</param>
public sealed record SynonymTrial(
    IReadOnlyList<SynonymTerms>? Add = null,
    IReadOnlyList<SynonymEdit>? Change = null,
    IReadOnlyList<Guid>? Remove = null,
    IReadOnlyList<string>? Questions = null);

/// <summary>What changes of synonyms would do.</summary>
/// <param name="Asked">How many questions were tried.</param>
/// <param name="FirstChanged">Those with another first answer, or with one where there was none, or the reverse.</param>
/// <param name="TopChanged">Those whose first three differ in any way.</param>
/// <param name="Effects">The questions with a difference, greatest first.</param>
/// <param name="Warnings">What is risky about the groups themselves.</param>
public sealed record SynonymPreview(
    int Asked,
    int FirstChanged,
    int TopChanged,
    IReadOnlyList<SynonymEffect> Effects,
    IReadOnlyList<SynonymWarning> Warnings);

/// <summary>A question that would be answered differently.</summary>
/// <param name="Source"><c>given</c>, <c>labelled</c>, <c>asked</c> or <c>entry</c>.</param>
public sealed record SynonymEffect(string Question, string Language, string Source, SynonymOutcome Before, SynonymOutcome After);

/// <summary>What a question leads to.</summary>
/// <param name="Decision">See <see cref="Chat.Decision"/>.</param>
/// <param name="Top">The first three entries with their probabilities.</param>
public sealed record SynonymOutcome(string Decision, IReadOnlyList<SynonymCandidate> Top);

/// <summary>An entry that may answer.</summary>
public sealed record SynonymCandidate(string Id, string Title, double Probability);

/// <summary>What is risky about a group.</summary>
/// <param name="Code"><c>term-in-several-groups</c> or <c>joins-entries</c>.</param>
/// <param name="Sentence">For people.</param>
/// <param name="Terms">The terms it is about.</param>
/// <param name="Entries">The entries that they no longer tell apart.</param>
public sealed record SynonymWarning(string Code, string Sentence, IReadOnlyList<string> Terms, IReadOnlyList<string> Entries);
