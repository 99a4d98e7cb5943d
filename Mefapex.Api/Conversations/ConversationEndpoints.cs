using Mefapex.Api.Accounts;
using Mefapex.Api.Chat;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Limits;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Conversations;

internal static class ConversationEndpoints
{
    public const int MaxPage = 100;

    public static void MapConversations(this IEndpointRouteBuilder endpoints)
    {
        var conversations = endpoints.MapGroup("/api/v1/conversations")
            .WithTags("Conversations").Requires(Policies.Chat).NeedsDatabase().ForTenant();
        conversations.MapGet("", ListAsync);
        conversations.MapPost("", CreateAsync).TakesIdempotencyKey();
        conversations.MapGet("/{id:guid}", ReadAsync);
        conversations.MapPatch("/{id:guid}", EditAsync);
        conversations.MapPut("/{id:guid}", EditAsync);
        conversations.MapDelete("/{id:guid}", DeleteAsync);
        conversations.MapGet("/{id:guid}/export", ConversationExport.ExportAsync);
        conversations.MapMessages();
        conversations.MapFeedback();
    }

    private static async Task<Results<Ok<Page<ConversationSummary>>, ProblemHttpResult>> ListAsync(
        Caller caller,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? q = null,
        bool? pinned = null,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        if (q?.Length > ConversationSearch.MaxLength)
            return ChatProblems.QueryTooLong(ConversationSearch.MaxLength);

        var query = db.Conversations.Where(c => c.UserId == caller.UserId);
        if (pinned is not null)
            query = query.Where(c => c.Pinned == pinned);
        if (query.NewestFirst(cursor, c => new(c.UpdatedAt, c.Id)) is not { } conversations)
            return Problems.CursorInvalid();
        return TypedResults.Ok(string.IsNullOrWhiteSpace(q)
            ? await conversations.ToPageAsync(
                limit,
                c => new { Conversation = c, Count = db.Exchanges.Count(e => e.ConversationId == c.Id) },
                row => new Cursor(row.Conversation.UpdatedAt, row.Conversation.Id),
                row => row.Conversation.ToWire(row.Count),
                cancellationToken)
            : await new ConversationSearch(db, caller.UserId, q).FindAsync(conversations, limit, cancellationToken));
    }

    private static async Task<Results<Created<ConversationSummary>, ProblemHttpResult>> CreateAsync(
        Caller caller,
        RequestTenant tenant,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!await db.Users.AnyAsync(u => u.Id == caller.UserId, cancellationToken))
            return Problems.AccountGone();

        var conversation = Conversation.Start(tenant.Id, caller.UserId, time.GetUtcNow());
        db.Conversations.Add(conversation);
        await db.SaveChangesAsync(cancellationToken);
        return TypedResults.Created($"/api/v1/conversations/{conversation.Id}/messages", conversation.ToWire(0));
    }

    private static async Task<Results<Ok<ConversationSummary>, ProblemHttpResult>> ReadAsync(
        Guid id,
        Caller caller,
        HttpResponse response,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(db, caller, id, cancellationToken) is not { } found)
            return Problems.ConversationNotFound();
        response.Set(ETags.Of(found.Revision));
        return TypedResults.Ok(found);
    }

    private static async Task<Results<Ok<ConversationSummary>, ProblemHttpResult>> EditAsync(
        Guid id,
        ConversationEdit edit,
        Caller caller,
        HttpRequest request,
        HttpResponse response,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        if (edit is { Title: null, Pinned: null })
            return ChatProblems.NothingToChange();
        var title = edit.Title is null ? null : Conversation.LineOf(ChatService.Clean(edit.Title));
        if (title is not null && !Conversation.IsTitle(title))
            return ChatProblems.TitleLength(Conversation.MaxTitleLength);

        while (true)
        {
            db.ChangeTracker.Clear();
            var conversation = await db.Conversations
                .SingleOrDefaultAsync(c => c.Id == id && c.UserId == caller.UserId, cancellationToken);
            if (conversation is null)
                return Problems.ConversationNotFound();
            if (request.IfMatch(ETags.Of(conversation.Revision)) == Precondition.Fails)
            {
                response.Set(ETags.Of(conversation.Revision));
                return ChatProblems.ConversationChanged();
            }

            var seen = conversation.Revision;
            if (title is not null)
                conversation.Name(title);
            conversation.Pinned = edit.Pinned ?? conversation.Pinned;
            var changed = await db.Conversations
                .Where(c => c.Id == id && c.Revision == seen)
                .ExecuteUpdateAsync(
                    set => set
                        .SetProperty(c => c.Title, conversation.Title)
                        .SetProperty(c => c.FoldedTitle, conversation.FoldedTitle)
                        .SetProperty(c => c.Pinned, conversation.Pinned)
                        .SetProperty(c => c.Revision, seen + 1),
                    cancellationToken);
            if (changed == 0)
                continue;

            db.ChangeTracker.Clear();
            if (await FindAsync(db, caller, id, cancellationToken) is not { } edited)
                return Problems.ConversationNotFound();
            response.Set(ETags.Of(edited.Revision));
            return TypedResults.Ok(edited);
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Caller caller,
        MefapexDb db,
        ConversationContexts contexts,
        CancellationToken cancellationToken)
    {
        var deleted = await db.Conversations
            .Where(c => c.Id == id && c.UserId == caller.UserId)
            .ExecuteDeleteAsync(cancellationToken);
        if (deleted == 0)
            return Problems.ConversationNotFound();
        await contexts.ForgetAsync(caller.UserId, id, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<ConversationSummary?> FindAsync(MefapexDb db, Caller caller, Guid id, CancellationToken cancellationToken)
    {
        var found = await db.Conversations
            .Where(c => c.Id == id && c.UserId == caller.UserId)
            .Select(c => new { Conversation = c, Count = db.Exchanges.Count(e => e.ConversationId == c.Id) })
            .AsNoTracking()
            .SingleOrDefaultAsync(cancellationToken);
        return found?.Conversation.ToWire(found.Count);
    }
}
