using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Accounts.Administration;

/// <summary>
/// The groups of a tenant's people. A group is a name that people bear and that knowledge is kept to; it is there as long
/// as somebody or something has it.
/// </summary>
internal static class GroupEndpoints
{
    private const int MaxPage = 200;

    public static void MapGroups(this RouteGroupBuilder admin)
    {
        var groups = admin.MapGroup("/groups");
        groups.MapGet("", ListAsync);
        groups.MapPut("/{name}", RenameAsync);
        groups.MapDelete("/{name}", RemoveAsync);
    }

    private static async Task<Results<Ok<Page<GroupInfo>>, ProblemHttpResult>> ListAsync(
        RequestTenant tenant,
        MefapexDb db,
        Audiences audiences,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 100)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        var last = cursor is null ? null : ListCursor.Parse(cursor);
        if (cursor is not null && last is null)
            return Problems.CursorInvalid();

        var members = await db.Users.Where(u => u.TenantId == tenant.Id)
            .SelectMany(u => u.Groups)
            .GroupBy(name => name)
            .Select(g => new { Name = g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Name, g => g.Count, StringComparer.Ordinal, cancellationToken);
        var kept = await audiences.OfGroupsAsync(tenant.Id, cancellationToken);
        var groups = members.Keys.Union(kept.Keys, StringComparer.Ordinal)
            .Where(name => last is null || string.CompareOrdinal(name, last.Value) > 0)
            .Order(StringComparer.Ordinal)
            .Take(limit + 1)
            .Select(name => new GroupInfo(
                name, members.GetValueOrDefault(name), kept.GetValueOrDefault(name).Entries, kept.GetValueOrDefault(name).Documents))
            .ToList();
        var page = groups.Take(limit).ToList();
        return TypedResults.Ok(new Page<GroupInfo>(
            page, groups.Count > limit ? new ListCursor("name", page[^1].Name, "").ToString() : null));
    }

    /// <summary>
    /// Knowledge that is kept to the group follows. Nobody is signed out: until their tokens are renewed, within minutes,
    /// members see less, never more.
    /// </summary>
    private static async Task<Results<Ok<GroupInfo>, ProblemHttpResult>> RenameAsync(
        string name,
        GroupRename rename,
        Caller caller,
        RequestTenant tenant,
        MefapexDb db,
        Audiences audiences,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        var wanted = rename.Name?.Trim() ?? "";
        if (!UserAdministration.IsGroupName(wanted))
            return AdministrationProblems.GroupInvalid(wanted, UserAdministration.MostGroups);
        return await db.InTransactionAsync<Results<Ok<GroupInfo>, ProblemHttpResult>>(
            async () =>
            {
                var members = await MembersAsync(db, tenant.Id, name, cancellationToken);
                var kept = (await audiences.OfGroupsAsync(tenant.Id, cancellationToken)).GetValueOrDefault(name);
                if (members.Count == 0 && kept == default)
                    return AdministrationProblems.GroupNotFound(name);
                if (await IsUsedAsync(wanted))
                    return AdministrationProblems.GroupExists(wanted);

                foreach (var member in members)
                    member.Groups = [.. member.Groups.Select(g => g == name ? wanted : g).Order(StringComparer.Ordinal)];
                await db.SaveChangesAsync(cancellationToken);
                if (kept != default)
                    await audiences.RenameGroupAsync(tenant.Id, name, wanted, caller.Username, cancellationToken);
                await audit.RecordAsync(
                    new(AuditVerbs.GroupRenamed, tenant.Id, new("group", wanted))
                    {
                        Before = new() { ["name"] = name },
                        After = new() { ["name"] = wanted, ["members"] = members.Count, ["entries"] = kept.Entries, ["documents"] = kept.Documents },
                    },
                    cancellationToken);
                return TypedResults.Ok(new GroupInfo(wanted, members.Count, kept.Entries, kept.Documents));
            },
            cancellationToken);

        async Task<bool> IsUsedAsync(string group) =>
            (await audiences.OfGroupsAsync(tenant.Id, cancellationToken)).ContainsKey(group)
            || await db.Users.AnyAsync(u => u.TenantId == tenant.Id && u.Groups.Contains(group), cancellationToken);
    }

    /// <summary>Ends its members' sessions. Refused while knowledge is kept to it, which would then be for nobody.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string name,
        RequestTenant tenant,
        MefapexDb db,
        Audiences audiences,
        Sessions sessions,
        IAuditLog audit,
        CancellationToken cancellationToken) =>
        await db.InTransactionAsync<Results<NoContent, ProblemHttpResult>>(
            async () =>
            {
                var members = await MembersAsync(db, tenant.Id, name, cancellationToken);
                var kept = (await audiences.OfGroupsAsync(tenant.Id, cancellationToken)).GetValueOrDefault(name);
                if (kept != default)
                    return AdministrationProblems.GroupInUse(name, kept.Entries, kept.Documents);
                if (members.Count == 0)
                    return AdministrationProblems.GroupNotFound(name);

                foreach (var member in members)
                    member.Groups = [.. member.Groups.Where(g => g != name)];
                await db.SaveChangesAsync(cancellationToken);
                var ids = members.Select(m => m.Id).ToList();
                await sessions.EndAsync(db.Sessions.Where(s => ids.Contains(s.UserId)), SessionEnd.AccessChanged, cancellationToken);
                await audit.RecordAsync(
                    new(AuditVerbs.GroupRemoved, tenant.Id, new("group", name)) { Before = new() { ["members"] = members.Count } },
                    cancellationToken);
                return TypedResults.NoContent();
            },
            cancellationToken);

    private static Task<List<User>> MembersAsync(MefapexDb db, Guid tenantId, string group, CancellationToken cancellationToken) =>
        db.Users
            .FromSql($"select * from users where tenant_id = {tenantId} and {group} = any(groups) order by id for update")
            .ToListAsync(cancellationToken);
}
