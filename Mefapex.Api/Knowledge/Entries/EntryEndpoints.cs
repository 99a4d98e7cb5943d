using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Knowledge.Entries.Synonyms;
using Mefapex.Api.Knowledge.Entries.Transfer;
using Mefapex.Api.Limits;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Entries;

internal static class EntryEndpoints
{
    private const int MaxPage = 100;

    private static readonly string[] Statuses = [EntryStatus.Draft, EntryStatus.Review, EntryStatus.Published, EntryStatus.Retired];

    public static WebApplicationBuilder AddEntries(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<EntryOptions>().BindConfiguration(EntryOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddScoped<EntryStore>();
        builder.Services.AddScoped<Categories>();
        builder.Services.AddScoped<EntryImport>();
        builder.Services.AddScoped<SynonymTrials>();
        return builder;
    }

    public static void MapEntries(this IEndpointRouteBuilder knowledge)
    {
        knowledge.MapGet("/entries", ListAsync);
        knowledge.MapPost("/entries", CreateAsync).TakesIdempotencyKey();
        knowledge.MapGet("/entries/{id}", ReadAsync);
        knowledge.MapPut("/entries/{id}", EditAsync);
        knowledge.MapDelete("/entries/{id}", DeleteAsync);
        knowledge.MapPost("/entries/{id}/review", ReviewAsync);
        knowledge.MapPost("/entries/{id}/return", ReturnAsync);
        knowledge.MapPost("/entries/{id}/publish", PublishAsync);
        knowledge.MapPost("/entries/{id}/retire", RetireAsync);
        knowledge.MapPost("/entries/{id}/rollback", RollbackAsync);
        knowledge.MapGet("/entries/{id}/versions", VersionsAsync);
        knowledge.MapGet("/entries/{id}/versions/{version:int}", VersionAsync);
    }

    /// <returns>Null when a filter holds something that no entry can have.</returns>
    public static ProblemHttpResult? Check(EntryFilter filter)
    {
        if (filter.Status is not null && !Statuses.Contains(filter.Status, StringComparer.Ordinal))
            return EntryProblems.FilterInvalid("status", string.Join(", ", Statuses));
        return filter.Missing is null or "tr" or "en" ? null : EntryProblems.FilterInvalid("missing", "tr, en");
    }

    private static async Task<Results<Ok<Page<EntrySummary>>, ProblemHttpResult>> ListAsync(
        EditorScope editor,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? status = null,
        string? category = null,
        string? owner = null,
        string? missing = null,
        [FromQuery(Name = "expiring_before")] DateOnly? expiringBefore = null,
        string? q = null,
        string sort = EntryOrder.Updated,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        if (sort is not (EntryOrder.Updated or EntryOrder.Title))
            return EntryProblems.FilterInvalid("sort", $"{EntryOrder.Updated}, {EntryOrder.Title}");
        var filter = new EntryFilter(status, category, owner, missing, expiringBefore, q);
        if (Check(filter) is { } problem)
            return problem;
        return filter.Of(db, editor.Tenant.Id).After(sort, cursor) is { } entries
            ? TypedResults.Ok(await entries.ToPageAsync(
                limit, r => EntryOrder.CursorOf(r, sort), r => r.Entry.ToSummary(r.Newest), cancellationToken))
            : Problems.CursorInvalid();
    }

    private static async Task<Results<Created<Entry>, ProblemHttpResult>> CreateAsync(
        EntryWrite write,
        EditorScope editor,
        EntryStore entries,
        TimeProvider time,
        HttpResponse http,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (EntryRules.Check(write, Today(time), errors) is not { } draft)
            return EntryProblems.Invalid(errors);
        var reply = await entries.CreateAsync(editor.Tenant, editor.Author, write.Id, draft, Note(write.Note), cancellationToken);
        if (reply.Problem is { } problem)
            return problem;
        http.Set(ETags.Of(reply.Entry!.Revision));
        return TypedResults.Created($"/api/v1/knowledge/entries/{reply.Entry.Id}", reply.Entry.ToWire(reply.Version!, []));
    }

    private static async Task<Results<Ok<Entry>, StatusCodeHttpResult, ProblemHttpResult>> ReadAsync(
        string id,
        EditorScope editor,
        EntryStore entries,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var reply = await entries.ReadAsync(editor.Tenant, id, cancellationToken);
        if (reply.Problem is { } problem)
            return problem;
        var tag = ETags.Of(reply.Entry!.Revision);
        http.Response.Set(tag);
        return http.Request.HasSeen(tag)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Ok(reply.Entry.ToWire(reply.Version!, []));
    }

    private static async Task<Results<Ok<Entry>, ProblemHttpResult>> EditAsync(
        string id,
        EntryWrite write,
        EditorScope editor,
        EntryStore entries,
        TimeProvider time,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (EntryRules.Check(write with { Id = null }, Today(time), errors) is not { } draft)
            return EntryProblems.Invalid(errors);
        return Answer(http, await entries.EditAsync(
            editor.Tenant, editor.Author, id, Seen(http), draft, Note(write.Note), cancellationToken));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id,
        EditorScope editor,
        EntryStore entries,
        HttpContext http,
        CancellationToken cancellationToken) =>
        await entries.DeleteAsync(editor.Tenant, id, Seen(http), cancellationToken) is { } problem
            ? problem
            : TypedResults.NoContent();

    private static async Task<Results<Ok<Entry>, ProblemHttpResult>> ReviewAsync(
        string id,
        EntryNote? body,
        EditorScope editor,
        EntryStore entries,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        EntryRules.Note(body?.Note, errors);
        return errors.Any
            ? EntryProblems.Invalid(errors)
            : Answer(http, await entries.ReviewAsync(
                editor.Tenant, editor.Author, id, Seen(http), Note(body?.Note), cancellationToken));
    }

    private static async Task<Results<Ok<Entry>, ProblemHttpResult>> ReturnAsync(
        string id,
        EntryNote? body,
        EditorScope editor,
        EntryStore entries,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        EntryRules.Note(body?.Note, errors);
        if (Note(body?.Note) is not { } note)
            errors.Add("note", "missing");
        else if (!errors.Any)
            return Answer(http, await entries.ReturnAsync(editor.Tenant, editor.Author, id, Seen(http), note, cancellationToken));
        return EntryProblems.Invalid(errors);
    }

    private static async Task<Results<Ok<Entry>, ProblemHttpResult>> PublishAsync(
        string id,
        EntryPublish? body,
        EditorScope editor,
        EntryStore entries,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        EntryRules.Note(body?.OverrideReason, errors, "override_reason");
        return errors.Any
            ? EntryProblems.Invalid(errors)
            : Answer(http, await entries.PublishAsync(
                editor.Tenant, editor.Author, id, Seen(http), Note(body?.OverrideReason), cancellationToken));
    }

    private static async Task<Results<Ok<Entry>, ProblemHttpResult>> RetireAsync(
        string id,
        EntryRetire? body,
        EditorScope editor,
        EntryStore entries,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        EntryRules.Note(body?.OverrideReason, errors, "override_reason");
        return errors.Any
            ? EntryProblems.Invalid(errors)
            : Answer(http, await entries.RetireAsync(
                editor.Tenant, editor.Author, id, Seen(http), Note(body?.OverrideReason), cancellationToken));
    }

    private static async Task<Results<Ok<Entry>, ProblemHttpResult>> RollbackAsync(
        string id,
        EntryRollback body,
        EditorScope editor,
        EntryStore entries,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        EntryRules.Note(body.Note, errors);
        EntryRules.Note(body.OverrideReason, errors, "override_reason");
        if (errors.Any)
            return EntryProblems.Invalid(errors);
        var rollback = body with { Note = Note(body.Note), OverrideReason = Note(body.OverrideReason) };
        return Answer(http, await entries.RollbackAsync(
            editor.Tenant, editor.Author, id, Seen(http), rollback, cancellationToken));
    }

    private static async Task<Results<Ok<Page<EntryVersionSummary>>, ProblemHttpResult>> VersionsAsync(
        string id,
        EditorScope editor,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        var query = db.KnowledgeVersions.AsNoTracking().Where(v => v.TenantId == editor.Tenant.Id && v.EntryId == id);
        if (!await query.AnyAsync(cancellationToken))
            return EntryProblems.EntryNotFound(id);
        if (cursor is not null)
        {
            if (ListCursor.Parse(cursor) is not { } last || !int.TryParse(last.Value, out var version))
                return Problems.CursorInvalid();
            query = query.Where(v => v.Version < version);
        }

        return TypedResults.Ok(await query.OrderByDescending(v => v.Version).ToPageAsync(
            limit, v => new ListCursor("version", $"{v.Version}", id), v => v.ToSummary(), cancellationToken));
    }

    private static async Task<Results<Ok<EntryVersion>, ProblemHttpResult>> VersionAsync(
        string id,
        int version,
        EditorScope editor,
        EntryStore entries,
        CancellationToken cancellationToken) =>
        await entries.VersionAsync(editor.Tenant.Id, id, version, cancellationToken) is { } found
            ? TypedResults.Ok(found.ToWire())
            : EntryProblems.VersionNotFound(id, version);

    private static Results<Ok<Entry>, ProblemHttpResult> Answer(HttpContext http, EntryReply reply)
    {
        if (reply.Problem is { } problem)
            return problem;
        http.Response.Set(ETags.Of(reply.Entry!.Revision));
        return TypedResults.Ok(reply.Entry.ToWire(reply.Version!, reply.Findings));
    }

    private static EntryStore.Seen Seen(HttpContext http) => present =>
    {
        var tag = ETags.Of(present.Revision);
        switch (http.Request.IfMatch(tag))
        {
            case Precondition.Missing:
                return EntryProblems.PreconditionMissing();
            case Precondition.Fails:
                http.Response.Set(tag);
                return EntryProblems.ChangedMeanwhile(present);
            default:
                return null;
        }
    };

    private static string? Note(string? note) => string.IsNullOrWhiteSpace(note) ? null : note.Trim();

    private static DateOnly Today(TimeProvider time) => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
}
