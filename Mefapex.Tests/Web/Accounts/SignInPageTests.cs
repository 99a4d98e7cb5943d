using System.Net;
using System.Text.RegularExpressions;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Web.Accounts;

/// <summary>The sign-in page as a browser without scripts uses it.</summary>
public sealed partial class SignInPageTests(WebFixture fixture) : IClassFixture<WebFixture>
{
    private static readonly Uri Home = new("/", UriKind.Relative);

    [Fact]
    public async Task A_page_asks_to_sign_in_and_leads_back_to_itself()
    {
        using var client = fixture.Web.Client();

        using var refused = await client.GetAsync(new Uri("/c/123", UriKind.Relative), Cancellation);
        refused.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        refused.Headers.Location!.PathAndQuery.ShouldBe("/login?returnUrl=%2Fc%2F123");

        using var signedIn = await SignInAsync(client, "1234", refused.Headers.Location.PathAndQuery);
        signedIn.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        signedIn.Headers.Location!.ToString().ShouldEndWith("/c/123");
    }

    [Fact]
    public async Task The_cookie_is_out_of_reach_of_scripts_and_does_not_carry_the_token()
    {
        using var client = fixture.Web.Client();

        using var signedIn = await SignInAsync(client, "1234");

        var cookie = signedIn.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("mefapex.session=", StringComparison.Ordinal));
        cookie.ShouldContain("httponly", Case.Insensitive);
        cookie.ShouldContain("samesite=lax", Case.Insensitive);
        cookie.Length.ShouldBeLessThan(600);
        using var home = await client.GetAsync(Home, Cancellation);
        (await home.Content.ReadAsStringAsync(Cancellation)).ShouldNotContain("a-token");
    }

    [Theory]
    [InlineData("tr", "Kullanıcı adı ya da parola yanlış.")]
    [InlineData("en", "The user name or the password is wrong.")]
    public async Task A_wrong_password_is_told_in_the_persons_language(string language, string message)
    {
        using var client = fixture.Web.Client();
        client.DefaultRequestHeaders.AcceptLanguage.ParseAdd(language);

        using var refused = await SignInAsync(client, "4321");

        var page = await refused.Content.ReadAsStringAsync(Cancellation);
        page.ShouldContain(message);
        page.ShouldContain($"<html lang=\"{language}\"");
        page.ShouldContain("value=\"demo\"");
        page.ShouldNotContain("4321");
        refused.Headers.TryGetValues("Set-Cookie", out var cookies);
        (cookies ?? []).ShouldNotContain(cookie => cookie.StartsWith("mefapex.session=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_account_with_a_second_factor_is_asked_for_its_code_and_for_no_password_again()
    {
        using var client = fixture.Web.Client();
        using var asked = await SignInAsync(client, "needs a code");
        var page = await asked.Content.ReadAsStringAsync(Cancellation);
        page.ShouldContain("name=\"Form.Code\"");
        page.ShouldContain("value=\"a-challenge\"");
        page.ShouldNotContain("Form.Password");

        using var refused = await SendCodeAsync("000000");
        var second = await refused.Content.ReadAsStringAsync(Cancellation);
        second.ShouldContain("Kod yanlış.");
        second.ShouldContain("value=\"a-challenge\"");
        using var signedIn = await SendCodeAsync("123456");
        signedIn.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        SessionCookieOf(signedIn).ShouldNotBeEmpty();

        async Task<HttpResponseMessage> SendCodeAsync(string code)
        {
            using var form = new FormUrlEncodedContent(
            [
                new("_handler", "sign-in"),
                new("__RequestVerificationToken", AntiforgeryToken().Match(page).Groups["token"].Value),
                new("Form.Challenge", "a-challenge"),
                new("Form.Code", code),
            ]);
            return await client.PostAsync(new Uri("/login", UriKind.Relative), form, Cancellation);
        }
    }

    [Fact]
    public async Task An_empty_form_says_what_is_missing()
    {
        using var client = fixture.Web.Client();

        using var refused = await SignInAsync(client, "");

        (await refused.Content.ReadAsStringAsync(Cancellation)).ShouldContain("Kullanıcı adınızı ve parolanızı girin.");
    }

    [Fact]
    public async Task An_api_that_is_down_is_told_as_such()
    {
        await using var web = WebHost.Start(new Uri("http://127.0.0.1:9"));
        using var client = web.Client();

        using var refused = await SignInAsync(client, "1234");

        refused.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await refused.Content.ReadAsStringAsync(Cancellation)).ShouldContain("Şu an hizmete ulaşılamıyor.");
    }

    [Theory]
    [InlineData("https://kotu.example/")]
    [InlineData("//kotu.example/")]
    [InlineData("/\\kotu.example/")]
    public async Task Signing_in_never_leads_to_another_site(string returnUrl)
    {
        using var client = fixture.Web.Client();

        using var signedIn = await SignInAsync(client, "1234", $"/login?returnUrl={Uri.EscapeDataString(returnUrl)}");

        new Uri(fixture.Web.Address, signedIn.Headers.Location!).ShouldBe(fixture.Web.Address);
    }

    [Fact]
    public async Task Signing_in_begins_a_new_session_even_where_the_browser_brought_one_along()
    {
        using var planted = fixture.Web.Client();
        using var first = await SignInAsync(planted, "1234");
        var cookie = SessionCookieOf(first);
        using var victim = fixture.Web.Client();
        victim.DefaultRequestHeaders.Add("Cookie", cookie);

        using var second = await SignInAsync(victim, "1234");

        second.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        SessionCookieOf(second).ShouldNotBe(cookie);
        var sessions = fixture.Web.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>()
            .Get(CookieAuthenticationDefaults.AuthenticationScheme).TicketDataFormat;
        string KeyOf(string value) => sessions.Unprotect(value.Split('=', 2)[1])!.Principal.Claims.Single().Value;
        KeyOf(SessionCookieOf(second)).ShouldNotBe(KeyOf(cookie));
    }

    [Fact]
    public async Task A_form_from_elsewhere_is_refused()
    {
        using var client = fixture.Web.Client();
        using var form = new FormUrlEncodedContent(
        [
            new("_handler", "sign-in"), new("Form.Username", "demo"), new("Form.Password", "1234"),
        ]);

        using var refused = await client.PostAsync(new Uri("/login", UriKind.Relative), form, Cancellation);

        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        refused.Headers.TryGetValues("Set-Cookie", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Signing_out_needs_the_pages_own_form()
    {
        using var client = fixture.Web.Client();
        using var signedIn = await SignInAsync(client, "1234");

        using var empty = new FormUrlEncodedContent([]);
        using var refused = await client.PostAsync(new Uri("/logout", UriKind.Relative), empty, Cancellation);
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var home = await client.GetAsync(Home, Cancellation);
        home.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Sample_accounts_are_shown_in_development_alone()
    {
        await using var production = WebHost.Start(fixture.Api.Address, environment: "Production");
        using var there = production.Client();
        using var here = fixture.Web.Client();

        (await here.GetStringAsync(new Uri("/login", UriKind.Relative), Cancellation)).ShouldContain("<code");
        (await there.GetStringAsync(new Uri("/login", UriKind.Relative), Cancellation)).ShouldNotContain("<code");
    }

    [Fact]
    public async Task A_restart_signs_nobody_out()
    {
        var folder = Directory.CreateTempSubdirectory("mefapex-web-");
        var settings = new Dictionary<string, string?> { ["Web:StateFolder"] = folder.FullName };
        string cookie;
        await using (var before = WebHost.Start(fixture.Api.Address, settings))
        {
            using var client = before.Client();
            using var signedIn = await SignInAsync(client, "1234");
            cookie = SessionCookieOf(signedIn);
        }

        await using (var after = WebHost.Start(fixture.Api.Address, settings))
        {
            using var client = after.Client();
            using var request = new HttpRequestMessage(HttpMethod.Get, Home) { Headers = { { "Cookie", cookie } } };
            using var home = await client.SendAsync(request, Cancellation);
            home.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        folder.Delete(recursive: true);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string SessionCookieOf(HttpResponseMessage response) => response.Headers.GetValues("Set-Cookie")
        .Single(value => value.StartsWith("mefapex.session=", StringComparison.Ordinal)).Split(';')[0];

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient client, string password, string path = "/login")
    {
        var page = await client.GetStringAsync(new Uri(path, UriKind.Relative), Cancellation);
        using var form = new FormUrlEncodedContent(
        [
            new("_handler", "sign-in"),
            new("__RequestVerificationToken", AntiforgeryToken().Match(page).Groups["token"].Value),
            new("Form.Username", "demo"),
            new("Form.Password", password),
        ]);
        return await client.PostAsync(new Uri(path, UriKind.Relative), form, Cancellation);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AntiforgeryToken();
}
