using System.Net;
using System.Text.Json.Nodes;
using Mefapex.Contracts.Accounts;
using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.Api.Accounts;

public sealed class SessionTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Signing_in_by_cookie_answers_in_the_words_of_the_contract_and_shows_no_token()
    {
        using var response = await api.Host.Anonymous.PostWireAsync("/api/auth/login", new LoginRequest("demo", "1234"));

        var body = await response.ReadWireAsync<JsonObject>();
        body["success"]!.GetValue<bool>().ShouldBeTrue();
        body["message"]!.GetValue<string>().ShouldNotBeEmpty();
        body["user_info"]!["username"]!.GetValue<string>().ShouldBe("demo");
        body["user_info"]!["email"]!.GetValue<string>().ShouldBe("demo@example.com");
        body["user_info"]!["full_name"]!.GetValue<string>().ShouldBe("Demo Çalışan");
        Guid.TryParse(body["user_info"]!["user_id"]!.GetValue<string>(), out _).ShouldBeTrue();
        body.ContainsKey("access_token").ShouldBeFalse();
        body.ContainsKey("refresh_token").ShouldBeFalse();

        var cookies = response.Headers.GetValues("Set-Cookie").ToList();
        cookies.Count.ShouldBe(2);
        foreach (var (name, path) in new[] { ("access_token", "/"), ("refresh_token", "/api/auth") })
        {
            var parts = cookies.Single(c => c.StartsWith(name + "=", StringComparison.Ordinal)).ToLowerInvariant().Split("; ");
            parts.ShouldContain($"path={path}");
            parts.ShouldContain("httponly");
            parts.ShouldContain("secure");
            parts.ShouldContain("samesite=strict");
        }
    }

    [Fact]
    public async Task The_cookie_stands_for_the_bearer_token()
    {
        var cookies = await CookiesAsync("hasta");

        using var me = await SendAsync(HttpMethod.Get, "/me", cookies);
        (await me.ReadWireAsync<UserInfo>()).Username.ShouldBe("hasta");
        using var chat = await SendAsync(HttpMethod.Post, "/chat/authenticated", cookies, new { message = "Merhaba" });
        chat.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var bad = await SendAsync(HttpMethod.Post, "/chat", "access_token=bozuk", new { message = "Merhaba" });
        await bad.ShouldBeProblemAsync(401, "token-invalid");
    }

    [Fact]
    public async Task Refreshing_works_by_body_and_by_cookie_and_after_a_restart()
    {
        var login = await LoginAsync("demo");
        var second = await api.Host.Anonymous.PostWireAsync<LoginResponse>("/api/auth/refresh", new RefreshRequest(login.RefreshToken));
        second.UserInfo.ShouldBeEquivalentTo(login.UserInfo);
        second.RefreshToken.ShouldNotBe(login.RefreshToken);

        await using var restarted = await ApiHost.Start(api.ConnectionString).ReadyAsync();
        var third = await restarted.Anonymous.PostWireAsync<LoginResponse>("/api/auth/refresh", new RefreshRequest(second.RefreshToken));
        using var client = restarted.Client(third.AccessToken);
        (await client.GetWireAsync<UserInfo>("/me")).Username.ShouldBe("demo");

        using var renewed = await SendAsync(HttpMethod.Post, "/api/auth/refresh", await CookiesAsync("demo"));
        (await renewed.ReadWireAsync<CookieLoginResponse>()).Success.ShouldBeTrue();
        using var me = await SendAsync(HttpMethod.Get, "/api/auth/me", CookiesOf(renewed));
        me.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_refresh_token_used_twice_ends_its_whole_family_and_nothing_else()
    {
        var login = await LoginAsync("editor");
        var other = await LoginAsync("editor");
        var next = await api.Host.Anonymous.PostWireAsync<LoginResponse>("/api/auth/refresh", new RefreshRequest(login.RefreshToken));

        await ShouldNotRefreshAsync(login.RefreshToken);
        await ShouldNotRefreshAsync(next.RefreshToken);
        await ShouldBeOverAsync(next.AccessToken);
        await ShouldBeOverAsync(login.AccessToken);
        using var untouched = api.Host.Client(other.AccessToken);
        (await untouched.GetWireAsync<UserInfo>("/me")).Username.ShouldBe("editor");
    }

    [Fact]
    public async Task Fifty_refreshes_at_once_with_one_token_never_make_two_valid_ones()
    {
        var login = await LoginAsync("yonetici");
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ =>
            api.Host.Anonymous.PostWireAsync("/api/auth/refresh", new RefreshRequest(login.RefreshToken))));

        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.OK || a.StatusCode == HttpStatusCode.Unauthorized);
        var winner = answers.Single(a => a.StatusCode == HttpStatusCode.OK);
        var won = await winner.ReadWireAsync<LoginResponse>();
        await ShouldNotRefreshAsync(won.RefreshToken);
        await ShouldBeOverAsync(won.AccessToken);
        (await CountAsync(
            "select count(*) from refresh_tokens t join sessions s on s.id = t.session_id "
            + "where s.ended_at is null and t.used_at is null and s.id = (select session_id from refresh_tokens where hash = sha256($1))",
            login.RefreshToken!)).ShouldBe(0);
    }

    [Theory]
    [InlineData("/logout")]
    [InlineData("/api/auth/logout")]
    public async Task Signing_out_ends_the_session_by_bearer_by_body_and_by_cookie(string path)
    {
        var bearer = await LoginAsync("demo");
        using var client = api.Host.Client(bearer.AccessToken);
        (await client.PostWireAsync<AccountMessage>(path, new { })).Success.ShouldBeTrue();
        await ShouldBeOverAsync(bearer.AccessToken);
        await ShouldNotRefreshAsync(bearer.RefreshToken);

        var body = await LoginAsync("demo");
        await api.Host.Anonymous.PostWireAsync<AccountMessage>(path, new RefreshRequest(body.RefreshToken));
        await ShouldBeOverAsync(body.AccessToken);

        var cookies = await CookiesAsync("demo");
        using var signedOut = await SendAsync(HttpMethod.Post, path, cookies);
        (await signedOut.ReadWireAsync<AccountMessage>()).Success.ShouldBeTrue();
        signedOut.Headers.GetValues("Set-Cookie").Count(c => c.Contains("expires=Thu, 01 Jan 1970", StringComparison.Ordinal)).ShouldBe(2);
        using var me = await SendAsync(HttpMethod.Get, "/me", cookies);
        await me.ShouldBeProblemAsync(401, "session-ended");
    }

    [Fact]
    public async Task Signing_out_twice_or_without_a_session_is_fine()
    {
        using var response = await SendAsync(HttpMethod.Post, "/logout", cookies: null);

        (await response.ReadWireAsync<AccountMessage>()).Success.ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{}""", "refresh-token-missing")]
    [InlineData("""{"refresh_token":"unbekannt"}""", "refresh-token-invalid")]
    [InlineData("""{"refresh_token":"a\u0000b"}""", "refresh-token-invalid")]
    public async Task A_refresh_without_a_good_token_is_401(string body, string slug)
    {
        using var content = new StringContent(body, null, "application/json");
        using var response = await api.Host.Anonymous.PostAsync("/api/auth/refresh", content, Cancellation);

        await response.ShouldBeProblemAsync(401, slug);
    }

    [Fact]
    public async Task A_session_past_its_time_is_not_renewed()
    {
        var login = await LoginAsync("hasta");
        await CountAsync(
            "with past as (update sessions set expires_at = now() - interval '1 second' "
            + "where id = (select session_id from refresh_tokens where hash = sha256($1)) returning 1) select count(*) from past",
            login.RefreshToken!);

        await ShouldNotRefreshAsync(login.RefreshToken);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example", false)]
    [InlineData("Origin", "null", false)]
    [InlineData("Sec-Fetch-Site", "cross-site", false)]
    [InlineData("Sec-Fetch-Site", "same-site", false)]
    [InlineData("Sec-Fetch-Site", "same-origin", true)]
    [InlineData("Origin", "http://localhost:5173", true)]
    [InlineData("Origin", "own", true)]
    public async Task Only_our_own_and_configured_pages_change_something_by_cookie(string header, string value, bool allowed)
    {
        var cookies = await CookiesAsync("demo");
        value = value == "own" ? api.Host.Address.GetLeftPart(UriPartial.Authority) : value;

        foreach (var path in new[] { "/api/v1/conversations", "/api/auth/refresh" })
        {
            using var response = await SendAsync(HttpMethod.Post, path, cookies, new { }, (header, value));
            if (allowed)
                response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {response.StatusCode}");
            else
                await response.ShouldBeProblemAsync(403, "cross-site");
        }

        using var reading = await SendAsync(HttpMethod.Get, "/me", cookies, null, (header, value));
        reading.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Another_page_cannot_sign_its_visitor_in_but_a_bearer_token_needs_no_origin()
    {
        using var planted = await SendAsync(
            HttpMethod.Post, "/api/auth/login", cookies: null, new LoginRequest("demo", "1234"), ("Origin", "https://evil.example"));
        await planted.ShouldBeProblemAsync(403, "cross-site");

        using var client = await api.Host.SignInAsync("demo");
        client.DefaultRequestHeaders.Add("Origin", "https://evil.example");
        using var bearer = await client.PostWireAsync("/api/v1/conversations", new { });
        bearer.IsSuccessStatusCode.ShouldBeTrue();
    }

    [Fact]
    public async Task The_database_holds_no_token_that_could_be_used()
    {
        var login = await LoginAsync("demo");

        (await CountAsync("select count(*) from refresh_tokens t where hash = sha256($1)", login.RefreshToken!)).ShouldBe(1);
        (await CountAsync("select count(*) from refresh_tokens t where position($1 in t::text::bytea) > 0", login.RefreshToken!)).ShouldBe(0);
    }

    private static string CookiesOf(HttpResponseMessage response) =>
        string.Join("; ", response.Headers.GetValues("Set-Cookie").Select(c => c[..c.IndexOf(';', StringComparison.Ordinal)]));

    private Task<LoginResponse> LoginAsync(string username) =>
        api.Host.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest(username, "1234"));

    private async Task<string> CookiesAsync(string username)
    {
        using var response = await api.Host.Anonymous.PostWireAsync("/api/auth/login", new LoginRequest(username, "1234"));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return CookiesOf(response);
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        string? cookies,
        object? body = null,
        (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (cookies is not null)
            request.Headers.Add("Cookie", cookies);
        if (header is { } named)
            request.Headers.Add(named.Name, named.Value);
        if (body is not null)
            request.Content = System.Net.Http.Json.JsonContent.Create(body, options: Mefapex.Contracts.WireJson.Options);
        return await api.Host.Anonymous.SendAsync(request, Cancellation);
    }

    private async Task ShouldNotRefreshAsync(string? token)
    {
        using var response = await api.Host.Anonymous.PostWireAsync("/api/auth/refresh", new RefreshRequest(token));
        await response.ShouldBeProblemAsync(401, "refresh-token-invalid");
    }

    private async Task ShouldBeOverAsync(string accessToken)
    {
        using var client = api.Host.Client(accessToken);
        using var me = await client.GetAsync(new Uri("/me", UriKind.Relative), Cancellation);
        await me.ShouldBeProblemAsync(401, "session-ended");
    }

    private async Task<long> CountAsync(string sql, string text)
    {
        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await using var command = source.CreateCommand(sql);
        command.Parameters.Add(new() { Value = System.Text.Encoding.UTF8.GetBytes(text) });
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }
}
