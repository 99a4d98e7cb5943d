using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Limits;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Review;

internal static class UnansweredEndpoints
{
    private const int DefaultDays = 30;
    private const int MaxDays = 365;
    private const int MaxWordings = 20;
    private const int MaxTitle = 200;
    private const int MaxQuestion = 300;
    private const string DefaultCategory = "Genel";

    public static void MapUnanswered(this RouteGroupBuilder review)
    {
        var unanswered = review.MapGroup("/unanswered");
        unanswered.MapGet("", ListAsync);
        unanswered.MapPost("/draft", DraftAsync).TakesIdempotencyKey();
        unanswered.MapPost("/dismiss", DismissAsync);
    }

    private static async Task<Results<Ok<Page<UnansweredGroup>>, ProblemHttpResult>> ListAsync(
        EditorScope editor,
        Unanswered unanswered,
        CancellationToken cancellationToken,
        int days = DefaultDays,
        string? cursor = null,
        int limit = 20)
    {
        if (days is < 1 or > MaxDays)
            return ReviewProblems.DaysOutOfRange(1, MaxDays);
        var groups = await unanswered.GroupsAsync(editor.Tenant.Id, days, cancellationToken);
        var (page, problem) = ReviewPages.Of(groups, cursor, limit, ToWire);
        return page is null ? problem! : TypedResults.Ok(page);
    }

    private static async Task<Results<Created<DraftedEntry>, ProblemHttpResult>> DraftAsync(
        DraftUnanswered request,
        EditorScope editor,
        Unanswered unanswered,
        EntryStore entries,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var (group, problem) = await FindAsync(editor, unanswered, request.Key, request.Days, cancellationToken);
        if (group is null)
            return problem!;

        var nearest = group.Wordings.Select(w => w.Nearest).FirstOrDefault(n => n is not null);
        var language = group.Wordings[0].Language;
        var title = request.Title?.Trim() is { Length: > 0 } given ? given : group.Wordings[0].Question;
        var draft = new EntryDraft(
            nearest?.Category ?? DefaultCategory,
            nearest?.Owner ?? "",
            DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime),
            ExpiresOn: null,
            Tags: [],
            Audience: [],
            [new EntryContent(language, Cut(title, MaxTitle), [.. group.Wordings.Where(w => w.Language == language).Take(MaxWordings).Select(w => Cut(w.Question, MaxQuestion))], "")]);
        var reply = await entries.CreateAsync(editor.Tenant, editor.Author, id: null, draft, ReviewTexts.Format("DraftNote", group.Count), cancellationToken);
        if (reply.Entry is not { } entry)
            return reply.Problem!;
        await DecideAsync(db, editor, group, KnowledgeGap.Drafted, entry.Id, time.GetUtcNow(), cancellationToken);
        return TypedResults.Created($"/api/v1/knowledge/entries/{entry.Id}", new DraftedEntry(entry.Id, reply.Version!.Title));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DismissAsync(
        DismissUnanswered request,
        EditorScope editor,
        Unanswered unanswered,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var (group, problem) = await FindAsync(editor, unanswered, request.Key, request.Days, cancellationToken);
        if (group is null)
            return problem!;
        await DecideAsync(db, editor, group, KnowledgeGap.Dismissed, entryId: null, time.GetUtcNow(), cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<(UnansweredQuestions? Group, ProblemHttpResult? Problem)> FindAsync(
        EditorScope editor,
        Unanswered unanswered,
        string? key,
        int? days,
        CancellationToken cancellationToken)
    {
        if (days is < 1 or > MaxDays)
            return (null, ReviewProblems.DaysOutOfRange(1, MaxDays));
        var groups = await unanswered.GroupsAsync(editor.Tenant.Id, days ?? DefaultDays, cancellationToken);
        return groups.FirstOrDefault(g => g.Key == key) is { } group ? (group, null) : (null, ReviewProblems.GroupNotFound());
    }

    private static async Task DecideAsync(
        MefapexDb db,
        EditorScope editor,
        UnansweredQuestions group,
        string verdict,
        string? entryId,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        string[] folded = [.. group.Wordings.Select(w => w.Folded)];
        string[] questions = [.. group.Wordings.Select(w => w.Question)];
        await db.Database.ExecuteSqlAsync(
            $"""
            insert into knowledge_gaps (tenant_id, folded, question, verdict, entry_id, decided_at, decided_by)
            select {editor.Tenant.Id}, x.folded, x.question, {verdict}, {entryId}, {now}, {editor.Author}
            from unnest({folded}, {questions}) as x (folded, question)
            on conflict (tenant_id, folded) do update
                set verdict = excluded.verdict, entry_id = excluded.entry_id, decided_at = excluded.decided_at, decided_by = excluded.decided_by
            """, cancellationToken);
    }

    private static UnansweredGroup ToWire(UnansweredQuestions group) => new(
        group.Key,
        group.Wordings[0].Question,
        group.Wordings[0].Language,
        group.Count,
        group.Askers,
        group.Wordings.Sum(w => w.NotHelpful),
        group.LastAskedAt,
        [.. group.Wordings.Take(MaxWordings).Select(w => w.Question)],
        group.Wordings.Select(w => w.Nearest).FirstOrDefault(n => n is not null),
        group.Wordings.Select(w => w.EntryId).FirstOrDefault(id => id is not null));

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";
}
