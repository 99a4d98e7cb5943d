using System.Text.Json.Nodes;
using Mefapex.Api.Accounts;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Limits;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Entries.Synonyms;

/// <summary>Terms that stand for each other in a tenant's search.</summary>
internal static class SynonymEndpoints
{
    private const int MaxPage = 200;
    private const int MaxTried = 200;

    public static void MapSynonyms(this IEndpointRouteBuilder knowledge)
    {
        knowledge.MapGet("/synonyms", ListAsync);
        knowledge.MapPost("/synonyms", AddAsync).TakesIdempotencyKey();
        knowledge.MapPut("/synonyms/{id:guid}", ChangeAsync);
        knowledge.MapDelete("/synonyms/{id:guid}", RemoveAsync);
        knowledge.MapPost("/synonyms/preview", PreviewAsync).Requires(Policies.Knowledge.Read);
    }

    private static async Task<Results<Ok<Page<SynonymItem>>, StatusCodeHttpResult, ProblemHttpResult>> ListAsync(
        EditorScope editor,
        MefapexDb db,
        HttpContext http,
        CancellationToken cancellationToken,
        string? q = null,
        string? cursor = null,
        int limit = 50)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        var query = db.SynonymGroups.AsNoTracking().Where(g => g.TenantId == editor.Tenant.Id);
        if (cursor is not null)
        {
            if (ListCursor.Parse(cursor) is not { } last || !int.TryParse(last.Value, out var position))
                return Problems.CursorInvalid();
            query = query.Where(g => g.Position > position);
        }

