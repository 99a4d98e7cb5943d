using System.Collections.Concurrent;
using System.Net;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Web.Shell;

public sealed class PageTests(WebFixture fixture, Browser browser) : IClassFixture<WebFixture>
{
    [Fact]
    public async Task Every_page_allows_nothing_from_elsewhere()
    {
        using var client = fixture.Web.Client();

        foreach (var path in new[] { "/login", "/yok", "/app.css" })
        {
            using var page = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);

            var policy = page.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem();
            policy.ShouldContain("default-src 'none'");
            policy.ShouldContain("script-src 'nonce-");
            policy.ShouldContain("connect-src 'self'");
            policy.ShouldContain("frame-ancestors 'none'");
            policy.ShouldNotContain("unsafe");
            page.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
            page.Headers.GetValues("Referrer-Policy").ShouldBe(["same-origin"]);
            page.Headers.GetValues("Cross-Origin-Opener-Policy").ShouldBe(["same-origin"]);
        }
    }

    [Fact]
    public async Task Every_script_of_a_page_carries_the_number_of_this_one_answer()
    {
        using var client = fixture.Web.Client();

        var first = await NumbersAsync();
        var second = await NumbersAsync();

        first.Policy.ShouldNotBe(second.Policy);

        async Task<(string Policy, string Page)> NumbersAsync()
        {
            using var page = await client.GetAsync(new Uri("/login", UriKind.Relative), Cancellation);
            var policy = page.Headers.GetValues("Content-Security-Policy").Single().Split("'nonce-")[1].Split('\'')[0];
            var html = WebUtility.HtmlDecode(await page.Content.ReadAsStringAsync(Cancellation));
            var scripts = html.Split("<script").Skip(1).Select(script => script.Split('>')[0]).ToList();
            scripts.Count.ShouldBe(2);
            scripts.ShouldAllBe(script => script.Contains($"nonce=\"{policy}\"", StringComparison.Ordinal));
            return (policy, html);
        }
    }

    [Fact]
    public async Task A_person_chats_without_a_violation_and_a_script_out_of_nowhere_does_not_run()
    {
        await using var page = await browser.OpenAsync(fixture.Web.Address);
        var sockets = new ConcurrentQueue<string>();
        page.Page.WebSocket += (_, socket) => sockets.Enqueue(socket.Url);

        await page.SignInAsync("demo");
        await page.AskAsync("Yıllık izin nasıl alınır?");
        page.ShouldBeClean();
        sockets.ShouldHaveSingleItem().ShouldContain("/_blazor");

        await page.Page.EvaluateAsync(
            "() => { const s = document.createElement('script'); s.textContent = 'window.stranger = 1'; document.body.append(s); }");
        (await page.Page.EvaluateAsync<bool>("() => 'stranger' in window")).ShouldBeFalse();
        Should.Throw<ShouldAssertException>(page.ShouldBeClean).Message.ShouldContain("Content Security Policy");
    }

    [Theory]
    [InlineData("tr", "Böyle bir sayfa yok")]
    [InlineData("en", "There is no such page")]
    public async Task An_unknown_address_is_a_page_with_status_404(string language, string heading)
    {
        using var client = fixture.Web.Client();
        client.DefaultRequestHeaders.AcceptLanguage.ParseAdd(language);

        using var page = await client.GetAsync(new Uri("/yok/boyle/bir/sayfa", UriKind.Relative), Cancellation);

        page.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await page.Content.ReadAsStringAsync(Cancellation)).ShouldContain(heading);
    }

    [Fact]
    public async Task The_error_page_names_the_number_to_ask_about()
    {
        using var client = fixture.Web.Client();
        client.DefaultRequestHeaders.Add("X-Correlation-Id", "kayit-42");

        var page = await client.GetStringAsync(new Uri("/error", UriKind.Relative), Cancellation);

        page.ShouldContain("Bir şeyler ters gitti");
        page.ShouldContain("<code>kayit-42</code>");
    }

    [Fact]
    public async Task Turkish_comes_first_the_browsers_language_next_and_the_persons_choice_above_both()
    {
        using var client = fixture.Web.Client();

        (await LoginAsync(client)).ShouldContain("<html lang=\"tr\"");
        client.DefaultRequestHeaders.AcceptLanguage.ParseAdd("en-GB,en;q=0.9");
        (await LoginAsync(client)).ShouldContain("<html lang=\"en\"");

        using var chosen = await client.GetAsync(new Uri("/preferences/language/tr?returnUrl=/login", UriKind.Relative), Cancellation);
        chosen.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        chosen.Headers.Location!.ToString().ShouldBe("/login");
        (await LoginAsync(client)).ShouldContain("<html lang=\"tr\"");
    }

    [Fact]
    public async Task The_first_byte_of_a_page_already_has_the_chosen_theme()
    {
        using var client = fixture.Web.Client();

        (await LoginAsync(client)).ShouldContain("data-theme=\"system\"");
        using var chosen = await client.GetAsync(new Uri("/preferences/theme/dark?returnUrl=/login", UriKind.Relative), Cancellation);
        (await LoginAsync(client)).ShouldContain("data-theme=\"dark\"");
    }

    [Theory]
    [InlineData("/preferences/theme/pink")]
    [InlineData("/preferences/language/de")]
    public async Task A_preference_that_does_not_exist_is_not_found(string path)
    {
        using var client = fixture.Web.Client();

        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        response.Headers.TryGetValues("Set-Cookie", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("Production", false, true)]
    [InlineData("Production", true, false)]
    [InlineData("Development", false, false)]
    public async Task Cookies_are_secure_outside_of_development_and_kept_from_scripts(string environment, bool plain, bool secure)
    {
        await using var web = WebHost.Start(
            fixture.Api.Address, new Dictionary<string, string?> { ["Edge:PlainHttpCookies"] = plain.ToString() }, environment);
        using var client = web.Client();

        var language = await CookieAsync("/preferences/language/tr", "mefapex.language=");
        var theme = await CookieAsync("/preferences/theme/dark", "mefapex.theme=");
        var antiforgery = await CookieAsync("/login", "mefapex.antiforgery=");

        foreach (var cookie in new[] { language, theme, antiforgery })
            cookie.Contains("; secure", StringComparison.Ordinal).ShouldBe(secure, cookie);
        language.ShouldContain("httponly");
        language.ShouldContain("samesite=lax");
        antiforgery.ShouldContain("httponly");
        antiforgery.ShouldContain("samesite=strict");
        theme.ShouldNotContain("httponly");

        async Task<string> CookieAsync(string path, string start)
        {
            using var page = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            return page.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith(start, StringComparison.Ordinal));
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<string> LoginAsync(HttpClient client) =>
        client.GetStringAsync(new Uri("/login", UriKind.Relative), Cancellation);
}
