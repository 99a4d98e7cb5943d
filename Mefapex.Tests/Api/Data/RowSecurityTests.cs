using System.Net;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Api.Knowledge;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Mefapex.Tests.Api.Data;

/// <summary>What PostgreSQL itself keeps apart, whatever the service asks it for.</summary>
public sealed class RowSecurityTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_table_is_under_a_policy_and_one_without_a_tenant_says_whose_it_is()
    {
        var tables = await RowsAsync(
            """
            select c.relname,
                exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped),
                c.relrowsecurity,
                coalesce((select string_agg(p.policyname, ' ' order by p.policyname) from pg_policies p
                    where p.schemaname = 'public' and p.tablename = c.relname), '')
            from pg_class c
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'schema_migrations'
            """,
            r => (Name: r.GetString(0), HasTenant: r.GetBoolean(1), IsSecured: r.GetBoolean(2), Policies: r.GetString(3)));

        foreach (var table in tables)
        {
            table.IsSecured.ShouldBeTrue(table.Name);
            (table.HasTenant || RowSecurity.OfTenant.ContainsKey(table.Name) || RowSecurity.OfPlatform.Contains(table.Name))
                .ShouldBeTrue($"{table.Name} has no tenant_id: name it in {nameof(RowSecurity)}");
            table.Policies.ShouldBe(RowSecurity.OfPlatform.Contains(table.Name) ? "platform" : "platform tenant", table.Name);
        }

        RowSecurity.OfTenant.Keys.Concat(RowSecurity.OfPlatform).ShouldBeSubsetOf(tables.Select(t => t.Name));
    }

    [Fact]
    public async Task The_roles_of_the_service_own_nothing_and_cannot_get_around_policies()
    {
        var roles = await RowsAsync(
            """
            select rolname, rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb,
                (select count(*) from pg_class c where c.relowner = r.oid)
            from pg_roles r where rolname in ('mefapex_tenant', 'mefapex_platform') order by rolname
            """,
            r => (r.GetString(0), r.GetBoolean(1), r.GetInt64(2)));

        roles.ShouldBe([("mefapex_platform", false, 0), ("mefapex_tenant", false, 0)]);
        (await ScalarAsync("select current_user::text")).ShouldBe("mefapex_tenant");
        await ShouldBeRefusedAsync("create table beside (id int)", tenantId: null);
        await ShouldBeRefusedAsync("alter table exchanges disable row level security", tenantId: null);
        await ShouldBeRefusedAsync("select * from schema_migrations", tenantId: null);
    }

    [Fact]
    public async Task Without_a_scope_the_service_fails_and_PostgreSQL_shows_nothing()
    {
        await using var scope = api.Host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MefapexDb>();
        await Should.ThrowAsync<InvalidOperationException>(() => db.KnowledgeEntries.CountAsync(Cancellation));
        await Should.ThrowAsync<InvalidOperationException>(() => db.Database.BeginTransactionAsync(Cancellation));

        (await ScalarAsync("select count(*) from knowledge_entries")).ShouldBe(0L);
        (await ScalarAsync("select count(*) from users")).ShouldBe(0L);
    }

    [Fact]
    public async Task In_every_table_a_tenant_sees_its_own_rows_alone_and_all_tenants_scope_sees_all()
    {
        await FillAsync();
        var (factory, clinic) = await TenantsAsync();
        var tables = await RowsAsync(
            """
            select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
            where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'tenant_id' and not a.attisdropped
            """,
            r => r.GetString(0));

        var seen = 0L;
        foreach (var table in tables)
        {
            foreach (var tenantId in (Guid[])[factory, clinic])
            {
                var own = await OwnerScalarAsync($"select count(*) from {table} where tenant_id = '{tenantId}'");
                (await ScalarAsync($"select count(*) from {table}", tenantId)).ShouldBe(own, table);
                (await ScalarAsync($"select count(*) from {table} where tenant_id is distinct from '{tenantId}'", tenantId)).ShouldBe(0L, table);
                seen += (long)own!;
            }
        }

        seen.ShouldBeGreaterThan(100);
        foreach (var table in RowSecurity.OfPlatform)
            await ShouldSeeNothingOrBeRefusedAsync(table, factory);

        using var all = DataScope.AllTenants();
        await using var scope = api.Host.Services.CreateAsyncScope();
        (await scope.ServiceProvider.GetRequiredService<MefapexDb>().KnowledgeEntries.LongCountAsync(Cancellation))
            .ShouldBe((long)(await OwnerScalarAsync("select count(*) from knowledge_entries"))!);
    }

    [Fact]
    public async Task A_tenant_writes_changes_and_deletes_nothing_of_another()
    {
        var (factory, clinic) = await TenantsAsync();
        var before = await OwnerScalarAsync($"select string_agg(answer, '|' order by entry_id, language) from knowledge_texts where tenant_id = '{clinic}'");

        await InScopeAsync(factory, "update knowledge_texts set answer = 'ele geçirildi'; delete from knowledge_texts", rollBack: true);
        (await InScopeAsync(factory, $"update knowledge_texts set answer = 'x' where tenant_id = '{clinic}'", rollBack: true)).ShouldBe(0);
        (await InScopeAsync(factory, $"delete from knowledge_entries where tenant_id = '{clinic}'", rollBack: true)).ShouldBe(0);
        await ShouldBeRefusedAsync(
            $"insert into knowledge_gaps (tenant_id, folded, question, verdict, decided_at, decided_by) values ('{clinic}', 'a', 'a', 'x', now(), 'x')",
            factory);
        await ShouldBeRefusedAsync($"update knowledge_texts set tenant_id = '{clinic}'", factory);

        (await OwnerScalarAsync($"select string_agg(answer, '|' order by entry_id, language) from knowledge_texts where tenant_id = '{clinic}'"))
            .ShouldBe(before);
    }

    [Fact]
    public async Task Searches_find_what_the_scope_has_even_when_they_are_asked_for_another_tenant()
    {
        var (factory, clinic) = await TenantsAsync();
        var candidates = api.Host.Services.GetRequiredService<CandidateQuery>();
        Question question;
        using (DataScope.Of(clinic))
        {
            var snapshot = await api.Host.Services.GetRequiredService<SnapshotStore>().GetAsync(clinic, atLeast: 0, Cancellation);
            question = new Question("Saçımı ne zaman yıkayabilirim?", "tr", snapshot);
        }

        Task<StageCandidates> FindAsync(Guid tenantId) => candidates.EntriesAsync(
            tenantId, Reader.Anonymous, question, new DateOnly(2026, 11, 21), 20, trigrams: true, supposed: null, Cancellation);

        using (DataScope.Of(clinic))
        {
            var found = await FindAsync(clinic);
            found.Keywords.ShouldContain(h => h.EntryId == "sac-ekimi-yikama");
            found.Trigram.ShouldContain(h => h.EntryId == "sac-ekimi-yikama");
        }

        using (DataScope.Of(factory))
        {
            var found = await FindAsync(clinic);
            found.Keywords.Concat(found.Trigram).Concat(found.FullText).ShouldNotContain(h => h.EntryId == "sac-ekimi-yikama");
            found.Version.ShouldBe(0);
        }
    }

    [Fact]
    public async Task Scopes_nest_and_do_not_outlive_their_connection()
    {
        var (factory, clinic) = await TenantsAsync();
        await using var scope = api.Host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MefapexDb>();
        var entries = db.KnowledgeEntries.AsNoTracking().Select(e => e.TenantId).Distinct().OrderBy(id => id);

        using (DataScope.Of(factory))
        {
            (await entries.ToListAsync(Cancellation)).ShouldBe([factory]);
            using (DataScope.AllTenants())
                (await entries.ToListAsync(Cancellation)).Count.ShouldBe(2);
            using (DataScope.Of(clinic))
                (await entries.ToListAsync(Cancellation)).ShouldBe([clinic]);
            (await entries.ToListAsync(Cancellation)).ShouldBe([factory]);
        }

        (await ScalarAsync("select count(*) from knowledge_entries")).ShouldBe(0L);
        (await ScalarAsync("select current_user::text")).ShouldBe("mefapex_tenant");
    }

    [Fact]
    public async Task Without_the_service_s_own_conditions_an_editor_still_reads_one_tenant_s_knowledge()
    {
        var filters = new NoTenantFilters();
        await using var host = await ApiHost.Start(api.ConnectionString, interceptor: filters).ReadyAsync();
        using var editor = await host.SignInAsync("editor");

        var entries = await editor.GetStringAsync("/api/v1/knowledge/entries?limit=100", Cancellation);
        using var other = await editor.GetAsync(new Uri("/api/v1/knowledge/entries/sac-ekimi-yikama", UriKind.Relative), Cancellation);

        entries.ShouldContain("yillik-izin-talebi");
        entries.ShouldNotContain("sac-ekimi-yikama");
        other.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        filters.Taken.ShouldBeGreaterThan(1);
    }

    private async Task FillAsync()
    {
        foreach (var name in (string[])["demo", "hasta"])
        {
            using var client = await api.Host.SignInAsync(name);
            (await client.PostWireAsync<ChatAnswer>("/chat/authenticated", new ChatRequest("Yıllık izin nasıl alınır?"))).SessionId.ShouldNotBeNull();
        }
    }

    private async Task<(Guid Factory, Guid Clinic)> TenantsAsync() =>
        ((await KnowledgeFixture.TenantAsync(api.Host, "fabrika")).Id, (await KnowledgeFixture.TenantAsync(api.Host, "klinik")).Id);

    private async Task ShouldSeeNothingOrBeRefusedAsync(string table, Guid tenantId) =>
        (await ScalarAsync($"select count(*) from {table}", tenantId)).ShouldBe(0L, table);

    private async Task ShouldBeRefusedAsync(string sql, Guid? tenantId) =>
        (await Should.ThrowAsync<PostgresException>(() => InScopeAsync(tenantId, sql, rollBack: true)))
            .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);

    private async Task<object?> ScalarAsync(string sql, Guid? tenantId = null)
    {
        await using var connection = await ConnectAsync();
        await using var transaction = await BeginAsync(connection, tenantId);
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        return await command.ExecuteScalarAsync(Cancellation);
    }

    private async Task<int> InScopeAsync(Guid? tenantId, string sql, bool rollBack)
    {
        await using var connection = await ConnectAsync();
        await using var transaction = await BeginAsync(connection, tenantId);
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        var changed = await command.ExecuteNonQueryAsync(Cancellation);
        if (!rollBack)
            await transaction.CommitAsync(Cancellation);
        return changed;
    }

    private async Task<NpgsqlConnection> ConnectAsync() =>
        await api.Host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(Cancellation);

    private static async Task<NpgsqlTransaction> BeginAsync(NpgsqlConnection connection, Guid? tenantId)
    {
        if (tenantId is null)
            return await connection.BeginTransactionAsync(Cancellation);
        using var rows = DataScope.Of(tenantId.Value);
        return await connection.BeginScopedAsync(Cancellation);
    }

    private async Task<object?> OwnerScalarAsync(string sql)
    {
        await using var command = api.Host.Services.GetRequiredService<OwnerDatabase>().Source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancellation);
    }

    private async Task<List<T>> RowsAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var command = api.Host.Services.GetRequiredService<OwnerDatabase>().Source.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync(Cancellation);
        var list = new List<T>();
        while (await rows.ReadAsync(Cancellation))
            list.Add(read(rows));
        return list;
    }
}
