using Mefapex.Api.Accounts;
using Mefapex.Contracts.Accounts;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Mefapex.Tests.Api.Accounts;

public sealed class SessionSweepTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_nobody_can_sign_in_with_goes_however_many_and_the_rest_stays()
    {
        var login = await api.Host.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest("demo", "1234"));
        var renewed = await api.Host.Anonymous.PostWireAsync<LoginResponse>("/api/auth/refresh", new RefreshRequest(login.RefreshToken));
        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await ExecuteAsync(
            """
            insert into sessions (id, user_id, tenant_id, device, address, created_at, last_used_at, expires_at, ended_at)
            select gen_random_uuid(), u.id, u.tenant_id, 'test', '', now() - interval '60 days', now() - interval '40 days',
                case when n % 2 = 0 then now() - interval '2 days' else now() + interval '2 days' end,
                case when n % 2 = 0 then null else now() - interval '2 days' end
            from users u, generate_series(1, 2200) n where u.username = 'demo';
            insert into refresh_tokens (hash, session_id, created_at)
            select sha256(id::text::bytea), id, created_at from sessions where device = 'test';
            insert into refresh_tokens (hash, session_id, created_at, used_at)
            select 'old', id, now() - interval '40 days', now() - interval '39 days' from sessions where device <> 'test' limit 1;
            """);

        (await api.Host.Services.GetRequiredService<SessionSweep>().SweepAsync(Cancellation)).ShouldBe(2200 + 1);

        (await CountAsync("sessions where device = 'test'")).ShouldBe(0);
        (await CountAsync("refresh_tokens t where not exists (select from sessions s where s.id = t.session_id)")).ShouldBe(0);
        (await CountAsync("refresh_tokens where hash = 'old'")).ShouldBe(0);
        using var again = await api.Host.Anonymous.PostWireAsync("/api/auth/refresh", new RefreshRequest(login.RefreshToken));
        await again.ShouldBeProblemAsync(401, "refresh-token-invalid");
        using var ended = await api.Host.Anonymous.PostWireAsync("/api/auth/refresh", new RefreshRequest(renewed.RefreshToken));
        await ended.ShouldBeProblemAsync(401, "refresh-token-invalid");
        (await CountAsync("sessions where end_reason = 'token-reused'")).ShouldBe(1);

        async Task ExecuteAsync(string sql)
        {
            await using var command = source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        async Task<long> CountAsync(string rows)
        {
            await using var command = source.CreateCommand($"select count(*) from {rows}");
            return (long)(await command.ExecuteScalarAsync(Cancellation))!;
        }
    }

    [Theory]
    [InlineData("/me", "no-store")]
    [InlineData("/api/v1/account/sessions", "no-store")]
    [InlineData("/api/v1/none", "no-store")]
    [InlineData("/.well-known/jwks.json", "public, max-age=300")]
    public async Task Answers_are_kept_nowhere_unless_their_endpoint_allows_it(string path, string expected)
    {
        using var client = await api.Host.SignInAsync("demo");
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        using var unknown = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest("demo", "wrong"));

        response.Headers.CacheControl!.ToString().ShouldBe(expected);
        unknown.Headers.CacheControl!.ToString().ShouldBe("no-store");
    }
}
