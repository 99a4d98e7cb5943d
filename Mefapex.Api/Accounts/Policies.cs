using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Authorization;

namespace Mefapex.Api.Accounts;

/// <summary>
/// The one table of who may do what. A row is an area of the API with the roles that may read in it and those that may
/// change something; an endpoint names its row (<see cref="PermissionRoutes.Requires(IEndpointConventionBuilder, Area)"/>),
/// or is open to everybody by <c>AllowAnonymous</c>. One that does neither lets nobody in.
/// </summary>
internal static class Policies
{
    private static readonly string[] Everybody =
        [Roles.Member, Roles.Coordinator, Roles.Editor, Roles.Admin, Roles.Owner, Roles.Operator];

    private static readonly string[] Editors = [Roles.Editor, Roles.Admin, Roles.Owner, Roles.Operator];
    private static readonly string[] Admins = [Roles.Admin, Roles.Owner, Roles.Operator];
    private static readonly string[] Operators = [Roles.Operator];
    private static readonly string[] Nobody = [];

    //                                                                read       change
    /// <summary>One's own account, password and sessions.</summary>
    public static readonly Area Account = new("account",              Everybody, Everybody);

    /// <summary>Questions, and one's own conversations with their feedback.</summary>
    public static readonly Area Chat = new("chat",                    Everybody, Everybody);

    /// <summary>Documents; who is no editor reads those meant for them.</summary>
    public static readonly Area Documents = new("documents",          Everybody, Editors);

    /// <summary>Entries, synonyms, categories, labelled questions, tasks and what was asked in vain.</summary>
    public static readonly Area Knowledge = new("knowledge",          Editors,   Editors);

    /// <summary>The weights that a tenant's answers are decided by.</summary>
    public static readonly Area Calibration = new("calibration",      Editors,   Admins);

    /// <summary>A tenant's people: their roles, groups, sessions and invitations, and who may register.</summary>
    public static readonly Area Users = new("users",                  Admins,    Admins);

    /// <summary>For how long a tenant keeps what.</summary>
    public static readonly Area Privacy = new("privacy",              Admins,    Admins);

    /// <summary>The audit log.</summary>
    public static readonly Area Audit = new("audit",                  Admins,    Nobody);

    /// <summary>Figures and switches of the running service: cache, memory, breakers, forced fallback.</summary>
    public static readonly Area Operations = new("operations",        Admins,    Admins);

    /// <summary>The keys that access tokens are signed with.</summary>
    public static readonly Area SigningKeys = new("signing-keys",     Operators, Operators);

    /// <summary>A tenant's API keys.</summary>
    public static readonly Area Keys = new("keys",                    Admins,    Admins);

    /// <summary>The tenants of the platform.</summary>
    public static readonly Area Tenants = new("tenants",              Operators, Operators);

    /// <summary>What attacks on the permissions of the installation found.</summary>
    public static readonly Area PermissionAudits = new("permission-audits", Nobody, Operators);

    /// <summary>What tenants may use.</summary>
    public static readonly Area Quotas = new("quotas",                Operators, Operators);

    /// <summary>What one's tenant used.</summary>
    public static readonly Area Usage = new("usage",                  Admins,    Nobody);

    /// <summary>Every row.</summary>
    public static IReadOnlyList<Area> Areas { get; } =
        [
            Account, Chat, Documents, Knowledge, Calibration, Users, Privacy, Audit, Operations, SigningKeys, Keys, Tenants,
            PermissionAudits, Quotas, Usage,
        ];

    /// <summary>Every permission that somebody has.</summary>
    public static IReadOnlyList<Permission> All { get; } =
        [.. Areas.SelectMany(a => new[] { a.Read, a.Write }).Where(p => p.Roles.Count > 0)];

    /// <summary>
    /// The roles that a tenant's people can have, each no more powerful than the next rank. The platform operator's is not
    /// among them: no request grants it.
    /// </summary>
    private static readonly (string Role, int Rank)[] Ranks =
        [(Roles.Member, 0), (Roles.Coordinator, 1), (Roles.Editor, 1), (Roles.Admin, 2), (Roles.Owner, 3)];

    /// <summary>The roles that a tenant's people can have.</summary>
    public static IReadOnlyList<string> TenantRoles { get; } = [.. Ranks.Select(r => r.Role)];

    /// <summary>The roles that somebody may give and take: none above their own.</summary>
    public static IReadOnlyList<string> GrantableBy(IReadOnlyList<string> roles)
    {
        var own = RankOf(roles);
        return [.. Ranks.Where(r => r.Rank <= own).Select(r => r.Role)];
    }

    /// <summary>Whether somebody may act on another's account: not on one that is above their own.</summary>
    public static bool Reaches(IReadOnlyList<string> roles, IReadOnlyList<string> others) => RankOf(others) <= RankOf(roles);

    private static int RankOf(IReadOnlyList<string> roles) => roles.Contains(Roles.Operator, StringComparer.Ordinal)
        ? int.MaxValue
        : Ranks.Where(r => roles.Contains(r.Role, StringComparer.Ordinal)).Select(r => r.Rank).DefaultIfEmpty(-1).Max();
}

/// <summary>A part of the API with its two permissions, and who has them.</summary>
internal sealed class Area(string name, IReadOnlyList<string> readers, IReadOnlyList<string> writers)
{
    public string Name => name;

    public Permission Read { get; } = new(name, OnlyReads: true, readers);

    public Permission Write { get; } = new(name, OnlyReads: false, writers);
}

/// <summary>To read, or to change something, in one area of the API.</summary>
/// <param name="Roles">Who has it.</param>
internal sealed record Permission(string Area, bool OnlyReads, IReadOnlyList<string> Roles) : IAuthorizationRequirement
{
    /// <summary>As it stands in scopes: <c>knowledge:read</c>.</summary>
    public string Name { get; } = $"{Area}:{(OnlyReads ? "read" : "write")}";
}
