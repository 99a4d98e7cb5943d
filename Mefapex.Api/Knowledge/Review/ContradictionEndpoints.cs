using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Knowledge.Review.Contradictions;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Review;

internal static class ContradictionEndpoints
{
    public static void MapContradictions(this RouteGroupBuilder review)
    {
        review.MapGet("/contradictions", AllAsync);
        review.MapGet("/entries/{id}/contradictions", OfEntryAsync);
    }

    private static async Task<Results<Ok<Page<ContradictionItem>>, ProblemHttpResult>> AllAsync(
        EditorScope editor,
        ContradictionFinder contradictions,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 50)
    {
        var clashes = await contradictions.AllAsync(editor.Tenant.Id, cancellationToken);
        var (page, problem) = ReviewPages.Of(clashes, cursor, limit, ContradictionCheck.ToWire);
        return page is null ? problem! : TypedResults.Ok(page);
    }

    /// <summary>Of the newest version, which may not be published yet.</summary>
    private static async Task<Results<Ok<Page<ContradictionItem>>, ProblemHttpResult>> OfEntryAsync(
        string id,
        EditorScope editor,
        MefapexDb db,
        ContradictionFinder contradictions,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 50)
    {
        var newest = await db.KnowledgeVersions.AsNoTracking()
            .Where(v => v.TenantId == editor.Tenant.Id && v.EntryId == id)
            .OrderByDescending(v => v.Version)
            .FirstOrDefaultAsync(cancellationToken);
        if (newest is null)
            return EntryProblems.EntryNotFound(id);
        var clashes = await contradictions.OfAsync(editor.Tenant.Id, [newest], cancellationToken);
        var (page, problem) = ReviewPages.Of(clashes, cursor, limit, ContradictionCheck.ToWire);
        return page is null ? problem! : TypedResults.Ok(page);
    }
}
