using System.Linq.Expressions;
using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Tenants.Administration;

/// <summary>
/// The tenants of the platform, for its operator. None is deleted: what one leaves behind outside the database, such as
/// backups and logs, is not reached from here, so a tenant that goes is suspended.
/// </summary>
internal static class TenantEndpoints
{
    private const string Path = "/api/v1/admin/tenants";
    private const int MaxPage = 100;

    public static void MapTenants(this IEndpointRouteBuilder endpoints)
    {
        var tenants = endpoints.MapGroup(Path).WithTags("Tenants").Requires(Policies.Tenants).NeedsDatabase().AcrossTenants();
        tenants.MapGet("", ListAsync);
        tenants.MapPost("", CreateAsync);
        tenants.MapGet("/{id:guid}", ReadAsync);
        tenants.MapPatch("/{id:guid}", ChangeAsync);
    }

    /// <summary>By slug; a page's cursor is the last one's.</summary>
    private static async Task<Results<Ok<Page<TenantRecord>>, ProblemHttpResult>> ListAsync(
        MefapexDb db,
        CancellationToken cancellationToken,
        bool? suspended = null,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        var tenants = db.Tenants.AsQueryable();
        if (suspended is not null)
            tenants = tenants.Where(t => (t.SuspendedAt != null) == suspended);
        if (cursor is not null)
            tenants = tenants.Where(t => EF.Functions.GreaterThan(
                ValueTuple.Create(t.Slug, t.Slug), ValueTuple.Create(cursor, cursor)));
        return TypedResults.Ok(await tenants.OrderBy(t => t.Slug)
            .ToPageAsync(limit, Listed(db), l => l.Tenant.Slug, ToWire, cancellationToken));
    }

    private static async Task<Results<Ok<TenantRecord>, ProblemHttpResult>> ReadAsync(
        Guid id,
        MefapexDb db,
        HttpResponse response,
        CancellationToken cancellationToken)
    {
        if (await db.Tenants.AsNoTracking().Where(t => t.Id == id).Select(Listed(db)).SingleOrDefaultAsync(cancellationToken) is not { } found)
            return TenantProblems.NotFound();
        var tenant = ToWire(found);
        response.Set(TenantAdministration.TagOf(tenant));
        return TypedResults.Ok(tenant);
    }

    private static async Task<Results<Created<TenantCreated>, ProblemHttpResult>> CreateAsync(
        TenantCreation wanted,
        TenantAdministration administration,
        HttpResponse response,
        CancellationToken cancellationToken)
    {
        var (created, problem) = await administration.CreateAsync(wanted, cancellationToken);
        if (created is null)
            return problem!;
        response.Set(TenantAdministration.TagOf(created.Tenant));
        return TypedResults.Created($"{Path}/{created.Tenant.Id}", created);
    }

    private static async Task<Results<Ok<TenantRecord>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        TenantChange change,
        TenantAdministration administration,
        MefapexDb db,
        HttpContext http,
        CancellationToken cancellationToken) =>
        await administration.ChangeAsync(id, change, http.Request, cancellationToken) is { } problem
            ? problem
            : await ReadAsync(id, db, http.Response, cancellationToken);

    private static Expression<Func<Tenant, ListedTenant>> Listed(MefapexDb db) => t => new ListedTenant(
        t,
        db.TenantHosts.Where(h => h.TenantId == t.Id).OrderBy(h => h.Host).Select(h => h.Host).ToList(),
        db.Users.Count(u => u.TenantId == t.Id));

    private static TenantRecord ToWire(ListedTenant listed) => TenantAdministration.ToWire(listed.Tenant, listed.Hosts, listed.Users);

    private sealed record ListedTenant(Tenant Tenant, List<string> Hosts, int Users);
}
