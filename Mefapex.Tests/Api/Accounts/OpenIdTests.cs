using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mefapex.Contracts.Accounts;
using Mefapex.Tests.Support;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Tests.Api.Accounts;

public sealed class OpenIdTests(OpenIdApi api) : IClassFixture<OpenIdApi>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_first_sign_in_makes_an_account_of_the_tenant_and_the_next_finds_it()
    {
        api.Provider.Claims = Person("ilk", groups: ["bakim", "it-knowledge"]);

        using var first = await SignInAsync("/hos-geldin?x=1");
        first.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        first.Headers.Location!.OriginalString.ShouldBe("/hos-geldin?x=1");
        var me = await MeAsync(first);
        (me.Username, me.Email, me.FullName, me.Tenant).ShouldBe(("ilk", "ilk@example.com", "Kişi ilk", "klinik"));
        me.Roles.ShouldBe([Roles.Editor]);

        api.Provider.Claims = Person("ilk", groups: ["bakim"], username: "yeni.ad");
        using var second = await SignInAsync();
        var again = await MeAsync(second);
        again.UserId.ShouldBe(me.UserId);
        again.Username.ShouldBe("ilk");
        again.Roles.ShouldBe([Roles.Member]);
        (await GroupsAsync("ilk")).ShouldBe("bakim");
    }

    [Theory]
    [InlineData("nonce")]
    [InlineData("no nonce")]
    [InlineData("audience")]
    [InlineData("issuer")]
    [InlineData("expired")]
    [InlineData("other party")]
    [InlineData("nobody")]
    [InlineData("signature")]
    [InlineData("alg none")]
    [InlineData("client secret as a key")]
    public async Task A_token_that_does_not_hold_signs_nobody_in(string flaw)
    {
        api.Provider.Claims = Person("sahte");
        (api.Provider.Spoil, api.Provider.Forge) = flaw switch
        {
            "nonce" => (payload => payload["nonce"] = "another", null),
            "no nonce" => (payload => payload.Remove("nonce"), null),
            "audience" => (payload => payload["aud"] = "another-client", null),
            "issuer" => (payload => payload["iss"] = "https://another.example", null),
            "expired" => (payload => payload["exp"] = payload["iat"]!.GetValue<long>() - 120, null),
            "other party" => (payload => payload["azp"] = "another-client", null),
            "nobody" => (payload => payload.Remove("sub"), null),
            "signature" => ((Action<JsonObject>?)null, (Func<JsonObject, JsonObject, string>?)SignByStranger),
            "alg none" => (null, (header, payload) =>
            {
                header["alg"] = "none";
                return OpenIdProviderHost.Sign(header, payload, _ => []);
            }),
            _ => (null, (header, payload) =>
            {
                header["alg"] = "HS256";
                return OpenIdProviderHost.Sign(
                    header, payload, data => HMACSHA256.HashData(Encoding.UTF8.GetBytes(OpenIdProviderHost.ClientSecret), data));
            }),
        };
        try
        {
            using var refused = await SignInAsync();
            await refused.ShouldBeProblemAsync(401, "openid-refused");
            SessionCookiesOf(refused).ShouldBeEmpty();
        }
        finally
        {
            (api.Provider.Spoil, api.Provider.Forge) = (null, null);
        }
    }

    [Fact]
    public async Task Only_the_browser_that_began_can_end_and_only_once()
    {
        api.Provider.Claims = Person("tarayıcı");
        var (callback, cookie) = await BeginAsync();
        foreach (var (address, sent) in new[]
        {
            (callback, ""), (callback, "openid_attempt=uydurma"), (callback.Replace("state=", "state=x", StringComparison.Ordinal), cookie),
        })
        {
            using var stranger = await GetAsync(address, sent);
            await stranger.ShouldBeProblemAsync(400, "openid-state");
        }

        using var ended = await GetAsync(callback, cookie);
        ended.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        using var again = await GetAsync(callback, cookie);
        await again.ShouldBeProblemAsync(401, "openid-refused");
        var (denied, other) = await BeginAsync();
        var place = denied[..denied.IndexOf('?', StringComparison.Ordinal)];
        using var refused = await GetAsync($"{place}?error=access_denied&{StateOf(denied)}", other);
        await refused.ShouldBeProblemAsync(401, "openid-refused");
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("javascript:alert(1)")]
    public async Task Nobody_is_led_to_a_foreign_page(string returnUrl)
    {
        api.Provider.Claims = Person("dönüş");
        using var signedIn = await SignInAsync(returnUrl);

        signedIn.Headers.Location!.OriginalString.ShouldBe("http://localhost:5173/");
    }

    [Fact]
    public async Task A_disabled_account_and_a_name_of_another_stay_closed()
    {
        api.Provider.Claims = Person("kapalı");
        using (var open = await SignInAsync())
            open.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        await ExecuteAsync("update users set disabled_at = now() where username = 'kapalı'");
        using var disabled = await SignInAsync();
        await disabled.ShouldBeProblemAsync(403, "account-disabled");

        // Accounts of one's own tenant are not taken over either, unless the operator says that names are the provider's.
        api.Provider.Claims = Person("biri", username: "hasta");
        using var taken = await SignInAsync();
        await taken.ShouldBeProblemAsync(409, "username-taken");
    }

    [Fact]
    public async Task A_suspended_tenant_lets_nobody_in_by_the_provider_either()
    {
        api.Provider.Claims = Person("askı");
        await ExecuteAsync("update tenants set suspended_at = now(), suspension_reason = 'deneme' where slug = 'klinik'");
        try
        {
            using var refused = await SignInAsync();
            await refused.ShouldBeProblemAsync(403, "tenant-suspended");
            SessionCookiesOf(refused).ShouldBeEmpty();
        }
        finally
        {
            await ExecuteAsync("update tenants set suspended_at = null, suspension_reason = null where slug = 'klinik'");
        }
    }

    [Fact]
    public async Task Without_accounts_of_their_own_strangers_stay_out_and_known_names_are_linked_within_the_tenant()
    {
        await ExecuteAsync(
            "insert into users (id, tenant_id, username, password_hash, roles, groups, demo, created_at) "
            + "select gen_random_uuid(), t.id, 'bağlı.' || t.slug, '', '{member}', '{}', false, now() from tenants t");
        await using var host = await api.StartAsync(("OpenId:CreateAccounts", "false"), ("OpenId:LinkByUsername", "true"));

        api.Provider.Claims = Person("yabancı");
        using var stranger = await SignInAsync(host: host);
        await stranger.ShouldBeProblemAsync(403, "openid-account-unknown");
        api.Provider.Claims = Person("bağlı", username: "Bağlı.Klinik");
        using var linked = await SignInAsync(host: host);
        (await MeAsync(linked, host)).Username.ShouldBe("bağlı.klinik");
        api.Provider.Claims = Person("komşu", username: "bağlı.fabrika");
        using var other = await SignInAsync(host: host);
        await other.ShouldBeProblemAsync(409, "username-taken");
    }

    [Fact]
    public async Task A_tenant_that_is_not_there_and_a_provider_that_is_away_are_told()
    {
        await using (var nowhere = await api.StartAsync(("OpenId:Tenant", "yok")))
        {
            api.Provider.Claims = Person("yersiz");
            using var response = await SignInAsync(host: nowhere);
            await response.ShouldBeProblemAsync(404, "tenant-not-found");
        }

        await using var alone = await api.StartAsync(("OpenId:Authority", "http://127.0.0.1:9"));
        using var start = await GetAsync($"{alone.Address}api/auth/openid/start", "");
        await start.ShouldBeProblemAsync(503, "openid-unavailable");
    }

    [Fact]
    public async Task Settings_that_cannot_work_refuse_the_start_and_without_a_provider_there_is_nothing()
    {
        foreach (var (key, value, expected) in new[]
        {
            ("OpenId:ClientId", "", "OpenId:ClientId"), ("OpenId:Tenant", "", "OpenId:Tenant"),
            ("OpenId:CreateAccounts", "false", "nobody could sign in"), ("OpenId:Roles:it", "operator", "OpenId:Roles:it"),
            ("OpenId:Authority", "http://login.example", "https"),
        })
        {
            var refusal = await Should.ThrowAsync<OptionsValidationException>(() => api.StartAsync((key, value)));
            refusal.Message.ShouldContain(expected);
        }

        await using var without = await ApiHost.Start(api.ConnectionString).ReadyAsync();
        using var gone = await GetAsync($"{without.Address}api/auth/openid/start", "");
        gone.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var document = await without.Anonymous.GetWireAsync<JsonDocument>("/openapi.json");
        document.RootElement.GetRawText().ShouldNotContain("openid");
        using var described = await api.Host.Anonymous.GetWireAsync<JsonDocument>("/openapi.json");
        described.RootElement.GetProperty("paths").TryGetProperty("/api/auth/openid/callback", out _).ShouldBeTrue();
    }

    private static JsonObject Person(string subject, string[]? groups = null, string? username = null) => new()
    {
        ["sub"] = $"id-of-{subject}",
        ["preferred_username"] = username ?? subject,
        ["name"] = $"Kişi {subject}",
        ["email"] = $"{subject}@example.com",
        ["email_verified"] = true,
        ["groups"] = new JsonArray([.. (groups ?? []).Select(group => JsonValue.Create(group))]),
    };

    private static string SignByStranger(JsonObject header, JsonObject payload)
    {
        using var stranger = RSA.Create(2048);
        return OpenIdProviderHost.Sign(
            header, payload, data => stranger.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static string StateOf(string address) => address[address.IndexOf("state=", StringComparison.Ordinal)..];

    private static IEnumerable<string> CookiesOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Set-Cookie", out var cookies)
            ? cookies.Select(c => c[..c.IndexOf(';', StringComparison.Ordinal)])
            : [];

    private static List<string> SessionCookiesOf(HttpResponseMessage response) =>
        [.. CookiesOf(response).Where(cookie => !cookie.StartsWith("openid_attempt=", StringComparison.Ordinal))];

    private async Task<HttpResponseMessage> GetAsync(string address, string cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (cookie.Length > 0)
            request.Headers.Add("Cookie", cookie);
        return await api.Browser.SendAsync(request, Cancellation);
    }

    /// <summary>To the provider and back, up to the address that leads into the callback.</summary>
    private async Task<(string Callback, string Cookie)> BeginAsync(string? returnUrl = null, ApiHost? host = null)
    {
        var start = $"{(host ?? api.Host).Address}api/auth/openid/start"
            + (returnUrl is null ? "" : $"?return_url={Uri.EscapeDataString(returnUrl)}");
        using var begun = await GetAsync(start, "");
        begun.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        var attributes = begun.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem().ToLowerInvariant();
        foreach (var attribute in new[] { "httponly", "secure", "samesite=lax", "path=/api/auth/openid" })
            attributes.ShouldContain(attribute);
        using var authorized = await GetAsync(begun.Headers.Location!.OriginalString, "");
        authorized.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        return (authorized.Headers.Location!.OriginalString, CookiesOf(begun).Single());
    }

    private async Task<HttpResponseMessage> SignInAsync(string? returnUrl = null, ApiHost? host = null)
    {
        var (callback, cookie) = await BeginAsync(returnUrl, host);
        return await GetAsync(callback, cookie);
    }

    private async Task<UserInfo> MeAsync(HttpResponseMessage signedIn, ApiHost? host = null)
    {
        using var me = await GetAsync($"{(host ?? api.Host).Address}me", string.Join("; ", SessionCookiesOf(signedIn)));
        return await me.ReadWireAsync<UserInfo>();
    }

    private async Task<string> GroupsAsync(string username) =>
        (string)(await ExecuteAsync($"select array_to_string(groups, ' ') from users where username = '{username}'"))!;

    private async Task<object?> ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancellation);
    }
}

