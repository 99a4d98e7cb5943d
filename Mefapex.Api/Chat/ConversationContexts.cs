using System.Text.Json;
using Mefapex.Api.Conversations;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Shared;
using Mefapex.Contracts.Chat;

namespace Mefapex.Api.Chat;

/// <summary>
/// What the next question of a conversation may refer back to, at hand for whichever replica is asked it. PostgreSQL stays the
/// truth: a context counts only for the conversation as it was when it was kept.
/// </summary>
internal sealed class ConversationContexts(ISharedCache cache)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>The context that follows from the newest exchange but for small talk.</summary>
    public static ConversationContext Of(string understood, string decision, IReadOnlyList<AnswerSource> sources)
    {
        var source = decision is Decision.Answer or Decision.Escalate && sources is [var first, ..] ? first : null;
        return new(understood, source?.Id, source?.Title);
    }

    public async Task<KeptContext?> GetAsync(Guid userId, Guid conversationId, CancellationToken cancellationToken) =>
        await cache.GetAsync(KeyOf(userId, conversationId), cancellationToken) is { } kept
            ? JsonSerializer.Deserialize<KeptContext>(kept)
            : null;

    /// <param name="conversation">As it stands in the database when this is the context of its next question.</param>
    public Task KeepAsync(Conversation conversation, ConversationContext? context, CancellationToken cancellationToken) => cache.SetAsync(
        KeyOf(conversation.UserId, conversation.Id),
        JsonSerializer.SerializeToUtf8Bytes(new KeptContext(StampOf(conversation), context)),
        Lifetime,
        cancellationToken);

    public Task ForgetAsync(Guid userId, Guid conversationId, CancellationToken cancellationToken) =>
        cache.RemoveAsync(KeyOf(userId, conversationId), cancellationToken);

    /// <summary>Forgets every conversation of a person.</summary>
    /// <returns>See <see cref="ISharedCache.RemoveAllAsync"/>.</returns>
    public Task<bool> ForgetAsync(Guid userId, CancellationToken cancellationToken) =>
        cache.RemoveAllAsync($"context:{userId:N}:", cancellationToken);

    /// <summary>Changes with every exchange; in microseconds, as the database keeps it.</summary>
    public static long StampOf(Conversation conversation) => conversation.UpdatedAt.UtcTicks / TimeSpan.TicksPerMicrosecond;

    private static string KeyOf(Guid userId, Guid conversationId) => $"context:{userId:N}:{conversationId:N}";
}

/// <param name="Stamp">See <see cref="ConversationContexts.StampOf"/>.</param>
internal sealed record KeptContext(long Stamp, ConversationContext? Context);
