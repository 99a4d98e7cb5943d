namespace Mefapex.Contracts.Chat;

/// <summary>Answer of <c>GET /api/v1/suggestions</c>: the most asked first, then across the categories.</summary>
public sealed record SuggestionList(IReadOnlyList<Suggestion> Items);

/// <summary>A question that was tried and is answered by an approved entry.</summary>
/// <param name="Text">The question.</param>
/// <param name="EntryId">The entry that answers it.</param>
/// <param name="Category">The category it is filed under.</param>
public sealed record Suggestion(string Text, string EntryId, string Category);
