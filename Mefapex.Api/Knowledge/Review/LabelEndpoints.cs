using System.Text;
using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Limits;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Mefapex.Api.Knowledge.Review;

internal static class LabelEndpoints
{
    private const int MaxPage = 200;
    private const int MaxImportBytes = 4 * 1024 * 1024;

    public static void MapLabels(this RouteGroupBuilder review)
    {
        var labels = review.MapGroup("/labels");
        labels.MapGet("", ListAsync);
        labels.MapPost("", CreateAsync).TakesIdempotencyKey();
        labels.MapPut("/{id:guid}", ChangeAsync);
        labels.MapDelete("/{id:guid}", DeleteAsync);
        labels.MapPost("/import", ImportAsync)
            .Accepts<string>("text/tab-separated-values", "text/plain")
            .WithMetadata(new RequestSizeLimitAttribute(MaxImportBytes))
            .TakesFile();
    }

    private static async Task<Results<Ok<Page<LabelItem>>, ProblemHttpResult>> ListAsync(
        RequestTenant tenant,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 50,
        string? kind = null)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);

        var query = db.KnowledgeLabels.Where(l => l.TenantId == tenant.Id && (kind == null || l.Kind == kind));
        return query.NewestFirst(cursor, l => new(l.UpdatedAt, l.Id)) is { } labels
            ? TypedResults.Ok(await labels.ToPageAsync(limit, l => new Cursor(l.UpdatedAt, l.Id), l => l.ToWire(), cancellationToken))
            : Problems.CursorInvalid();
    }

    private static async Task<Results<Created<LabelItem>, ProblemHttpResult>> CreateAsync(
        LabelDraft draft,
        Caller caller,
        RequestTenant tenant,
        Labels labels,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var (label, wrong) = Labels.Check(draft, await labels.KnownAsync(tenant.Id, cancellationToken));
        if (label is null)
            return ReviewProblems.LabelInvalid(wrong!);
        if (await db.KnowledgeLabels.CountAsync(l => l.TenantId == tenant.Id, cancellationToken) >= Labels.Most)
            return ReviewProblems.LabelsFull(Labels.Most);

        var row = Labels.New(tenant.Scope, caller, label, time.GetUtcNow());
        db.KnowledgeLabels.Add(row);
        return await StoredAsync(db, cancellationToken)
            ? TypedResults.Created((string?)null, row.ToWire())
            : ReviewProblems.LabelExists(row.Question);
    }

    private static async Task<Results<Ok<LabelItem>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        LabelDraft draft,
        Caller caller,
        RequestTenant tenant,
        Labels labels,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (await db.KnowledgeLabels.SingleOrDefaultAsync(l => l.TenantId == tenant.Id && l.Id == id, cancellationToken) is not { } row)
            return ReviewProblems.LabelNotFound();
        var (label, wrong) = Labels.Check(draft, await labels.KnownAsync(tenant.Id, cancellationToken));
        if (label is null)
            return ReviewProblems.LabelInvalid(wrong!);

        Labels.Change(row, label, caller, time.GetUtcNow());
        return await StoredAsync(db, cancellationToken) ? TypedResults.Ok(row.ToWire()) : ReviewProblems.LabelExists(row.Question);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        RequestTenant tenant,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        var deleted = await db.KnowledgeLabels.Where(l => l.TenantId == tenant.Id && l.Id == id).ExecuteDeleteAsync(cancellationToken);
        return deleted == 0 ? ReviewProblems.LabelNotFound() : TypedResults.NoContent();
    }

    private static async Task<Results<Ok<LabelImport>, ProblemHttpResult>> ImportAsync(
        HttpRequest request,
        Caller caller,
        RequestTenant tenant,
        Labels labels,
        CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(request.Body, Encoding.UTF8);
        var content = LabelFile.Read(await reader.ReadToEndAsync(cancellationToken), tenant.Scope.Slug);
        if (content.Problem is not null)
            return ReviewProblems.LabelInvalid(content.Problem);

        var known = await labels.KnownAsync(tenant.Id, cancellationToken);
        var drafts = new List<LabelDraft>(content.Labels.Count);
        foreach (var (line, draft) in content.Labels)
        {
            var (label, wrong) = Labels.Check(draft, known);
            if (label is null)
                return ReviewProblems.LabelInvalid(LabelFile.InLine(line, wrong!));
            drafts.Add(label);
        }

        return await labels.SaveAsync(tenant.Scope, caller, drafts, cancellationToken) is var (added, changed, unchanged)
            ? TypedResults.Ok(new LabelImport(added, changed, unchanged, content.Others))
            : ReviewProblems.LabelsFull(Labels.Most);
    }

    /// <returns>False when another label has the same question.</returns>
    private static async Task<bool> StoredAsync(MefapexDb db, CancellationToken cancellationToken)
    {
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return false;
        }
    }
}
