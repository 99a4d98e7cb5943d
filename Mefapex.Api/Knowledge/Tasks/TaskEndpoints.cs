using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Keys;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using TaskStatus = Mefapex.Contracts.Knowledge.TaskStatus;

namespace Mefapex.Api.Knowledge.Tasks;

internal static class TaskEndpoints
{
    private const int MaxPage = 100;
    private const int MaxReports = 20;
    private const int MaxNote = 1000;
    private const int MaxName = 200;

    public static void MapKnowledgeTasks(this IEndpointRouteBuilder endpoints)
    {
        var tasks = endpoints.MapGroup("/api/v1/knowledge/tasks").WithTags("Knowledge").Requires(Policies.Knowledge).NeedsDatabase().TakesKeys();
        tasks.MapGet("", ListAsync).ForTenant();
        tasks.MapGet("/{id:guid}", ReadAsync).ForTenant();
        tasks.MapPost("/{id:guid}/assign", AssignAsync);
        tasks.MapPost("/{id:guid}/close", CloseAsync);
    }

    /// <param name="status">One of <see cref="TaskStatus"/>, or <c>all</c>.</param>
    private static async Task<Results<Ok<Page<TaskItem>>, ProblemHttpResult>> ListAsync(
        RequestTenant tenant,
        MefapexDb db,
        CancellationToken cancellationToken,
        string status = TaskStatus.Open,
        string? kind = null,
        string? owner = null,
        [FromQuery(Name = "entry_id")] string? entryId = null,
        string? assigned = null,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        if (status != "all" && !TaskStatus.All.Contains(status, StringComparer.Ordinal))
            return TaskProblems.StatusUnknown([.. TaskStatus.All, "all"]);

        var query = db.KnowledgeTasks.Where(t => t.TenantId == tenant.Id);
        if (status != "all")
            query = query.Where(t => t.Status == status);
        if (kind is not null)
            query = query.Where(t => t.Kind == kind);
        if (owner is not null)
            query = query.Where(t => t.Owner == owner);
        if (entryId is not null)
            query = query.Where(t => t.EntryId == entryId);
        if (assigned is not null)
            query = query.Where(t => t.Assigned == assigned);
        return query.NewestFirst(cursor, t => new(t.CreatedAt, t.Id)) is { } tasks
            ? TypedResults.Ok(await tasks.ToPageAsync(limit, t => new Cursor(t.CreatedAt, t.Id), t => t.ToWire(), cancellationToken))
            : Problems.CursorInvalid();
    }

    private static async Task<Results<Ok<TaskDetail>, ProblemHttpResult>> ReadAsync(
        Guid id,
        HttpResponse response,
        RequestTenant tenant,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        var task = await db.KnowledgeTasks.AsNoTracking()
            .SingleOrDefaultAsync(t => t.Id == id && t.TenantId == tenant.Id, cancellationToken);
        if (task is null)
            return TaskProblems.NotFound();

        var reports = await (
            from feedback in db.Feedback
            where feedback.TaskId == id
            join exchange in db.Exchanges on feedback.ExchangeId equals exchange.Id
            orderby feedback.UpdatedAt descending
            select new { feedback.ExchangeId, exchange.Question, exchange.Response, feedback.Reason, feedback.Comment, feedback.UpdatedAt })
            .Take(MaxReports)
            .ToListAsync(cancellationToken);
        response.Set(ETags.Of(task.Revision));
        return TypedResults.Ok(new TaskDetail(
            task.ToWire(),
            [.. reports.Select(r => new TaskReport(r.ExchangeId.ToString(), r.Question, r.Response, r.Reason, r.Comment, r.UpdatedAt))]));
    }

    private static async Task<Results<Ok<TaskItem>, ProblemHttpResult>> AssignAsync(
        [AsParameters] TaskEdit edit,
        AssignTask request,
        CancellationToken cancellationToken)
    {
        var name = string.IsNullOrWhiteSpace(request.Assigned) ? null : User.NameKey(request.Assigned);
        return name is not null && (name.Length > MaxName || name.Contains('\0', StringComparison.Ordinal))
            ? TaskProblems.NameInvalid(MaxName)
            : await ChangeAsync(edit, (task, _) => task.Assigned = name, cancellationToken);
    }

    private static async Task<Results<Ok<TaskItem>, ProblemHttpResult>> CloseAsync(
        [AsParameters] TaskEdit edit,
        CloseTask request,
        CancellationToken cancellationToken)
    {
        if (request.Status is not (TaskStatus.Done or TaskStatus.Dismissed))
            return TaskProblems.StatusUnknown([TaskStatus.Done, TaskStatus.Dismissed]);
        var note = request.Note?.Replace("\0", "", StringComparison.Ordinal).Trim();
        if (note?.Length > MaxNote)
            return TaskProblems.NoteTooLong(MaxNote);

        return await ChangeAsync(
            edit,
            (task, now) =>
            {
                (task.Status, task.ClosedBy, task.ClosedAt) = (request.Status, edit.Caller.Username, now);
                task.Note = string.IsNullOrEmpty(note) ? null : note;
            },
            cancellationToken);
    }

    /// <summary>Changes an open task that the caller has seen as it is.</summary>
    private static async Task<Results<Ok<TaskItem>, ProblemHttpResult>> ChangeAsync(
        TaskEdit edit,
        Action<KnowledgeTask, DateTimeOffset> change,
        CancellationToken cancellationToken)
    {
        if (await edit.Tenant.ResolveAsync(edit.Request.HttpContext) is { } problem)
            return problem;
        var task = await edit.Db.KnowledgeTasks
            .SingleOrDefaultAsync(t => t.Id == edit.Id && t.TenantId == edit.Tenant.Id, cancellationToken);
        if (task is null)
            return TaskProblems.NotFound();
        edit.Response.Set(ETags.Of(task.Revision));
        switch (edit.Request.IfMatch(ETags.Of(task.Revision)))
        {
            case Precondition.Missing:
                return TaskProblems.RevisionMissing();
            case Precondition.Fails:
                return TaskProblems.Changed();
        }

        if (task.Status != TaskStatus.Open)
            return TaskProblems.Closed();

        change(task, edit.Time.GetUtcNow());
        task.UpdatedAt = edit.Time.GetUtcNow();
        task.Revision++;
        try
        {
            await edit.Db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return TaskProblems.Changed();
        }

        edit.Response.Set(ETags.Of(task.Revision));
        return TypedResults.Ok(task.ToWire());
    }

    private sealed record TaskEdit(
        Guid Id,
        Caller Caller,
        HttpRequest Request,
        HttpResponse Response,
        RequestTenant Tenant,
        MefapexDb Db,
        TimeProvider Time);
}
