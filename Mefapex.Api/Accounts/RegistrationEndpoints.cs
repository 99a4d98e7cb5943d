using System.Net.Mail;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Limits;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Mefapex.Api.Accounts;

/// <summary>New accounts that people make themselves, as far as the tenant lets them.</summary>
internal static class RegistrationEndpoints
{
    /// <summary>Longest name of a person.</summary>
    public const int LongestFullName = 100;

    private const int ShortestName = 3;
    private const int LongestName = 50;
    private const int LongestEmail = 254;

    public static void MapRegistration(this RouteGroupBuilder accounts)
    {
        var open = accounts.MapGroup("").AllowAnonymous().ForTenant().LimitedAs(LimitKind.SignIn);
        open.MapPost("/register", RegisterAsync);
        open.MapPost("/api/auth/register", RegisterAsync);
    }

    /// <summary>Whether mails could reach this address.</summary>
    public static bool IsEmail(string? text) =>
        text is { Length: > 0 and <= LongestEmail } && MailAddress.TryCreate(text, out var address) && address.Address == text;

    /// <summary>Whether a user name may be given; in the form of <see cref="User.NameKey"/>.</summary>
    public static ProblemHttpResult? CheckName(string username) =>
        username.Length is >= ShortestName and <= LongestName
        && username.All(c => char.IsLetterOrDigit(c) || "._-@".Contains(c, StringComparison.Ordinal))
            ? null
            : AccountProblems.UsernameInvalid(ShortestName, LongestName);

    /// <summary>Whether it is no name at all or one that can be kept.</summary>
    public static bool IsFullName(string? text) => text is null || (text.Length <= LongestFullName && !text.Any(char.IsControl));

    private static async Task<Results<Created<RegisterResponse>, ProblemHttpResult>> RegisterAsync(
        RegisterRequest request,
        RequestTenant tenant,
        Passwords passwords,
        MefapexDb db,
        IAuditLog audit,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var username = User.NameKey(request.Username ?? "");
        var email = User.NameKey(request.Email ?? "");
        if (CheckName(username) is { } unfitName)
            return unfitName;
        if (!IsEmail(email))
            return AccountProblems.EmailInvalid();
        if (!IsFullName(request.FullName))
            return AccountProblems.FullNameInvalid(LongestFullName);
        if (PasswordRules.Check(request.Password, username) is { } unfit)
            return unfit;

        Invitation? invitation = null;
        if (!string.IsNullOrEmpty(request.Invitation))
        {
            var hash = OpaqueToken.HashOf(request.Invitation);
            invitation = await db.Invitations.AsNoTracking()
                .SingleOrDefaultAsync(i => i.Hash == hash && i.UsedAt == null && i.ExpiresAt > now, cancellationToken);
            if (invitation is null
                || (invitation.Email is { } meant && !string.Equals(meant, email, StringComparison.OrdinalIgnoreCase)))
            {
                return AccountProblems.InvitationInvalid();
            }
        }

        var tenantId = invitation?.TenantId ?? tenant.Id;
        var mode = await db.Tenants.Where(t => t.Id == tenantId).Select(t => t.Registration).SingleAsync(cancellationToken);

        // Those who own a tenant come in however shut it is: else a new one that is closed would have nobody.
        var invited = invitation is not null && (mode == RegistrationModes.Invitation || invitation.Roles.Contains(Roles.Owner, StringComparer.Ordinal));
        if (mode != RegistrationModes.Open && !invited)
            return mode == RegistrationModes.Invitation ? AccountProblems.InvitationNeeded() : AccountProblems.RegistrationClosed();
        if (await db.Users.AnyAsync(u => u.Username == username, cancellationToken))
            return AccountProblems.UsernameTaken();

        var user = new User
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenantId,
            Username = username,
            Email = email,
            FullName = string.IsNullOrWhiteSpace(request.FullName) ? null : request.FullName.Trim(),
            Roles = invitation?.Roles ?? [Roles.Member],
            CreatedAt = now,
        };
        user.PasswordHash = await passwords.HashAsync(user, request.Password!, cancellationToken);
        try
        {
            var created = await db.InTransactionAsync(
                async () =>
                {
                    // Who marks the invitation as used has it; a second one at the same time comes too late.
                    if (invitation is not null && await db.Invitations.Where(i => i.Id == invitation.Id && i.UsedAt == null)
                        .ExecuteUpdateAsync(set => set.SetProperty(i => i.UsedAt, now), cancellationToken) == 0)
                    {
                        return false;
                    }

                    db.Users.Add(user);
                    await db.SaveChangesAsync(cancellationToken);
                    await audit.RecordAsync(
                        new(AuditVerbs.AccountCreated, tenantId, AuditSubject.User(user.Id))
                        {
                            Actor = AuditActor.User(user.Id, user.Username),
                            After = new() { ["roles"] = string.Join(' ', user.Roles), ["invitation"] = invitation?.Id.ToString() },
                        },
                        cancellationToken);
                    return true;
                },
                cancellationToken);
            return created
                ? TypedResults.Created("/me", new RegisterResponse(AccountProblems.Text("registered"), user.Id.ToString(), username))
                : AccountProblems.InvitationInvalid();
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return AccountProblems.UsernameTaken();
        }
    }
}
