using Mefapex.Tests.Support;
using Microsoft.Playwright;

namespace Mefapex.Tests.EndToEnd;

/// <summary>The whole system as a person in front of a browser meets it.</summary>
public sealed class EndToEndTests(TopologyFixture system, Browser browser)
{
    public static TheoryData<string, string, string[][]> Tenants => new()
    {
        {
            "demo", "Mefapex Fabrika",
            [
                ["Yıllık izin nasıl alınır?", "Yıllık izin talebi nasıl girilir?", "Çalışan Portalı"],
                ["Şifremi unuttum", "Unutulan şifreyi sıfırlama", "sifre.mefapex.example"],
                ["fazla mesai ücreti nasıl hesaplanır", "Fazla mesai ücreti ne kadar ve ne zaman ödenir?", "mesai"],
            ]
        },
        {
            "hasta", "Mefapex Klinik",
            [
                ["Saçımı ne zaman yıkayabilirim?", "Saç ekimi sonrası yıkama", "yıka"],
                ["Tercüman var mı?", "Tercüman desteği", "ücretsiz"],
                ["Klinik kaçta açılıyor?", "Çalışma saatleri, koordinatör ve iletişim", "08.00"],
            ]
        },
    };

    [Theory]
    [MemberData(nameof(Tenants))]
    public async Task A_person_asks_three_questions_and_reads_the_answers_with_their_sources(
        string username, string tenant, string[][] questions)
    {
        await using var page = await OpenAsync();
        await page.SignInAsync(username);
        (await page.Page.Locator(".user-name").InnerTextAsync()).ShouldContain(tenant);

        foreach (var question in questions)
        {
            var turn = await page.AskAsync(question[0]);

            (await turn.Locator(".source-title").InnerTextAsync()).ShouldBe(question[1]);
            (await turn.Locator(".prose").InnerTextAsync()).ShouldContain(question[2]);
            (await turn.Locator(".confidence").GetAttributeAsync("title")).ShouldNotBeNull().ShouldStartWith("Güven: %");
        }

        await page.KeepPictureAsync($"{username}-three-answers");

        await page.Page.ReloadAsync();
        await page.ReadyAsync();
        (await page.Turns.Locator(".question").AllInnerTextsAsync()).ShouldBe(questions.Select(question => question[0]));
        (await page.Turns.Locator(".source-title").AllInnerTextsAsync()).ShouldBe(questions.Select(question => question[1]));
        (await page.Page.Locator(".conversation a[aria-current=page]").InnerTextAsync()).ShouldBe(questions[0][0]);
        page.ShouldBeClean();
    }

    [Fact]
    public async Task What_nobody_approved_is_declined_with_topics_to_go_on_with()
    {
        await using var page = await OpenAsync();
        await page.SignInAsync("demo");

        var turn = await page.AskAsync("Bugün dolar kaç lira?");

        (await turn.InnerTextAsync()).ShouldContain("Bu sorunun yanıtını bilmiyorum.");
        (await turn.Locator(".source").CountAsync()).ShouldBe(0);
        await page.KeepPictureAsync("declined");

        await page.AskAsync("Şifremi unuttum");
        (await page.Turns.CountAsync()).ShouldBe(2);
        page.ShouldBeClean();
    }

    [Fact]
    public async Task A_wrong_password_is_told_and_nothing_else_happens()
    {
        await using var page = await OpenAsync();
        await page.Page.GotoAsync("/");
        page.Path.ShouldBe("/login");

        await page.SubmitSignInAsync("demo", "4321");

        (await page.Page.GetByRole(AriaRole.Alert).First.InnerTextAsync()).ShouldBe("Kullanıcı adı ya da parola yanlış.");
        page.Path.ShouldBe("/login");
        await page.KeepPictureAsync("wrong-password");
        page.ShouldBeClean();
    }

    [Fact]
    public async Task Signing_in_needs_no_script()
    {
        await using var page = await OpenAsync(new BrowserNewContextOptions { JavaScriptEnabled = false });
        await page.Page.GotoAsync("/login");

        await page.SubmitSignInAsync("demo", "1234");

        page.Path.ShouldBe("/");
        (await page.Page.Locator(".user-name").InnerTextAsync()).ShouldContain("Mefapex Fabrika");
    }

    [Fact]
    public async Task Theme_and_language_are_switched_in_place_and_remembered()
    {
        await using var page = await OpenAsync(new BrowserNewContextOptions { ColorScheme = ColorScheme.Light });
        await page.SignInAsync("demo");
        await page.AskAsync("Şifremi unuttum");
        var conversation = page.Path;
        var light = await BackgroundAsync(page);

        await page.Page.Locator(".user-menu summary").ClickAsync();
        await page.Page.Locator("[data-theme-choice=dark]").ClickAsync();
        (await BackgroundAsync(page)).ShouldNotBe(light);
        await page.Page.Locator("a[hreflang=en]").ClickAsync();
        await page.ReadyAsync();

        page.Path.ShouldBe(conversation);
        (await page.Page.Locator("html").GetAttributeAsync("lang")).ShouldBe("en");
        (await page.Page.Locator(".button-new").InnerTextAsync()).ShouldBe("New chat");
        (await page.Turns.CountAsync()).ShouldBe(1);

        await page.Page.ReloadAsync();
        await page.ReadyAsync();
        (await BackgroundAsync(page)).ShouldNotBe(light);
        (await page.Page.Locator("html").GetAttributeAsync("lang")).ShouldBe("en");
        page.ShouldBeClean();
    }

    [Fact]
    public async Task A_conversation_of_somebody_else_is_not_there()
    {
        await using var owner = await OpenAsync();
        await owner.SignInAsync("demo");
        await owner.AskAsync("Şifremi unuttum");

        await using var other = await OpenAsync();
        await other.SignInAsync("hasta");
        await other.Page.GotoAsync(owner.Path);

        await other.Page.GetByText("Böyle bir sohbet yok.").WaitForAsync();
        (await other.Turns.CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Signing_out_ends_the_session()
    {
        await using var page = await OpenAsync();
        await page.SignInAsync("demo");

        await page.Page.Locator(".user-menu summary").ClickAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Çıkış yap" }).ClickAsync();
        await page.Page.WaitForURLAsync("**/login");

        await page.Page.GotoAsync("/");
        page.Path.ShouldBe("/login");
        page.ShouldBeClean();
    }

    [Theory]
    [InlineData("demo", "tr-TR")]
    [InlineData("demo", "en-GB")]
    [InlineData("hasta", "tr-TR")]
    [InlineData("hasta", "en-GB")]
    public async Task Every_suggested_question_has_an_answer(string username, string locale)
    {
        await using var page = await OpenAsync(new BrowserNewContextOptions { Locale = locale });
        await page.SignInAsync(username);
        await page.Page.Locator(".suggestions .choice").First.WaitForAsync();
        var suggestions = await page.Page.Locator(".suggestions .choice").AllInnerTextsAsync();

        suggestions.Count.ShouldBe(4);
        foreach (var suggestion in suggestions)
            (await (await page.AskAsync(suggestion)).Locator(".source").CountAsync()).ShouldBe(1, suggestion);
    }

    private static Task<string> BackgroundAsync(BrowserPage page) =>
        page.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

    private async Task<BrowserPage> OpenAsync(BrowserNewContextOptions? options = null) =>
        await browser.OpenAsync((await system.UpAsync()).Web, options);
}