        // Terms are searched folded, which only the program can do; a tenant has some hundred groups.
        var wanted = SynonymRules.Key(q ?? "");
        var rows = (await query.OrderBy(g => g.Position).ToListAsync(cancellationToken))
            .Where(g => Array.Exists(g.Terms, t => SynonymRules.Key(t).Contains(wanted, StringComparison.Ordinal)))
            .Take(limit + 1)
            .ToList();
        var page = rows.Take(limit).ToList();
        var tag = SynonymRules.TagOf(page);
        http.Response.Set(tag);
        return http.Request.HasSeen(tag)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Ok(new Page<SynonymItem>(
                [.. page.Select(ToWire)],
                rows.Count > limit ? new ListCursor("position", $"{page[^1].Position}", "").ToString() : null));
    }

    private static async Task<Results<Created<SynonymItem>, ProblemHttpResult>> AddAsync(
        SynonymTerms body,
        EditorScope editor,
        MefapexDb db,
        IAuditLog audit,
        TimeProvider time,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var terms = SynonymRules.Check(body.Terms, "terms", errors);
        if (errors.Any)
            return EntryProblems.Invalid(errors);
        var added = await db.InTransactionAsync(async () =>
        {
            // Holds the tenant's knowledge, so that nobody else takes the same position.
            await KnowledgeWriter.BumpVersionAsync(db, editor.Tenant.Id, time.GetUtcNow(), cancellationToken);
            var last = await db.SynonymGroups.Where(g => g.TenantId == editor.Tenant.Id)
                .MaxAsync(g => (int?)g.Position, cancellationToken) ?? -1;
            var group = new SynonymGroup { TenantId = editor.Tenant.Id, Position = last + 1, Terms = terms };
            db.SynonymGroups.Add(group);
            await db.SaveChangesAsync(cancellationToken);
            await AuditAsync(audit, group, before: null, terms, cancellationToken);
            return group;
        }, cancellationToken);
        http.Response.Set(SynonymRules.TagOf(added));
        return TypedResults.Created($"/api/v1/knowledge/synonyms/{added.Id}", ToWire(added));
    }

    private static async Task<Results<Ok<SynonymItem>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        SynonymTerms body,
        EditorScope editor,
        MefapexDb db,
        IAuditLog audit,
        TimeProvider time,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var terms = SynonymRules.Check(body.Terms, "terms", errors);
        if (errors.Any)
            return EntryProblems.Invalid(errors);
        return await db.InTransactionAsync<Results<Ok<SynonymItem>, ProblemHttpResult>>(async () =>
        {
            var (group, problem) = await LockAsync(db, editor, id, http, cancellationToken);
            if (group is null)
                return problem!;
            var before = group.Terms;
            group.Terms = terms;
            await db.SaveChangesAsync(cancellationToken);
            await KnowledgeWriter.BumpVersionAsync(db, editor.Tenant.Id, time.GetUtcNow(), cancellationToken);
            await AuditAsync(audit, group, before, terms, cancellationToken);
            http.Response.Set(SynonymRules.TagOf(group));
            return TypedResults.Ok(ToWire(group));
        }, cancellationToken);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        Guid id,
        EditorScope editor,
        MefapexDb db,
        IAuditLog audit,
        TimeProvider time,
        HttpContext http,
        CancellationToken cancellationToken) =>
        await db.InTransactionAsync<Results<NoContent, ProblemHttpResult>>(async () =>
        {
            var (group, problem) = await LockAsync(db, editor, id, http, cancellationToken);
            if (group is null)
                return problem!;
            db.SynonymGroups.Remove(group);
            await db.SaveChangesAsync(cancellationToken);
            await KnowledgeWriter.BumpVersionAsync(db, editor.Tenant.Id, time.GetUtcNow(), cancellationToken);
            await AuditAsync(audit, group, group.Terms, after: null, cancellationToken);
            return TypedResults.NoContent();
        }, cancellationToken);

    private static async Task<Results<Ok<SynonymPreview>, ProblemHttpResult>> PreviewAsync(
        SynonymTrial body,
        EditorScope editor,
        SynonymTrials trials,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var add = (body.Add ?? []).Select((g, i) => SynonymRules.Check(g?.Terms, $"add[{i}].terms", errors)).ToList();
        var change = (body.Change ?? []).Select((g, i) => (Id: g?.Id ?? Guid.Empty, Terms: SynonymRules.Check(g?.Terms, $"change[{i}].terms", errors))).ToList();
        var remove = body.Remove ?? [];
        if (add.Count + change.Count + remove.Count is 0 or > MaxTried)
            errors.Add("add", add.Count == 0 ? "missing" : "too-many", add.Count + change.Count + remove.Count, MaxTried);
        var questions = body.Questions is null
            ? null
            : EntryRules.Lines(body.Questions, "questions", least: 1, MaxTried, longest: 1000, errors);
        var groups = await trials.GroupsAsync(editor.Tenant.Id, add, change, remove, errors, cancellationToken);
        return errors.Any
            ? EntryProblems.Invalid(errors)
            : TypedResults.Ok(await trials.RunAsync(editor.Tenant, groups, questions, cancellationToken));
    }

    private static async Task<(SynonymGroup? Group, ProblemHttpResult? Problem)> LockAsync(
        MefapexDb db,
        EditorScope editor,
        Guid id,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var group = await db.SynonymGroups
            .FromSql($"select * from knowledge_synonyms where tenant_id = {editor.Tenant.Id} and id = {id} for update")
            .SingleOrDefaultAsync(cancellationToken);
        if (group is null)
            return (null, EntryProblems.SynonymsNotFound());
        var tag = SynonymRules.TagOf(group);
        switch (http.Request.IfMatch(tag))
        {
            case Precondition.Missing:
                return (null, EntryProblems.PreconditionMissing());
            case Precondition.Fails:
                http.Response.Set(tag);
                return (null, EntryProblems.ChangedMeanwhile());
            default:
                return (group, null);
        }
    }

    private static Task AuditAsync(
        IAuditLog audit,
        SynonymGroup group,
        string[]? before,
        string[]? after,
        CancellationToken cancellationToken)
    {
        return audit.RecordAsync(
            new(AuditVerbs.SynonymsChanged, group.TenantId, new("synonyms", group.Id.ToString()))
            {
                Before = Terms(before),
                After = Terms(after),
            },
            cancellationToken);

        static JsonObject? Terms(string[]? terms) => terms is null
            ? null
            : new() { ["terms"] = new JsonArray([.. terms.Select(term => JsonValue.Create(term))]) };
    }

    private static SynonymItem ToWire(SynonymGroup group) =>
        new(group.Id.ToString(), group.Terms, SynonymRules.TagOf(group).ToString());
}
