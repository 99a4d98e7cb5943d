namespace Mefapex.Api.Privacy.Retention;

/// <summary>A kind of data that is kept for a time.</summary>
/// <param name="Name">As it stands in settings and answers.</param>
/// <param name="OfTenants">Whether each tenant may say for how long; what belongs to none is the operator's to say.</param>
/// <param name="LeastDays">What works with the data needs it for so long.</param>
/// <param name="Statements">
/// Each takes at most <c>@batch</c> rows from before <c>@before</c>, those of <c>@tenant</c>; none where it takes more than a
/// statement.
/// </param>
internal sealed record RetentionKind(string Name, bool OfTenants, int DefaultDays, int LeastDays, params string[] Statements)
{
    public const int MostDays = 3650;

    public bool Allows(int days) => days >= LeastDays && days <= MostDays;
}

internal static class RetentionKinds
{
    /// <summary>Events; their chain says from then on that it begins later.</summary>
    public static readonly RetentionKind Audit = new("audit", OfTenants: true, DefaultDays: 730, LeastDays: 31);

    /// <summary>From where people did what; the events themselves stay.</summary>
    public static readonly RetentionKind Addresses = new("addresses", OfTenants: true, DefaultDays: 180, LeastDays: 7,
        """
        delete from audit_origins where event_id in (
            select o.event_id from audit_events e join audit_origins o on o.event_id = e.id
            where (e.tenant_id = @tenant or (e.tenant_id is null and @tenant is null)) and e.at < @before limit @batch)
        """);

    /// <summary>Mails that nobody collected.</summary>
    public static readonly RetentionKind Mails = new("mail-outbox", OfTenants: false, DefaultDays: 7, LeastDays: 1);

    /// <summary>Answers of requests that may be repeated; what is kept says itself until when.</summary>
    public static readonly RetentionKind Idempotency = new("idempotency", OfTenants: false, DefaultDays: 1, LeastDays: 1);

    public static IReadOnlyList<RetentionKind> All { get; } =
    [
        new("conversations", OfTenants: true, DefaultDays: 365, LeastDays: 1,
            """
            delete from exchanges where id in (
                select id from exchanges where tenant_id = @tenant and asked_at < @before order by asked_at limit @batch)
            """,
            """
            delete from conversations where id in (
                select id from conversations c
                where tenant_id = @tenant and updated_at < @before and not exists (select from exchanges e where e.conversation_id = c.id)
                limit @batch)
            """),
        new("feedback", OfTenants: true, DefaultDays: 365, LeastDays: 1,
            """
            delete from exchange_feedback where exchange_id in (
                select exchange_id from exchange_feedback where tenant_id = @tenant and updated_at < @before limit @batch)
            """),
        new("tasks", OfTenants: true, DefaultDays: 365, LeastDays: 7,
            """
            delete from knowledge_tasks where id in (
                select id from knowledge_tasks where tenant_id = @tenant and status <> 'open' and closed_at < @before limit @batch)
            """),
        new("unanswered", OfTenants: true, DefaultDays: 730, LeastDays: 7,
            """
            delete from knowledge_gaps where tenant_id = @tenant and folded in (
                select folded from knowledge_gaps where tenant_id = @tenant and decided_at < @before limit @batch)
            """),

        // Versions that could not be read and that newer ones followed, and documents that never had another one. Files
        // that no version has are swept up elsewhere.
        new("failed-uploads", OfTenants: true, DefaultDays: 90, LeastDays: 1,
            """
            delete from document_versions v using (
                select o.document_id, o.version
                from document_versions o join documents d on d.tenant_id = o.tenant_id and d.id = o.document_id
                where o.tenant_id = @tenant and o.status in ('failed', 'quarantined') and o.created_at < @before
                    and o.version <> d.newest_version and o.version is distinct from d.current_version
                limit @batch) old
            where v.tenant_id = @tenant and v.document_id = old.document_id and v.version = old.version
            """,
            """
            delete from documents where tenant_id = @tenant and id in (
                select id from documents d
                where tenant_id = @tenant and current_version is null and updated_at < @before
                    and not exists (
                        select from document_versions v
                        where v.tenant_id = d.tenant_id and v.document_id = d.id
                            and (v.status not in ('failed', 'quarantined') or v.created_at >= @before))
                limit @batch)
            """),
        new("invitations", OfTenants: true, DefaultDays: 30, LeastDays: 1,
            """
            delete from invitations where id in (
                select id from invitations where tenant_id = @tenant and coalesce(used_at, expires_at) < @before limit @batch)
            """),
        Addresses,
        Audit,
        new("password-resets", OfTenants: false, DefaultDays: 1, LeastDays: 1,
            "delete from password_resets where hash in (select hash from password_resets where expires_at < @before limit @batch)"),
        new("sign-in-failures", OfTenants: false, DefaultDays: 2, LeastDays: 1,
            "delete from sign_in_failures where subject in (select subject from sign_in_failures where failed_at < @before limit @batch)"),
        Idempotency,
        Mails,
    ];

    public static RetentionKind? Find(string name) => All.FirstOrDefault(kind => kind.Name == name);
}
