using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Accounts;

/// <summary>Who may come in: how a tenant takes registrations, and invitations to it.</summary>
internal static class InvitationEndpoints
{
    private const int MaxPage = 100;

    public static void MapInvitations(this RouteGroupBuilder accounts)
    {
        var admin = accounts.MapGroup("/api/v1/admin").Requires(Policies.Users).ForTenant();
        admin.MapGet("/registration", ReadModeAsync);
        admin.MapPut("/registration", SetModeAsync);
        admin.MapGet("/invitations", ListAsync);
        admin.MapPost("/invitations", InviteAsync);
        admin.MapDelete("/invitations/{id:guid}", WithdrawAsync);
    }

    private static async Task<Ok<RegistrationSetting>> ReadModeAsync(
        RequestTenant tenant,
        MefapexDb db,
        CancellationToken cancellationToken) =>
        TypedResults.Ok(new RegistrationSetting(
            await db.Tenants.Where(t => t.Id == tenant.Id).Select(t => t.Registration).SingleAsync(cancellationToken)));

    private static async Task<Results<Ok<RegistrationSetting>, ProblemHttpResult>> SetModeAsync(
        RegistrationSetting setting,
        RequestTenant tenant,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        if (setting.Mode is null || !RegistrationModes.All.Contains(setting.Mode, StringComparer.Ordinal))
            return AccountProblems.RegistrationMode();
        await db.InTransactionAsync(
            async () =>
            {
                var kept = await db.Tenants.SingleAsync(t => t.Id == tenant.Id, cancellationToken);
                var before = kept.Registration;
                kept.Registration = setting.Mode;
                await db.SaveChangesAsync(cancellationToken);
                await audit.RecordAsync(
                    new(AuditVerbs.TenantChanged, tenant.Id, new("tenant", tenant.Id.ToString()))
                    {
                        Before = new() { ["registration"] = before },
                        After = new() { ["registration"] = setting.Mode },
                    },
                    cancellationToken);
                return true;
            },
            cancellationToken);
        return TypedResults.Ok(setting);
    }

    private static async Task<Results<Ok<Page<InvitationInfo>>, ProblemHttpResult>> ListAsync(
        RequestTenant tenant,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        var now = time.GetUtcNow();
        return db.Invitations.Where(i => i.TenantId == tenant.Id && i.UsedAt == null && i.ExpiresAt > now)
            .NewestFirst(cursor, i => new(i.CreatedAt, i.Id)) is { } invitations
            ? TypedResults.Ok(await invitations.ToPageAsync(
                limit, i => new Cursor(i.CreatedAt, i.Id), Invitations.ToWire, cancellationToken))
            : Problems.CursorInvalid();
    }

    private static async Task<Results<Created<InvitationInfo>, ProblemHttpResult>> InviteAsync(
        InvitationRequest request,
        Caller caller,
        RequestTenant tenant,
        MefapexDb db,
        Invitations invitations,
        CancellationToken cancellationToken)
    {
        var email = string.IsNullOrWhiteSpace(request.Email) ? null : request.Email.Trim();
        if (email is not null && !RegistrationEndpoints.IsEmail(email))
            return AccountProblems.EmailInvalid();
        string[] roles = request.Roles is { Count: > 0 } asked ? [.. asked.Distinct(StringComparer.Ordinal)] : [Roles.Member];
        var grantable = Policies.GrantableBy(caller.Roles);
        if (roles.Any(role => !grantable.Contains(role, StringComparer.Ordinal)))
            return AccountProblems.RoleNotGrantable(grantable);

        var invitation = await db.InTransactionAsync(
            () => invitations.CreateAsync(tenant.Id, email, roles, cancellationToken), cancellationToken);
        await invitations.MailAsync(tenant.Scope.Name, invitation, cancellationToken);
        return TypedResults.Created($"/api/v1/admin/invitations/{invitation.Id}", invitation);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> WithdrawAsync(
        Guid id,
        RequestTenant tenant,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        var withdrawn = await db.InTransactionAsync(
            async () =>
            {
                if (await db.Invitations.Where(i => i.Id == id && i.TenantId == tenant.Id && i.UsedAt == null)
                    .ExecuteDeleteAsync(cancellationToken) == 0)
                {
                    return false;
                }

                await audit.RecordAsync(
                    new(AuditVerbs.InvitationWithdrawn, tenant.Id, new("invitation", id.ToString())), cancellationToken);
                return true;
            },
            cancellationToken);
        return withdrawn ? TypedResults.NoContent() : AccountProblems.InvitationNotFound();
    }
}
