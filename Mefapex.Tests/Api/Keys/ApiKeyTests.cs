using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Mefapex.Api.Keys;
using Mefapex.Contracts;
using Mefapex.Contracts.Audit;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Keys;
using Mefapex.Contracts.Knowledge;
using Mefapex.Contracts.Operations;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Mefapex.Tests.Api.Keys;

public sealed class ApiKeyTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Keys = "/api/v1/admin/api-keys";
    private const string Documents = "/api/v1/knowledge/documents";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_told_once_and_kept_as_a_hash()
    {
        using var admin = await api.Host.SignInAsync("yonetici");
        var expires = TimeProvider.System.GetUtcNow().AddDays(30);
        var made = await admin.PostWireAsync<ApiKeyInfo>(
            Keys, new ApiKeyRequest(" Takvim ", ["knowledge:read", "chat:write"], expires, ["127.0.0.1", "10.20.0.0/16"]));

        KeySecret.IsWellFormed(made.Secret!).ShouldBeTrue();
        made.Prefix.ShouldBe(made.Secret![..12]);
        made.Name.ShouldBe("Takvim");
        made.Status.ShouldBe("active");
        made.CreatedBy.ShouldBe("yonetici");
        made.Networks.ShouldBe(["127.0.0.1/32", "10.20.0.0/16"]);

        using var list = await admin.GetAsync(new Uri(Keys, UriKind.Relative), Cancellation);
        var text = await list.Content.ReadAsStringAsync(Cancellation);
        text.ShouldContain(made.Id);
        text.ShouldNotContain(made.Secret);
        var read = await admin.GetWireAsync<ApiKeyInfo>($"{Keys}/{made.Id}");
        read.Secret.ShouldBeNull();
        read.Scopes.ShouldBe(made.Scopes);
        (read.ExpiresAt!.Value - expires).Duration().ShouldBeLessThan(TimeSpan.FromMilliseconds(1));
        (await RowAsync(made.Id)).ShouldNotContain(made.Secret[12..]);
    }

    [Theory]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("authorization", "bearer ")]
    [InlineData("X-Api-Key", "")]
    public async Task A_key_finds_its_tenant_and_answers_are_not_kept(string header, string before)
    {
        var made = await MakeAsync("operator", "klinik", "chat:write");
        var expected = await ClinicAnswerAsync();
        var kept = await CountAsync("exchanges");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/chat/message")
        {
            Content = JsonContent.Create(new { message = "Randevumu nasıl iptal ederim?" }),
        };
        request.Headers.Add(header, before + made.Secret);
        using var response = await api.Host.Anonymous.SendAsync(request, Cancellation);

        var answer = await response.ReadWireAsync<ChatAnswer>();
        answer.SessionId.ShouldBeNull();
        answer.Sources.ShouldNotBeEmpty();
        answer.Sources[0].Id.ShouldBe(expected.Sources[0].Id);
        (await CountAsync("exchanges")).ShouldBe(kept);
    }

    [Fact]
    public async Task What_concerns_a_person_wants_a_person()
    {
        using var key = await ClientAsync("chat:write", "knowledge:read");
        foreach (var path in new[] { "/me", "/api/v1/conversations", "/api/chat/history", "/api/v1/account/sessions", Keys, "/api/v1/admin/audit" })
        {
            using var refused = await key.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            await refused.ShouldBeProblemAsync(403, "person-needed");
        }

        using var continued = await key.PostWireAsync("/chat/authenticated", new { message = "Merhaba", session_id = Guid.NewGuid().ToString() });
        (await continued.ShouldBeProblemAsync(403, "person-needed")).ShouldContain("oturum");
        using var open = await key.GetAsync(new Uri("/health", UriKind.Relative), Cancellation);
        open.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_key_may_do_what_its_scopes_say_and_no_more()
    {
        using var key = await ClientAsync("knowledge:read");
        (await key.GetWireAsync<Page<DocumentRecord>>(Documents)).Items.ShouldNotBeNull();
        (await key.GetWireAsync<Page<SynonymItem>>("/api/v1/knowledge/synonyms")).Items.ShouldNotBeEmpty();

        using var written = await key.PostWireAsync("/api/v1/knowledge/synonyms", new SynonymTerms(["zurna", "kaval"]));
        (await written.ShouldBeProblemAsync(403, "scope-missing")).ShouldContain("knowledge:write");
        using var asked = await key.PostWireAsync("/api/chat/message", new { message = "Merhaba" });
        (await asked.ShouldBeProblemAsync(403, "scope-missing")).ShouldContain("chat:write");
        using var fitted = await key.PostWireAsync("/api/v1/knowledge/calibration/fit", new { });
        await fitted.ShouldBeProblemAsync(403, "person-needed");

        key.DefaultRequestHeaders.Add("X-Tenant", "klinik");
        using var elsewhere = await key.GetAsync(new Uri(Documents, UriKind.Relative), Cancellation);
        await elsewhere.ShouldBeProblemAsync(403, "key-of-another-tenant");
    }

    [Fact]
    public async Task What_a_key_changes_stands_under_its_name_in_the_log()
    {
        using var admin = await api.Host.SignInAsync("yonetici");
        var made = await admin.PostWireAsync<ApiKeyInfo>(Keys, new ApiKeyRequest("Eşleyici", ["knowledge:write"]));
        using var key = api.Host.Client(made.Secret);
        using var written = await key.PostWireAsync("/api/v1/knowledge/synonyms", new SynonymTerms(["tulumba", "pompa makinesi"]));
        written.StatusCode.ShouldBe(HttpStatusCode.Created);
        using (var revoked = await admin.DeleteAsync(new Uri($"{Keys}/{made.Id}", UriKind.Relative), Cancellation))
            revoked.StatusCode.ShouldBe(HttpStatusCode.NoContent);

        var changed = (await admin.GetWireAsync<Page<AuditItem>>("/api/v1/admin/audit?verb=synonyms-changed")).Items[0];
        changed.Actor.ShouldBe(new AuditItemActor("key", Guid.Parse(made.Id), "Eşleyici"));
        var events = await admin.GetWireAsync<Page<AuditItem>>($"/api/v1/admin/audit?subject=key:{made.Id}");
        events.Items.Select(e => (e.Verb, e.Actor.Name)).ShouldBe([("key-revoked", "yonetici"), ("key-created", "yonetici")]);
        events.Items[1].After!.Value.GetRawText().ShouldNotContain(made.Secret!);
    }

    [Fact]
    public async Task A_monitor_sees_how_the_service_is_and_changes_nothing()
    {
        using var key = await ClientAsync("operations:read");
        foreach (var path in new[] { "/stats", "/system/memory", "/system/circuit-breaker-status", "/admin/cache/stats" })
        {
            using var seen = await key.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            seen.StatusCode.ShouldBe(HttpStatusCode.OK, path);
        }

        (await key.GetWireAsync<ServicesHealth>("/health/comprehensive")).Services["database"].DurationMs.ShouldNotBeNull();
        (await api.Host.Anonymous.GetWireAsync<ServicesHealth>("/health/comprehensive")).Services["database"].DurationMs.ShouldBeNull();
        using var cleaned = await key.PostWireAsync("/system/memory/cleanup", new { });
        await cleaned.ShouldBeProblemAsync(403, "person-needed");
    }

    [Fact]
    public async Task A_repeatable_request_is_for_people()
    {
        using var key = await ClientAsync("knowledge:write");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/knowledge/synonyms")
        {
            Content = JsonContent.Create(new { terms = new[] { "çalar saat", "alarm" } }),
        };
        request.Headers.Add("Idempotency-Key", "bir");
        using var refused = await key.SendAsync(request, Cancellation);

        await refused.ShouldBeProblemAsync(400, "key-without-idempotency");
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_once_here_and_soon_elsewhere()
    {
        await using var replica = await ApiHost.Start(api.ConnectionString).ReadyAsync();
        var made = await MakeAsync("yonetici", "fabrika", "knowledge:read");
        using var here = api.Host.Client(made.Secret);
        using var there = replica.Client(made.Secret);
        await here.GetWireAsync<Page<DocumentRecord>>(Documents);
        await there.GetWireAsync<Page<DocumentRecord>>(Documents);

        using var admin = await api.Host.SignInAsync("yonetici");
        using (var revoked = await admin.DeleteAsync(new Uri($"{Keys}/{made.Id}", UriKind.Relative), Cancellation))
            revoked.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await admin.GetWireAsync<ApiKeyInfo>($"{Keys}/{made.Id}")).Status.ShouldBe("revoked");

        using (var refused = await here.GetAsync(new Uri(Documents, UriKind.Relative), Cancellation))
        {
            await refused.ShouldBeProblemAsync(401, "key-revoked");
            refused.Headers.WwwAuthenticate.ToString().ShouldContain("invalid_token");
        }

        var directory = replica.Services.GetRequiredService<KeyDirectory>();
        var hash = KeySecret.HashOf(made.Secret!);
        while ((await directory.FindAsync(hash, Cancellation))!.IsRevoked is false)
            await Task.Delay(100, Cancellation);
        using var later = await there.GetAsync(new Uri(Documents, UriKind.Relative), Cancellation);
        await later.ShouldBeProblemAsync(401, "key-revoked");
    }

    [Fact]
    public async Task A_key_past_its_time_or_from_elsewhere_is_refused()
    {
        var old = await MakeAsync("yonetici", "fabrika", "knowledge:read");
        await ExecuteAsync($"update api_keys set expires_at = now() - interval '1 second' where id = '{old.Id}'");
        await ShouldBeRefusedAsync(old.Secret!, "key-expired");

        using var admin = await api.Host.SignInAsync("yonetici");
        var far = await admin.PostWireAsync<ApiKeyInfo>(Keys, new ApiKeyRequest("uzak", ["knowledge:read"], Networks: ["10.0.0.0/8", "2001:db8::/32"]));
        await ShouldBeRefusedAsync(far.Secret!, "key-wrong-network");
        var near = await admin.PostWireAsync<ApiKeyInfo>(Keys, new ApiKeyRequest("yakın", ["knowledge:read"], Networks: ["127.0.0.0/8", "::1"]));
        using var key = api.Host.Client(near.Secret);
        await key.GetWireAsync<Page<DocumentRecord>>(Documents);
    }

    [Fact]
    public async Task Keys_of_a_suspended_tenant_are_refused()
    {
        var made = await MakeAsync("operator", "klinik", "knowledge:read");
        await ExecuteAsync("update tenants set suspended_at = now(), suspension_reason = 'deneme' where slug = 'klinik'");
        try
        {
            await ShouldBeRefusedAsync(made.Secret!, "key-tenant-suspended");
        }
        finally
        {
            await ExecuteAsync("update tenants set suspended_at = null, suspension_reason = null where slug = 'klinik'");
        }
    }

    [Fact]
    public async Task What_is_no_key_is_refused_also_where_everybody_may_come()
    {
        foreach (var wrong in new[] { "mfx_", "mfx_kisa", KeySecret.New(), KeySecret.New() + "x" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/chat") { Content = JsonContent.Create(new { message = "Merhaba" }) };
            request.Headers.TryAddWithoutValidation("X-Api-Key", wrong);
            using var refused = await api.Host.Anonymous.SendAsync(request, Cancellation);
            await refused.ShouldBeProblemAsync(401, "key-invalid");
        }

        await ShouldBeRefusedAsync(KeySecret.New(), "key-invalid");
    }

    [Fact]
    public async Task Wrong_keys_count_as_failed_sign_ins_and_right_ones_go_on_working()
    {
        var made = await MakeAsync("yonetici", "fabrika", "knowledge:read");
        await using var host = await ApiHost.Start(api.ConnectionString, new Dictionary<string, string?>
        {
            ["Limits:Enabled"] = "true",
            ["Limits:SignIn:Address:Permits"] = "3",
            ["Limits:SignIn:Address:Window"] = "1.00:00:00",
        }).ReadyAsync();
        using var right = host.Client(made.Secret);
        await right.GetWireAsync<Page<DocumentRecord>>(Documents);

        for (var i = 0; i < 3; i++)
        {
            using var guess = host.Client(KeySecret.New());
            using var refused = await guess.GetAsync(new Uri(Documents, UriKind.Relative), Cancellation);
            await refused.ShouldBeProblemAsync(401, "key-invalid");
        }

        using var fourth = host.Client(KeySecret.New());
        using var limited = await fourth.GetAsync(new Uri(Documents, UriKind.Relative), Cancellation);
        await limited.ShouldBeProblemAsync(429, "too-many-attempts");
        limited.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.FromHours(7));
        await right.GetWireAsync<Page<DocumentRecord>>(Documents);
    }

    [Fact]
    public async Task Rotating_makes_a_key_of_the_same_kind_and_leaves_the_old_one_for_a_while()
    {
        using var admin = await api.Host.SignInAsync("yonetici");
        var old = await admin.PostWireAsync<ApiKeyInfo>(
            Keys, new ApiKeyRequest("Gece aktarımı", ["knowledge:read"], TimeProvider.System.GetUtcNow().AddDays(90), ["127.0.0.1"]));
        var next = await admin.PostWireAsync<ApiKeyInfo>($"{Keys}/{old.Id}/rotate", new ApiKeyRotation(2));

        next.Replaces.ShouldBe(old.Id);
        next.Name.ShouldBe(old.Name);
        next.Scopes.ShouldBe(old.Scopes);
        next.Networks.ShouldBe(old.Networks);
        (next.ExpiresAt - next.CreatedAt)!.Value.TotalDays.ShouldBe(90, 0.01);
        foreach (var secret in new[] { old.Secret, next.Secret })
        {
            using var client = api.Host.Client(secret);
            await client.GetWireAsync<Page<DocumentRecord>>(Documents);
        }

        var ending = await admin.GetWireAsync<ApiKeyInfo>($"{Keys}/{old.Id}");
        (ending.ExpiresAt!.Value - next.CreatedAt).TotalHours.ShouldBe(2, 0.01);
        var last = await admin.PostWireAsync<ApiKeyInfo>($"{Keys}/{next.Id}/rotate", new ApiKeyRotation(0));
        await ShouldBeRefusedAsync(next.Secret!, "key-expired");
        using var again = await admin.PostWireAsync($"{Keys}/{next.Id}/rotate", new ApiKeyRotation());
        await again.ShouldBeProblemAsync(409, "key-not-active");
        using var live = api.Host.Client(last.Secret);
        await live.GetWireAsync<Page<DocumentRecord>>(Documents);
    }

    [Fact]
    public async Task The_last_use_is_written_down()
    {
        var made = await MakeAsync("yonetici", "fabrika", "knowledge:read");
        using var admin = await api.Host.SignInAsync("yonetici");
        (await admin.GetWireAsync<ApiKeyInfo>($"{Keys}/{made.Id}")).LastUsedAt.ShouldBeNull();
        using var key = api.Host.Client(made.Secret);
        await key.GetWireAsync<Page<DocumentRecord>>(Documents);

        await api.Host.Services.GetRequiredService<KeyUses>().WriteAsync(Cancellation);

        (await admin.GetWireAsync<ApiKeyInfo>($"{Keys}/{made.Id}")).LastUsedAt!.Value.ShouldBeGreaterThanOrEqualTo(made.CreatedAt);
    }

    [Theory]
    [InlineData("", "knowledge:read", null, null, "key-name-invalid")]
    [InlineData("iki\nsatır", "knowledge:read", null, null, "key-name-invalid")]
    [InlineData("ad", "", null, null, "key-scopes-missing")]
    [InlineData("ad", "users:write", null, null, "key-scopes-not-grantable")]
    [InlineData("ad", "keys:write", null, null, "key-scopes-not-grantable")]
    [InlineData("ad", "knowledge:read", "2020-01-01T00:00:00Z", null, "key-expiry-invalid")]
    [InlineData("ad", "knowledge:read", "9999-12-31T23:59:59Z", null, "key-expiry-invalid")]
    [InlineData("ad", "knowledge:read", null, "10.0.0.0/33", "key-network-invalid")]
    [InlineData("ad", "knowledge:read", null, "10", "key-network-invalid")]
    [InlineData("ad", "knowledge:read", null, "fe80::1%eth0", "key-network-invalid")]
    public async Task A_key_that_makes_no_sense_is_not_made(string name, string scope, string? expires, string? network, string problem)
    {
        using var admin = await api.Host.SignInAsync("yonetici");
        using var refused = await admin.PostWireAsync(Keys, new ApiKeyRequest(
            name,
            scope.Length == 0 ? [] : [scope],
            expires is null ? null : DateTimeOffset.Parse(expires, CultureInfo.InvariantCulture),
            network is null ? null : [network]));

        await refused.ShouldBeProblemAsync(400, problem);
    }

    [Fact]
    public async Task Keys_are_for_admins_and_of_their_own_tenant()
    {
        var made = await MakeAsync("operator", "klinik", "chat:write");
        using var editor = await api.Host.SignInAsync("editor");
        using var refused = await editor.PostWireAsync(Keys, new ApiKeyRequest("ad", ["knowledge:read"]));
        await refused.ShouldBeProblemAsync(403, "forbidden");

        using var admin = await api.Host.SignInAsync("yonetici");
        using var read = await admin.GetAsync(new Uri($"{Keys}/{made.Id}", UriKind.Relative), Cancellation);
        await read.ShouldBeProblemAsync(404, "key-not-found");
        using var revoked = await admin.DeleteAsync(new Uri($"{Keys}/{made.Id}", UriKind.Relative), Cancellation);
        await revoked.ShouldBeProblemAsync(404, "key-not-found");
        using var rotated = await admin.PostWireAsync($"{Keys}/{made.Id}/rotate", new ApiKeyRotation());
        await rotated.ShouldBeProblemAsync(404, "key-not-found");
    }

    private async Task<ApiKeyInfo> MakeAsync(string by, string tenant, params string[] scopes)
    {
        using var client = await api.Host.SignInAsync(by);
        client.DefaultRequestHeaders.Add("X-Tenant", tenant);
        return await client.PostWireAsync<ApiKeyInfo>(Keys, new ApiKeyRequest("Deneme", scopes));
    }

    private async Task<HttpClient> ClientAsync(params string[] scopes) =>
        api.Host.Client((await MakeAsync("yonetici", "fabrika", scopes)).Secret);

    private async Task<ChatAnswer> ClinicAnswerAsync()
    {
        using var patient = await api.Host.SignInAsync("hasta");
        return await patient.PostWireAsync<ChatAnswer>("/api/chat/message", new { message = "Randevumu nasıl iptal ederim?" });
    }

    private async Task ShouldBeRefusedAsync(string secret, string slug)
    {
        using var key = api.Host.Client(secret);
        using var refused = await key.GetAsync(new Uri(Documents, UriKind.Relative), Cancellation);
        await refused.ShouldBeProblemAsync(401, slug);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task<string> RowAsync(string id) => (string)(await ScalarAsync($"select k::text from api_keys k where id = '{id}'"))!;

    private async Task<long> CountAsync(string table) => (long)(await ScalarAsync($"select count(*) from {table}"))!;

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
