using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;
using Microsoft.Playwright;

namespace Mefapex.Tests.Web.Chat;

/// <summary>The chat page in a browser, before an API that does what each test needs.</summary>
public sealed class ChatPageTests(WebFixture fixture, Browser browser) : IClassFixture<WebFixture>, IAsyncLifetime
{
    private const string Slow = "Yavaş yanıt ";

    public ValueTask InitializeAsync()
    {
        fixture.Api.Answer = answer => answer.AnswerAsync("Bu bir ", "**yanıt**.");
        fixture.Api.Refusal = null;
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task An_answer_grows_while_it_comes_and_ends_with_its_source()
    {
        var rest = new TaskCompletionSource();
        fixture.Api.Answer = async answer =>
        {
            await answer.PieceAsync(Slow);
            await rest.Task;
            await answer.AnswerAsync("gelir.");
        };
        await using var page = await OpenAsync();

        var turn = await page.SendAsync("Ne zaman?");
        await turn.GetByText(Slow.Trim()).WaitForAsync();
        (await turn.Locator(".source").CountAsync()).ShouldBe(0);
        (await page.Page.Locator("[data-stop]").IsVisibleAsync()).ShouldBeTrue();
        rest.SetResult();

        await turn.Locator(".source").WaitForAsync();
        var source = await turn.Locator(".source").InnerTextAsync();
        source.ShouldContain("Kaynağın başlığı");
        source.ShouldContain("Sorumlu Birim");
        source.ShouldContain("1 Ocak 2026");
        source.ShouldContain("Güven yüksek");
        (await turn.Locator(".confidence").GetAttributeAsync("title")).ShouldBe("Güven: %93");
        page.ShouldBeClean();
    }

    [Fact]
    public async Task Escape_stops_an_answer_keeps_what_had_come_and_tells_the_api()
    {
        var hungUp = new TaskCompletionSource();
        fixture.Api.Answer = async answer =>
        {
            await answer.PieceAsync(Slow);
            await using var registration = answer.HungUp.Register(hungUp.SetResult);
            await hungUp.Task;
        };
        await using var page = await OpenAsync();

        var turn = await page.SendAsync("Dur bakalım");
        await turn.GetByText(Slow.Trim()).WaitForAsync();
        await page.Page.Keyboard.PressAsync("Escape");

        await turn.GetByText("Yanıtı durdurdunuz.").WaitForAsync();
        (await turn.InnerTextAsync()).ShouldContain(Slow.Trim());
        await hungUp.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var asked = fixture.Api.Asked.Last();
        await Eventually.UntilAsync(() => fixture.Api.Cancelled.Contains(asked.ToString()), "the API is told");

        fixture.Api.Answer = answer => answer.AnswerAsync("Şimdi tamam.");
        await turn.GetByRole(AriaRole.Button, new() { Name = "Yeniden sor" }).ClickAsync();
        await page.Turns.Last.GetByText("Şimdi tamam.").WaitForAsync();
        (await page.Turns.CountAsync()).ShouldBe(1);
        fixture.Api.Asked.Last().ShouldBe(asked);
        page.ShouldBeClean();
    }

    [Fact]
    public async Task An_answer_whose_stream_breaks_is_taken_up_where_it_was()
    {
        string? last = null;
        fixture.Api.Answer = async answer =>
        {
            await answer.PieceAsync("Bir ", "m:1");
            await answer.PieceAsync("iki ", "m:2");
        };
        fixture.Api.Rest = (answer, lastEventId) =>
        {
            last = lastEventId;
            return answer.AnswerAsync(["üç."], ScriptedAnswer.Answered() with { Response = "Bir iki üç." });
        };
        await using var page = await OpenAsync();

        var turn = await page.AskAsync("Sayar mısın?");

        last.ShouldBe("m:2");
        (await turn.InnerTextAsync()).ShouldContain("Bir iki üç.");
        page.ShouldBeClean();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_that_breaks_off_says_so_and_can_be_asked_for_again(bool inStream)
    {
        fixture.Api.Answer = async answer =>
        {
            await answer.PieceAsync(Slow);
            if (inStream)
                await answer.FailAsync(HttpStatusCode.ServiceUnavailable);
            else
                answer.BreakOff();
        };
        await using var page = await OpenAsync();

        var turn = await page.SendAsync("Olacak mı?");
        await turn.GetByText("Yanıt alınamadı.").WaitForAsync();

        fixture.Api.Answer = answer => answer.AnswerAsync("Oldu.");
        await turn.GetByRole(AriaRole.Button, new() { Name = "Yeniden dene" }).ClickAsync();
        await page.Turns.Last.GetByText("Oldu.").WaitForAsync();
        (await page.Turns.CountAsync()).ShouldBe(1);
        page.ShouldBeClean();
    }

    [Fact]
    public async Task Script_in_a_question_and_in_an_answer_is_shown_as_text()
    {
        const string attack = "<img src=x onerror=alert(1)><script>alert(2)</script>";
        fixture.Api.Answer = answer => answer.AnswerAsync($"{attack} [tıkla](javascript:alert(3))");
        await using var page = await OpenAsync();

        var turn = await page.AskAsync(attack);

        (await turn.Locator(".question").InnerTextAsync()).ShouldBe(attack);
        (await turn.Locator(".prose").InnerTextAsync()).ShouldContain("<img src=x onerror=alert(1)>");
        (await turn.Locator("img, script, a").CountAsync()).ShouldBe(0);
        (await page.Page.Locator(".conversation").First.InnerTextAsync()).ShouldContain("<img src=x");
        await page.Page.ReloadAsync();
        await page.ReadyAsync();
        (await page.Turns.Locator("img, script, a").CountAsync()).ShouldBe(0);
        page.ShouldBeClean();
    }

    [Fact]
    public async Task A_session_that_ended_leads_to_sign_in_and_back_to_the_question()
    {
        await using var page = await OpenAsync();
        await page.AskAsync("İlk soru");
        var conversation = page.Path;

        fixture.Api.Refusal = HttpStatusCode.Unauthorized;
        await page.Question.FillAsync("Yarım kalan soru");
        await page.Question.PressAsync("Enter");
        await page.Page.GetByText("Oturumunuz sona erdi.").WaitForAsync();

        fixture.Api.Refusal = null;
        await page.SubmitSignInAsync("demo", "1234");
        await page.ReadyAsync();
        page.Path.ShouldBe(conversation);
        (await page.Question.InputValueAsync()).ShouldBe("Yarım kalan soru");
    }

    [Fact]
    public async Task An_api_that_is_away_is_told_and_waited_for()
    {
        await using var page = await OpenAsync();
        await page.AskAsync("Kalıcı soru");
        fixture.Api.Refusal = HttpStatusCode.ServiceUnavailable;

        await page.Page.ReloadAsync();
        await page.Page.GetByText("Sohbetleriniz yüklenemedi.").WaitForAsync();
        await page.Page.GetByText("Bu sohbet yüklenemedi.").WaitForAsync();
        await page.KeepPictureAsync("api-away");

        fixture.Api.Refusal = null;
        foreach (var place in new[] { ".sidebar", ".chat" })
            await RetryAsync(page.Page.Locator(place).GetByRole(AriaRole.Button, new() { Name = "Yeniden dene" }));
        await page.Turns.First.GetByText("Kalıcı soru").WaitForAsync();
        await page.Page.Locator(".conversation").First.WaitForAsync();

        // A click before the page is in touch with its server goes nowhere.
        static async Task RetryAsync(ILocator button)
        {
            for (var attempt = 0; attempt < 50 && await button.IsVisibleAsync(); attempt++)
            {
                await button.EvaluateAsync("button => button.click()");
                await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);
            }
        }
    }

    [Fact]
    public async Task Word_search_alone_is_admitted()
    {
        fixture.Api.Answer = answer => answer.AnswerAsync(["Yanıt."], ScriptedAnswer.Answered(degradation: Degradation.Lexical));
        await using var page = await OpenAsync();

        var turn = await page.AskAsync("Soru");

        (await turn.InnerTextAsync()).ShouldContain("Şu an yalnızca sözcük araması çalışıyor");
    }

    [Fact]
    public async Task A_warning_sign_is_announced_as_an_alert()
    {
        fixture.Api.Answer = answer => answer.AnswerAsync(["**Arayın.**"], ScriptedAnswer.Answered(Decision.Escalate));
        await using var page = await OpenAsync();

        var turn = await page.AskAsync("nefes alamıyorum");

        (await turn.GetByRole(AriaRole.Alert).InnerTextAsync()).ShouldContain("Acil olabilir");
    }

    [Fact]
    public async Task A_follow_up_shows_how_it_was_understood_and_a_composed_answer_the_places_it_rests_on()
    {
        fixture.Api.Answer = answer => answer.AnswerAsync(["Baret takılır. [1]"], ScriptedAnswer.Answered() with
        {
            Understood = "İş güvenliği: peki depoda?",
            Citations = [new Citation(1, "b", "İSG el kitabı", 2, 14, "Depo", 10, 24, "Baret takılır.")],
        });
        await using var page = await OpenAsync();

        var turn = await page.AskAsync("peki depoda?");

        (await turn.InnerTextAsync()).ShouldContain("Anladığım: İş güvenliği: peki depoda?");
        (await turn.GetByRole(AriaRole.List, new() { Name = "Belgelerdeki yerler" }).InnerTextAsync())
            .ShouldBe("İSG el kitabı sürüm 2 · sayfa 14 · Depo");
    }

    [Fact]
    public async Task A_question_back_is_answered_with_a_click()
    {
        fixture.Api.Answer = answer => answer.Question == "Kaynağın başlığı"
            ? answer.AnswerAsync("Seçilen yanıt.")
            : answer.AnswerAsync(["Hangisi?\n\n- Kaynağın başlığı"], ScriptedAnswer.Answered(Decision.Clarify));
        await using var page = await OpenAsync();

        var turn = await page.AskAsync("Belirsiz");
        await turn.GetByRole(AriaRole.Button, new() { Name = "Kaynağın başlığı" }).ClickAsync();

        await page.Turns.Last.GetByText("Seçilen yanıt.").WaitForAsync();
        (await page.Turns.CountAsync()).ShouldBe(2);
        (await turn.GetByRole(AriaRole.Button, new() { Name = "Kaynağın başlığı" }).IsDisabledAsync()).ShouldBeTrue();
        page.ShouldBeClean();
    }

    [Fact]
    public async Task The_keyboard_alone_is_enough()
    {
        await using var page = await OpenAsync();
        await Assertions.Expect(page.Question).ToBeFocusedAsync();

        var suggestion = page.Page.Locator(".suggestions .choice").First;
        (await suggestion.InnerTextAsync()).ShouldBe("Önerilen soru?");
        await suggestion.FocusAsync();
        await page.Page.Keyboard.PressAsync("Enter");
        await page.Turns.First.Locator("[data-copy]").WaitForAsync();
        await Assertions.Expect(page.Question).ToBeFocusedAsync();

        await page.Page.Keyboard.TypeAsync("Elle yazılan");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.Turns.Nth(1).Locator("[data-copy]").WaitForAsync();
        await Assertions.Expect(page.Question).ToBeFocusedAsync();

        await page.Page.ReloadAsync();
        await page.ReadyAsync();
        await page.Page.Locator(".skip").FocusAsync();
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Question).ToBeFocusedAsync();
        page.ShouldBeClean();
    }

