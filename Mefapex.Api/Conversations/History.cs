using Mefapex.Api.Chat;
using Mefapex.Api.Data;
using Mefapex.Contracts.Chat;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Conversations;

/// <summary>All conversations of a person as one list, as the old contract sees them.</summary>
internal static class History
{
    /// <summary>The most exchanges shown at once.</summary>
    public const int Newest = 100;

    public static async Task<ChatHistory> ReadAsync(MefapexDb db, Guid userId, int limit, CancellationToken cancellationToken)
    {
        var mine = db.Exchanges.Where(e => e.UserId == userId);
        var rows = await mine
            .OrderByDescending(e => e.AskedAt).ThenByDescending(e => e.Id)
            .Take(limit)
            .AsNoTracking()
            .ToListAsync(cancellationToken);
        rows.Reverse();
        return new ChatHistory(
            rows.LastOrDefault()?.ConversationId.ToString(),
            [.. rows.Select(row => row.ToHistory())],
            rows.Count < limit ? rows.Count : await mine.CountAsync(cancellationToken));
    }

    public static async Task ClearAsync(
        MefapexDb db, ConversationContexts contexts, Guid userId, CancellationToken cancellationToken)
    {
        await db.Conversations.Where(c => c.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await contexts.ForgetAsync(userId, cancellationToken);
    }
}
