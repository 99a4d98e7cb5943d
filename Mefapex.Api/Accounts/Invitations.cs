using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Mail;
using Mefapex.Contracts.Accounts;

namespace Mefapex.Api.Accounts;

/// <summary>Makes invitations, whose token is told once.</summary>
internal sealed class Invitations(MefapexDb db, IMailer mailer, IAuditLog audit, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>Within a transaction; mail it by <see cref="MailAsync"/> once that has been committed.</summary>
    /// <returns>The invitation with its token.</returns>
    public async Task<InvitationInfo> CreateAsync(Guid tenantId, string? email, string[] roles, CancellationToken cancellationToken)
    {
        var token = OpaqueToken.New();
        var now = time.GetUtcNow();
        var invitation = new Invitation
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenantId,
            Hash = OpaqueToken.HashOf(token),
            Email = email,
            Roles = roles,
            CreatedAt = now,
            ExpiresAt = now + Lifetime,
        };
        db.Invitations.Add(invitation);
        await db.SaveChangesAsync(cancellationToken);
        await audit.RecordAsync(
            new(AuditVerbs.InvitationCreated, tenantId, new("invitation", invitation.Id.ToString()))
            {
                After = new() { ["roles"] = string.Join(' ', roles) },
            },
            cancellationToken);
        return ToWire(invitation) with { Token = token };
    }

    public Task MailAsync(string tenantName, InvitationInfo invitation, CancellationToken cancellationToken) =>
        invitation.Email is null
            ? Task.CompletedTask
            : mailer.SendAsync(
                new(
                    invitation.Email,
                    AccountProblems.Text("invitation-mail.subject", tenantName),
                    AccountProblems.Text("invitation-mail.text", tenantName, invitation.Token!, (int)Lifetime.TotalDays)),
                cancellationToken);

    public static InvitationInfo ToWire(Invitation invitation) => new(
        invitation.Id.ToString(), invitation.Email, invitation.Roles, invitation.CreatedAt, invitation.ExpiresAt);
}
