using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Inference.Text;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Conversations;

/// <summary>
/// Finds a person's conversations by words of a title, or of one question with its answer: every word must stand in it,
/// also as a part of another, whatever its case and diacritics.
/// </summary>
internal sealed class ConversationSearch(MefapexDb db, Guid userId, string text)
{
    public const int MaxLength = 200;

    private const int MatchesPerConversation = 3;
    private const int AroundMatch = 80;

    private readonly string[] _words = FoldedText.Of(text).Key.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <param name="conversations">Where to look, in the order of the page.</param>
    public async Task<Page<ConversationSummary>> FindAsync(
        IQueryable<Conversation> conversations,
        int limit,
        CancellationToken cancellationToken)
    {
        if (_words.Length == 0)
            return new([], null);

        var (titled, exchanges) = (conversations, db.Exchanges.Where(e => e.UserId == userId));
        foreach (var word in _words.Distinct(StringComparer.Ordinal))
        {
            titled = titled.Where(c => c.FoldedTitle.Contains(word));
            exchanges = exchanges.Where(e => e.Folded.Contains(word));
        }

        var found = conversations.Where(c => titled.Any(t => t.Id == c.Id) || exchanges.Any(e => e.ConversationId == c.Id));
        return await found.ToPageAsync(
            limit,
            c => new
            {
                Conversation = c,
                Count = db.Exchanges.Count(e => e.ConversationId == c.Id),
                Matches = exchanges
                    .Where(e => e.ConversationId == c.Id)
                    .OrderByDescending(e => e.AskedAt)
                    .Take(MatchesPerConversation)
                    .Select(e => new { e.Id, e.Question, e.Response })
                    .ToList(),
            },
            row => new Cursor(row.Conversation.UpdatedAt, row.Conversation.Id),
            row => row.Conversation.ToWire(row.Count) with
            {
                Matches =
                [
                    .. ((SearchMatch?[])
                    [
                        Mark(SearchField.Title, row.Conversation.Title, messageId: null),
                        .. row.Matches.SelectMany(m => (SearchMatch?[])
                        [
                            Mark(SearchField.Question, m.Question, m.Id),
                            Mark(SearchField.Answer, m.Response, m.Id),
                        ]),
                    ]).OfType<SearchMatch>(),
                ],
            },
            cancellationToken);
    }

    /// <summary>The surroundings of the first word found in a text, and every word found in them.</summary>
    internal SearchMatch? Mark(string field, string text, Guid? messageId)
    {
        var found = Words(text).Where(w => IsFound(text[w])).ToList();
        if (found.Count == 0)
            return null;

        var (from, to) = (Start(text, found[0].Start.Value - AroundMatch), End(text, found[0].End.Value + AroundMatch));
        var (before, after) = (from > 0 ? "…" : "", to < text.Length ? "…" : "");
        return new SearchMatch(
            field,
            $"{before}{text[from..to]}{after}",
            [
                .. found
                    .Where(w => w.Start.Value >= from && w.End.Value <= to)
                    .Select(w => new TextSpan(w.Start.Value - from + before.Length, w.End.Value - w.Start.Value)),
            ],
            messageId?.ToString());
    }

    private bool IsFound(string word)
    {
        var key = FoldedText.Of(word).Key;
        return _words.Any(w => key.Contains(w, StringComparison.Ordinal));
    }

    /// <summary>Runs of anything but white space.</summary>
    private static IEnumerable<Range> Words(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsWhiteSpace(text[i]))
                continue;
            var start = i;
            while (i < text.Length && !char.IsWhiteSpace(text[i]))
                i++;
            yield return start..i;
        }
    }

    /// <summary>The nearest place at or behind the wanted one where a word begins.</summary>
    private static int Start(string text, int wanted)
    {
        if (wanted <= 0)
            return 0;
        while (wanted < text.Length && !char.IsWhiteSpace(text[wanted - 1]))
            wanted++;
        return wanted;
    }

    /// <summary>The nearest place at or before the wanted one where a word ends.</summary>
    private static int End(string text, int wanted)
    {
        if (wanted >= text.Length)
            return text.Length;
        while (!char.IsWhiteSpace(text[wanted]))
            wanted--;
        return wanted;
    }
}
