using System.Net;
using System.Text.Json.Nodes;
using Mefapex.Contracts.Accounts;
using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.Api.Accounts;

public sealed class SignInTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static readonly DateTimeOffset LongAgo = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Login_answers_with_a_bearer_token_in_the_words_of_the_contract()
    {
        var login = await api.Host.Anonymous.PostWireAsync<JsonObject>("/login", new LoginRequest("demo", "1234"));

        login["token_type"]!.GetValue<string>().ShouldBe("bearer");
        login["access_token"]!.GetValue<string>().Split('.').Length.ShouldBe(3);
        login["user_info"]!["username"]!.GetValue<string>().ShouldBe("demo");
        login["user_info"]!["tenant"]!.GetValue<string>().ShouldBe("fabrika");
        Guid.TryParse(login["user_info"]!["user_id"]!.GetValue<string>(), out _).ShouldBeTrue();
    }

    [Theory]
    [InlineData("demo", "fabrika", Roles.Member)]
    [InlineData("hasta", "klinik", Roles.Member)]
    [InlineData("editor", "fabrika", Roles.Editor)]
    [InlineData("yonetici", "fabrika", Roles.Admin)]
    [InlineData("operator", null, Roles.Operator)]
    public async Task Demo_users_have_their_tenant_and_role(string username, string? tenant, string role)
    {
        using var client = await api.Host.SignInAsync(username);

        foreach (var path in new[] { "/me", "/api/auth/me" })
        {
            var me = await client.GetWireAsync<UserInfo>(path);
            me.Username.ShouldBe(username);
            me.Tenant.ShouldBe(tenant);
            me.Roles.ShouldBe([role]);
        }
    }

    [Fact]
    public async Task User_names_are_found_whatever_their_case_and_surrounding_space()
    {
        var login = await api.Host.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest(" HASTA ", "1234"));

        login.UserInfo.Username.ShouldBe("hasta");
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_name_are_told_the_same()
    {
        using var wrong = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest("yonetici", "12345"));
        using var unknown = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest("kimse", "1234"));
        using var strange = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest("a\0b", "1234"));

        var detail = await wrong.ShouldBeProblemAsync(401, "wrong-credentials");
        (await unknown.ShouldBeProblemAsync(401, "wrong-credentials")).ShouldBe(detail);
        (await strange.ShouldBeProblemAsync(401, "wrong-credentials")).ShouldBe(detail);
    }

    [Fact]
    public async Task Errors_are_in_the_language_of_the_request()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/login")
        {
            Headers = { { "Accept-Language", "en-GB, tr;q=0.5" } },
            Content = new StringContent("""{"username":"kimse","password":"x"}""", null, "application/json"),
        };
        using var response = await api.Host.Anonymous.SendAsync(request, TestContext.Current.CancellationToken);

        (await response.ShouldBeProblemAsync(401, "wrong-credentials")).ShouldBe("Wrong user name or password.");
    }

    [Theory]
    [InlineData("""{"username":"demo"}""", "credentials-missing")]
    [InlineData("""{"password":"1234"}""", "credentials-missing")]
    [InlineData("""{"username":"demo","password":""", "wrong-json")]
    [InlineData("""{"username":["demo"],"password":"1234"}""", "wrong-json")]
    [InlineData("null", "bad-request")]
    public async Task A_sign_in_that_cannot_be_read_is_400(string body, string slug)
    {
        using var content = new StringContent(body, null, "application/json");
        using var response = await api.Host.Anonymous.PostAsync("/login", content, TestContext.Current.CancellationToken);

        await response.ShouldBeProblemAsync(400, slug);
    }

    [Fact]
    public async Task Guessing_is_slowed_down_for_that_account_only()
    {
        for (var i = 0; i < 5; i++)
        {
            using var guess = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest("ziyaretçi", $"yanlış {i}"));
            await guess.ShouldBeProblemAsync(401, "wrong-credentials");
        }

        using var stopped = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest(" Ziyaretçi ", "1234"));
        await stopped.ShouldBeProblemAsync(429, "too-many-attempts");
        stopped.Headers.RetryAfter?.Delta.ShouldBe(TimeSpan.FromSeconds(1));

        using var other = await api.Host.Anonymous.PostWireAsync("/login", new LoginRequest("operator", "1234"));
        other.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/me")]
    [InlineData("/api/auth/me")]
    [InlineData("/api/chat/history")]
    [InlineData("/api/v1/conversations")]
    public async Task Without_a_token_it_is_401(string path)
    {
        using var response = await api.Host.Anonymous.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        await response.ShouldBeProblemAsync(401, "token-missing");
    }

    [Fact]
    public async Task Tokens_that_do_not_hold_are_told_apart()
    {
        using var expired = api.Host.Client(await TokenAsync(new FixedTime(LongAgo)));
        using var forged = api.Host.Client(await TestTokenKeys.TokenAsync());
        foreach (var (client, slug) in new[] { (expired, "token-expired"), (forged, "token-invalid") })
        {
            using var me = await client.GetAsync(new Uri("/me", UriKind.Relative), TestContext.Current.CancellationToken);
            await me.ShouldBeProblemAsync(401, slug);
            using var chat = await client.PostWireAsync("/chat", new { message = "merhaba" });
            await chat.ShouldBeProblemAsync(401, slug);
        }
    }

    [Fact]
    public async Task A_token_outlives_its_account_without_a_500()
    {
        using var gone = api.Host.Client(await TokenAsync(TimeProvider.System));

        using var me = await gone.GetAsync(new Uri("/me", UriKind.Relative), TestContext.Current.CancellationToken);
        await me.ShouldBeProblemAsync(401, "account-gone");
        using var chat = await gone.PostWireAsync("/chat/authenticated", new { message = "Yemek kaçta?" });
        await chat.ShouldBeProblemAsync(401, "account-gone");
        using var conversation = await gone.PostWireAsync("/api/v1/conversations", new { });
        await conversation.ShouldBeProblemAsync(401, "account-gone");
    }

    [Fact]
    public async Task Passwords_are_stored_as_hashes_only()
    {
        await using var source = NpgsqlDataSource.Create(api.ConnectionString);
        await using var command = source.CreateCommand("select count(*) from users where password_hash like '%1234%' or length(password_hash) < 60");

        (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(0L);
    }

    private Task<string> TokenAsync(TimeProvider time) =>
        api.Host.TokenAsync(Guid.NewGuid().ToString(), "demo", "fabrika", [Roles.Member], time);

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
