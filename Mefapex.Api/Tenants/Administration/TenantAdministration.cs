using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mefapex.Api.Accounts;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;
using Npgsql;

namespace Mefapex.Api.Tenants.Administration;

/// <summary>Makes and changes tenants for the platform operator.</summary>
internal sealed partial class TenantAdministration(
    MefapexDb db,
    Invitations invitations,
    TenantDirectory directory,
    IAuditLog audit,
    TimeProvider time)
{
    private const int ShortestSlug = 2;
    private const int LongestSlug = 40;
    private const int LongestName = 100;
    private const int LongestReason = 500;
    private const int MostHosts = 20;
    private static readonly string[] Locales = ["tr", "en"];

    /// <summary>What <c>If-Match</c> is held against.</summary>
    public static EntityTagHeaderValue TagOf(TenantRecord tenant)
    {
        var state = JsonSerializer.SerializeToUtf8Bytes(tenant with { Users = 0 });
        return ETags.Of(Convert.ToHexStringLower(SHA256.HashData(state)[..12]));
    }

    public async Task<(TenantCreated? Created, ProblemHttpResult? Problem)> CreateAsync(
        TenantCreation wanted,
        CancellationToken cancellationToken)
    {
        var (slug, name, locale) = (wanted.Slug?.Trim() ?? "", wanted.Name?.Trim() ?? "", wanted.Locale ?? Locales[0]);
        var mode = wanted.Registration ?? RegistrationModes.Invitation;
        var email = User.NameKey(wanted.OwnerEmail ?? "");
        var (hosts, problem) = Hosts(wanted.Hosts ?? []);
        if (slug.Length is < ShortestSlug or > LongestSlug || !SlugPattern().IsMatch(slug))
            problem = TenantProblems.SlugInvalid(ShortestSlug, LongestSlug);
        else if (!RegistrationModes.All.Contains(mode, StringComparer.Ordinal))
            problem = AccountProblems.RegistrationMode();
        else if (!RegistrationEndpoints.IsEmail(email))
            problem = AccountProblems.EmailInvalid();
        if ((problem ?? Check(name, locale)) is { } unfit)
            return (null, unfit);

        var tenant = new Tenant { Id = Guid.CreateVersion7(time.GetUtcNow()), Slug = slug, Name = name, Locale = locale, Registration = mode };
        try
        {
            var invitation = await db.InTransactionAsync(
                async () =>
                {
                    db.Tenants.Add(tenant);
                    db.TenantHosts.AddRange(hosts.Select(host => new TenantHost { Host = host, TenantId = tenant.Id }));
                    await db.SaveChangesAsync(cancellationToken);
                    var made = await invitations.CreateAsync(tenant.Id, email, [Roles.Owner], cancellationToken);
                    await audit.RecordAsync(
                        new(AuditVerbs.TenantCreated, tenant.Id, Subject(tenant.Id))
                        {
                            After = new() { ["slug"] = slug, ["locale"] = locale, ["registration"] = mode, ["hosts"] = string.Join(' ', hosts) },
                        },
                        cancellationToken);
                    return made;
                },
                cancellationToken);
            directory.Changed();
            await invitations.MailAsync(name, invitation, cancellationToken);
            return (new(ToWire(tenant, hosts, users: 0), invitation), null);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } taken)
        {
            return (null, Taken(taken, slug, hosts));
        }
    }

    /// <returns>What is wrong; null when it was changed.</returns>
    public async Task<ProblemHttpResult?> ChangeAsync(Guid id, TenantChange change, HttpRequest request, CancellationToken cancellationToken)
    {
        var (hosts, problem) = change.Hosts is null ? (null, null) : Hosts(change.Hosts);
        if (problem is not null)
            return problem;
        var reason = change.Reason?.Trim() ?? "";
        if (change.Suspended is true && (reason.Length is 0 or > LongestReason || reason.Any(char.IsControl)))
            return TenantProblems.ReasonMissing(LongestReason);
        try
        {
            var refused = await db.InTransactionAsync(
                async () =>
                {
                    var tenant = await db.Tenants.FromSql($"select * from tenants where id = {id} for update").SingleOrDefaultAsync(cancellationToken);
                    if (tenant is null)
                        return TenantProblems.NotFound();
                    var kept = await db.TenantHosts.Where(h => h.TenantId == id).OrderBy(h => h.Host).ToListAsync(cancellationToken);
                    var before = ToWire(tenant, [.. kept.Select(h => h.Host)], users: 0);
                    if (request.IfMatch(TagOf(before)) is not Precondition.Holds and var precondition)
                    {
                        return precondition is Precondition.Missing
                            ? TenantProblems.PreconditionMissing()
                            : TenantProblems.ChangedMeanwhile();
                    }

                    (tenant.Name, tenant.Locale) = (change.Name?.Trim() ?? tenant.Name, change.Locale ?? tenant.Locale);
                    if (Check(tenant.Name, tenant.Locale) is { } unfit)
                        return unfit;
                    if (change.Suspended is { } suspended)
                    {
                        tenant.SuspendedAt = suspended ? tenant.SuspendedAt ?? time.GetUtcNow() : null;
                        tenant.SuspensionReason = suspended ? reason : null;
                    }

                    if (hosts is not null)
                    {
                        db.TenantHosts.RemoveRange(kept.Where(h => !hosts.Contains(h.Host, StringComparer.Ordinal)));
                        db.TenantHosts.AddRange(hosts.Except(before.Hosts, StringComparer.Ordinal).Select(h => new TenantHost { Host = h, TenantId = id }));
                    }

                    await db.SaveChangesAsync(cancellationToken);
                    await AuditAsync(before, ToWire(tenant, hosts ?? before.Hosts, users: 0), cancellationToken);
                    return null;
                },
                cancellationToken);
            directory.Changed();
            return refused;
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } taken)
        {
            return Taken(taken, slug: "", hosts ?? []);
        }
    }

    public static TenantRecord ToWire(Tenant tenant, IReadOnlyList<string> hosts, int users) => new(
        tenant.Id.ToString(),
        tenant.Slug,
        tenant.Name,
        tenant.Locale,
        tenant.Registration,
        hosts,
        tenant.SuspendedAt,
        tenant.SuspensionReason,
        users);

    private async Task AuditAsync(TenantRecord before, TenantRecord after, CancellationToken cancellationToken)
    {
        var changed = new AuditEvent(AuditVerbs.TenantChanged, Guid.Parse(after.Id), Subject(Guid.Parse(after.Id))) { Before = [], After = [] };
        Compare("name", r => r.Name);
        Compare("locale", r => r.Locale);
        Compare("hosts", r => string.Join(' ', r.Hosts));
        Compare("suspended", r => r.SuspendedAt is null ? "no" : "yes");
        Compare("reason", r => r.SuspensionReason);
        if (changed.After!.Count > 0)
            await audit.RecordAsync(changed, cancellationToken);

        void Compare(string field, Func<TenantRecord, string?> value)
        {
            if (value(before) == value(after))
                return;
            changed.Before![field] = value(before);
            changed.After![field] = value(after);
        }
    }

    private static AuditSubject Subject(Guid id) => new("tenant", id.ToString());

    private static ProblemHttpResult? Check(string name, string locale) =>
        name.Length is 0 or > LongestName || name.Any(char.IsControl)
            ? TenantProblems.NameInvalid(LongestName)
            : Locales.Contains(locale, StringComparer.Ordinal) ? null : TenantProblems.LocaleUnknown(Locales);

    private static (IReadOnlyList<string> Hosts, ProblemHttpResult? Problem) Hosts(IReadOnlyList<string> given)
    {
        var names = given.Select(text => (Text: text, Name: TenantHost.Normalise(text))).ToList();
        var unfit = names.Find(n => n.Name is null);
        return unfit != default || names.Count > MostHosts
            ? ([], TenantProblems.HostInvalid((unfit == default ? names[^1] : unfit).Text ?? "", MostHosts))
            : ([.. names.Select(n => n.Name!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], null);
    }

    private static ProblemHttpResult Taken(PostgresException taken, string slug, IReadOnlyList<string> hosts) =>
        taken.TableName == "tenant_hosts" ? TenantProblems.HostTaken(string.Join(", ", hosts)) : TenantProblems.SlugTaken(slug);

    [GeneratedRegex(@"\A[a-z][a-z0-9]*(-[a-z0-9]+)*\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SlugPattern();
}