/// <summary>An API beside a small OpenID provider whose people belong to the clinic.</summary>
public sealed class OpenIdApi(PostgresFixture postgres) : IAsyncLifetime
{
    private OpenIdProviderHost? _provider;
    private ApiHost? _host;

    public string ConnectionString { get; private set; } = "";

    public ApiHost Host => _host ?? throw new InvalidOperationException("The API has not started.");

    /// <summary>Follows no redirects and keeps no cookies by itself.</summary>
    public HttpClient Browser { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    internal OpenIdProviderHost Provider => _provider ?? throw new InvalidOperationException("The provider has not started.");

    public async Task<ApiHost> StartAsync(params (string Key, string Value)[] settings)
    {
        var all = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["OpenId:Authority"] = Provider.Address.ToString(),
            ["OpenId:ClientId"] = OpenIdProviderHost.ClientId,
            ["OpenId:ClientSecret"] = OpenIdProviderHost.ClientSecret,
            ["OpenId:Tenant"] = "klinik",
            ["OpenId:GroupsClaim"] = "groups",
            ["OpenId:Roles:it-knowledge"] = "editor",
            ["OpenId:CreateAccounts"] = "true",
        };
        foreach (var (key, value) in settings)
            all[key] = value;
        return await ApiHost.Start(ConnectionString, all).ReadyAsync();
    }

    public async ValueTask InitializeAsync()
    {
        ConnectionString = await ApiFactory.CreateDatabaseAsync(postgres);
        _provider = await OpenIdProviderHost.StartAsync();
        _host = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Browser.Dispose();
        foreach (var part in new IAsyncDisposable?[] { _host, _provider }.OfType<IAsyncDisposable>())
            await part.DisposeAsync();
    }
}
