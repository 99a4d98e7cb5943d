using Npgsql;

namespace Mefapex.Api.Data;

/// <summary>
/// Row-level security: the service works under <see cref="TenantRole"/>, which sees the rows of the tenant that
/// <see cref="TenantSetting"/> names, or under <see cref="PlatformRole"/>, which sees those of all; neither may get around the
/// policies or change the schema. A table with a column <c>tenant_id</c> is covered by that; one without is named here, or
/// belongs to the platform alone.
/// </summary>
internal static class RowSecurity
{
    public const string TenantRole = "mefapex_tenant";
    public const string PlatformRole = "mefapex_platform";
    public const string TenantSetting = "mefapex.tenant";

    /// <summary>As a subquery, so that it is read once for a statement.</summary>
    public const string Tenant = $"(select nullif(current_setting('{TenantSetting}', true), '')::uuid)";

    /// <summary>Which rows of a table without <c>tenant_id</c> are a tenant's.</summary>
    public static readonly IReadOnlyDictionary<string, string> OfTenant = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["tenants"] = $"id = {Tenant}",
        ["refresh_tokens"] = "exists (select from sessions s where s.id = session_id)",
        ["password_resets"] = "exists (select from users u where u.id = user_id)",
        ["audit_heads"] = $"chain = {Tenant}",
        ["audit_origins"] = "exists (select from audit_events e where e.id = event_id)",
        ["audit_names"] = $"exists (select from audit_events e where e.tenant_id = {Tenant} and e.actor_id = audit_names.actor_id)",
    };

    /// <summary>Tables of which tenants see nothing.</summary>
    public static readonly IReadOnlySet<string> OfPlatform = new HashSet<string>(StringComparer.Ordinal)
    {
        "data_protection_keys", "sign_in_failures", "signing_keys", "permission_audits",
    };

    /// <summary>Covers every table there is now; what is covered already stays untouched. Runs as the tables' owner.</summary>
    public static async Task ApplyAsync(NpgsqlConnection owner, CancellationToken cancellationToken)
    {
        foreach (var role in (string[])[TenantRole, PlatformRole])
            await ExecuteAsync(owner, Role(role), cancellationToken);
        await ExecuteAsync(owner, Grants, cancellationToken);
        foreach (var (table, hasTenant) in await UncoveredAsync(owner, cancellationToken))
        {
            if (PolicyOf(table, hasTenant) is { } rows)
                await ExecuteAsync(owner, $"create policy tenant on {table} to {TenantRole} using ({rows})", cancellationToken);
            await ExecuteAsync(
                owner,
                $"create policy platform on {table} to {PlatformRole} using (true); alter table {table} enable row level security",
                cancellationToken);
        }
    }

    /// <summary>Leaves the rights of the user that signed in behind, for as long as the connection lasts.</summary>
    public static void Enter(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand($"set role {TenantRole}", connection);
        command.ExecuteNonQuery();
    }

    /// <inheritdoc cref="Enter"/>
    public static Task EnterAsync(NpgsqlConnection connection) =>
        ExecuteAsync(connection, $"set role {TenantRole}", CancellationToken.None);

    /// <returns>Null when tenants see none of its rows.</returns>
    private static string? PolicyOf(string table, bool hasTenant) =>
        OfPlatform.Contains(table) ? null : hasTenant ? $"tenant_id = {Tenant}" : OfTenant.GetValueOrDefault(table);

    // Roles belong to the whole server: another database of it may make the same one at this moment.
    private static string Role(string role) =>
        $"""
        do $$
        begin
            if not exists (select from pg_roles where rolname = '{role}') then
                begin
                    create role {role} nologin;
                exception when duplicate_object or unique_violation then
                    null;
                end;
            end if;
            if (select rolsuper or rolbypassrls from pg_roles where rolname = '{role}') then
                raise exception 'the role {role} must neither be superuser nor bypass row-level security';
            end if;
            if not pg_has_role(current_user, '{role}', 'member') then
                begin
                    execute format('grant {role} to %I', current_user);
                exception when unique_violation or internal_error then
                    null;
                end;
            end if;
        exception when insufficient_privilege then
            raise exception 'the database user % may not make the role {role}', current_user
                using hint = format('Let an administrator run: create role {role} nologin; grant {role} to %I;', current_user);
        end $$
        """;

    private const string Grants =
        $"""
        do $$
        begin
            execute format('grant usage on schema %I to {TenantRole}, {PlatformRole}', current_schema());
            execute format(
                'grant select, insert, update, delete on all tables in schema %I to {TenantRole}, {PlatformRole}', current_schema());
            execute format('grant execute on all functions in schema %I to {TenantRole}', current_schema());
            revoke all on schema_migrations from {TenantRole}, {PlatformRole};
        end $$
        """;

    private static async Task<List<(string Table, bool HasTenant)>> UncoveredAsync(NpgsqlConnection owner, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            select c.relname, exists (
                select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
            from pg_class c
            where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and not c.relrowsecurity
                and c.relname <> 'schema_migrations'
            order by c.relname
            """, owner);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var tables = new List<(string, bool)>();
        while (await rows.ReadAsync(cancellationToken))
            tables.Add((rows.GetString(0), rows.GetBoolean(1)));
        return tables;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
