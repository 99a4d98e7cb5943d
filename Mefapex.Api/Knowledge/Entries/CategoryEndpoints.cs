using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>What entries and documents are filed under, and who answers for them.</summary>
internal static class CategoryEndpoints
{
    private const int MaxPage = 200;

    public static void MapCategories(this IEndpointRouteBuilder knowledge)
    {
        knowledge.MapGet("/categories", ListCategoriesAsync);
        knowledge.MapPut("/categories/{name}", RenameAsync);
        knowledge.MapPost("/categories/merge", MergeAsync);
        knowledge.MapGet("/owners", ListOwnersAsync);
    }

    private static async Task<Results<Ok<Page<FiledCount>>, ProblemHttpResult>> ListCategoriesAsync(
        EditorScope editor,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 100)
    {
        var entries = from row in AllRows(db, editor)
                      group row.Entry by row.Newest.Category into label
                      select new LabelCount(label.Key, label.Count(), label.Count(e => e.PublishedVersion != null));
        var documents = from document in db.Documents
                        where document.TenantId == editor.Tenant.Id
                        group document by document.Category into label
                        select new LabelCount(label.Key, label.Count(), 0);
        return Page(await entries.ToListAsync(cancellationToken), await documents.ToListAsync(cancellationToken), cursor, limit);
    }

    private static async Task<Results<Ok<Page<FiledCount>>, ProblemHttpResult>> ListOwnersAsync(
        EditorScope editor,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 100)
    {
        var entries = from row in AllRows(db, editor)
                      group row.Entry by row.Newest.Owner into label
                      select new LabelCount(label.Key, label.Count(), label.Count(e => e.PublishedVersion != null));
        var documents = from document in db.Documents
                        where document.TenantId == editor.Tenant.Id
                        group document by document.Owner into label
                        select new LabelCount(label.Key, label.Count(), 0);
        return Page(await entries.ToListAsync(cancellationToken), await documents.ToListAsync(cancellationToken), cursor, limit);
    }

    private static async Task<Results<Ok<CategoryMoved>, ProblemHttpResult>> RenameAsync(
        string name,
        CategoryRename body,
        EditorScope editor,
        MefapexDb db,
        Categories categories,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var wanted = EntryRules.Category(body.Name, "name", errors);
        if (errors.Any)
            return EntryProblems.Invalid(errors);
        return await db.InTransactionAsync<Results<Ok<CategoryMoved>, ProblemHttpResult>>(async () =>
        {
            if (wanted != name && await categories.IsUsedAsync(editor, wanted, cancellationToken))
                return EntryProblems.CategoryExists(wanted);
            return await categories.MoveAsync(editor, [name], wanted, cancellationToken) is { } moved
                ? TypedResults.Ok(moved)
                : EntryProblems.CategoryNotFound(name);
        }, cancellationToken);
    }

    private static async Task<Results<Ok<CategoryMoved>, ProblemHttpResult>> MergeAsync(
        CategoryMerge body,
        EditorScope editor,
        MefapexDb db,
        Categories categories,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var into = EntryRules.Category(body.Into, "into", errors);
        var from = (body.From ?? []).Where(f => f != into).Distinct(StringComparer.Ordinal).ToArray();
        if (from.Length == 0)
            errors.Add("from", "missing");
        if (errors.Any)
            return EntryProblems.Invalid(errors);
        return await db.InTransactionAsync<Results<Ok<CategoryMoved>, ProblemHttpResult>>(async () =>
        {
            foreach (var name in from)
            {
                if (!await categories.IsUsedAsync(editor, name, cancellationToken))
                    return EntryProblems.CategoryNotFound(name);
            }

            return TypedResults.Ok((await categories.MoveAsync(editor, from, into, cancellationToken))!);
        }, cancellationToken);
    }

    private static IQueryable<EntryRow> AllRows(MefapexDb db, EditorScope editor) =>
        EntryFilter.None.Of(db, editor.Tenant.Id);

    private static Results<Ok<Page<FiledCount>>, ProblemHttpResult> Page(
        List<LabelCount> entries,
        List<LabelCount> documents,
        string? cursor,
        int limit)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        var last = cursor is null ? null : ListCursor.Parse(cursor);
        if (cursor is not null && last is null)
            return Problems.CursorInvalid();
        var labels = entries.Select(e => e.Name).Union(documents.Select(d => d.Name), StringComparer.Ordinal)
            .Where(name => last is null || string.CompareOrdinal(name, last.Value) > 0)
            .Order(StringComparer.Ordinal)
            .Take(limit + 1)
            .Select(name => new FiledCount(
                name,
                entries.FirstOrDefault(e => e.Name == name)?.Count ?? 0,
                entries.FirstOrDefault(e => e.Name == name)?.Published ?? 0,
                documents.FirstOrDefault(d => d.Name == name)?.Count ?? 0))
            .ToList();
        var page = labels.Take(limit).ToList();
        return TypedResults.Ok(new Page<FiledCount>(
            page, labels.Count > limit ? new ListCursor("name", page[^1].Name, "").ToString() : null));
    }

    private sealed record LabelCount(string Name, int Count, int Published);
}