    [Fact]
    public async Task Shift_enter_starts_a_line_and_a_question_over_the_limit_is_not_sent()
    {
        await using var page = await OpenAsync();

        await page.Question.FillAsync("bir");
        await page.Question.PressAsync("Shift+Enter");
        await page.Page.Keyboard.TypeAsync("iki");
        (await page.Question.InputValueAsync()).ShouldBe("bir\niki");

        await page.Question.FillAsync(new string('a', 1001));
        (await page.Page.Locator(".composer-count").InnerTextAsync()).ShouldBe("1001 / 1000");
        await page.Question.PressAsync("Enter");
        (await page.Page.GetByText("Bir soru en çok 1000 karakter olabilir.").IsVisibleAsync()).ShouldBeTrue();
        (await page.Turns.CountAsync()).ShouldBe(0);

        await page.Question.FillAsync(new string('a', 1000));
        await page.Question.PressAsync("Enter");
        await page.Turns.First.Locator("[data-copy]").WaitForAsync();
        page.ShouldBeClean();
    }

    [Fact]
    public async Task Conversations_are_kept_opened_and_deleted_after_asking()
    {
        await using var page = await OpenAsync();
        var title = $"Silinecek {Guid.NewGuid():N}";
        await page.AskAsync(title);
        await page.Page.Locator(".button-new").ClickAsync();
        await page.Page.Locator(".welcome").WaitForAsync();

        var row = page.Page.Locator(".conversation").Filter(new() { HasText = title });
        await row.GetByRole(AriaRole.Link).ClickAsync();
        await page.Turns.First.GetByText("Bu bir").WaitForAsync();

        await row.HoverAsync();
        await row.GetByRole(AriaRole.Button).ClickAsync();
        var dialog = page.Page.GetByRole(AriaRole.Dialog);
        (await dialog.InnerTextAsync()).ShouldContain(title);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Vazgeç" }).ClickAsync();
        (await row.CountAsync()).ShouldBe(1);

        await row.HoverAsync();
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Sil" }).ClickAsync();
        await page.Page.Locator(".welcome").WaitForAsync();
        (await row.CountAsync()).ShouldBe(0);
        page.ShouldBeClean();
    }

