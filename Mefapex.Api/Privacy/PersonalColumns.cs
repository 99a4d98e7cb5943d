namespace Mefapex.Api.Privacy;

/// <summary>
/// Where people stand in the database: what is exported, and how it is erased. A test compares this with the catalogue, so
/// that a new table or column that names a person is listed here. Conditions know <c>@user</c>, <c>@tenant</c> (null for
/// the platform operator), <c>@name</c>, <c>@email</c> and <c>@account</c>, see <see cref="PersonalCommand"/>.
/// </summary>
internal static class PersonalColumns
{
    private const string TheirTenant = "(@tenant is null or tenant_id = @tenant)";
    private const string TheirExchanges = "select id from exchanges where user_id = @user";

    /// <summary>Rows that go, in this order, those that others refer to last.</summary>
    public static IReadOnlyList<PersonalRows> Rows { get; } =
    [
        new("refresh_tokens", "session_id in (select id from sessions where user_id = @user)", "hash"),
        new("sessions", "user_id = @user"),
        new("exchange_feedback", $"exchange_id in ({TheirExchanges})"),
        new("knowledge_gaps",
            $"""
            {TheirTenant} and question in (select coalesce(understood, question) from exchanges where user_id = @user)
            and not exists (
                select from exchanges e
                where e.tenant_id = knowledge_gaps.tenant_id and coalesce(e.understood, e.question) = knowledge_gaps.question
                    and e.user_id <> @user)
            """),
        new("exchanges", "user_id = @user"),
        new("conversations", "user_id = @user"),
        new("audit_origins",
            """
            event_id in (
                select id from audit_events
                where actor_id = @user or (actor_kind = 'anonymous' and subject_kind = 'user' and subject_id = @user::text))
            """,
            "salt"),
        new("external_logins", "user_id = @user"),
        new("password_resets", "user_id = @user", "hash"),
        new("recovery_codes", "user_id = @user", "hash"),
        new("second_factors", "user_id = @user", "sealed"),
        new("invitations", $"{TheirTenant} and lower(email) = @email", "hash"),
        new("sign_in_failures", "subject = @account", "subject"),
        new("idempotent_requests", "user_id = @user", "fingerprint", "claim", "body"),
        new("users", "id = @user", "password_hash"),
    ];

    /// <summary>Rows that stay and lose what the person wrote.</summary>
    public static IReadOnlyList<PersonalTexts> Texts { get; } =
    [
        new("knowledge_tasks", $"exchange_id in ({TheirExchanges})",
            "text = '…', topic = case when topic like '%question:%' then 'erased:' || id else topic end"),
    ];

    /// <summary>Columns with names of people who did something; a pseudonym takes their place.</summary>
    public static IReadOnlyList<PersonalName> Names { get; } =
    [
        new("api_keys", "created_by"),
        new("documents", "owner"),
        new("documents", "updated_by"),
        new("document_versions", "created_by"),
        new("knowledge_calibrations", "fitted_by"),
        new("knowledge_entries", "owner"),
        new("knowledge_entries", "updated_by"),
        new("knowledge_gaps", "decided_by"),
        new("knowledge_labels", "updated_by"),
        new("knowledge_tasks", "assigned"),
        new("knowledge_tasks", "closed_by"),
        new("knowledge_tasks", "owner"),
        new("knowledge_versions", "author"),
        new("knowledge_versions", "owner"),
        new("knowledge_versions", "published_by"),
    ];

    /// <summary>
    /// What looks like a person and is none: a replica's own name, an actor's id, which is nobody's once its name is gone,
    /// and names of things.
    /// </summary>
    public static IReadOnlyList<PersonalName> Impersonal { get; } =
    [
        new("api_keys", "name"),
        new("audit_events", "actor_id"),
        new("audit_names", "actor_id"),
        new("audit_names", "name"),
        new("data_protection_keys", "name"),
        new("document_versions", "leased_by"),
        new("tenants", "name"),
    ];
}

/// <param name="Where">Which rows are the person's.</param>
/// <param name="Withheld">Columns with secrets, which an export leaves out.</param>
internal sealed record PersonalRows(string Table, string Where, params string[] Withheld);

/// <param name="Set">What is written in place of the person's words.</param>
internal sealed record PersonalTexts(string Table, string Where, string Set);

internal sealed record PersonalName(string Table, string Column)
{
    public string Where => $"(@tenant is null or tenant_id = @tenant) and {Column} = @name";
}