    [Fact]
    public async Task An_answer_goes_on_while_another_conversation_is_looked_at()
    {
        var rest = new TaskCompletionSource();
        fixture.Api.Answer = async answer =>
        {
            await answer.PieceAsync(Slow);
            await rest.Task;
            await answer.AnswerAsync("sonunda geldi.");
        };
        await using var page = await OpenAsync();
        var turn = await page.SendAsync("Bekleyen soru");
        await turn.GetByText(Slow.Trim()).WaitForAsync();

        await page.Page.Locator(".button-new").ClickAsync();
        await page.Page.Locator(".welcome").WaitForAsync();
        rest.SetResult();
        await page.Page.Locator(".conversation").Filter(new() { HasText = "Bekleyen soru" }).GetByRole(AriaRole.Link).First.ClickAsync();

        await page.Turns.First.GetByText("sonunda geldi.").WaitForAsync();
        page.ShouldBeClean();
    }

    [Fact]
    public async Task A_draft_waits_in_its_conversation()
    {
        await using var page = await OpenAsync();
        await page.AskAsync("Taslaklı sohbet");
        await page.Question.FillAsync("yarım");

        await page.Page.Locator(".button-new").ClickAsync();
        await page.Page.Locator(".welcome").WaitForAsync();
        (await page.Question.InputValueAsync()).ShouldBe("");
        await page.Page.GoBackAsync();
        await page.Turns.First.WaitForAsync();

        await Assertions.Expect(page.Question).ToHaveValueAsync("yarım");
        page.ShouldBeClean();
    }

    [Fact]
    public async Task A_question_is_one_trace_from_the_page_to_the_api()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Mefapex.Web",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var page = await OpenAsync();
        fixture.Api.Traces.Clear();

        await page.AskAsync("Birinci");
        await page.AskAsync("İkinci");

        fixture.Api.Traces.Distinct(StringComparer.Ordinal).Count().ShouldBe(2);
        fixture.Api.Traces.ShouldBeSubsetOf(spans.Select(span => span.TraceId.ToHexString()));
    }

    private async Task<BrowserPage> OpenAsync()
    {
        var page = await browser.OpenAsync(fixture.Web.Address);
        await page.SignInAsync("demo");
        return page;
    }
}
