using Mefapex.Tests.Support;
using Microsoft.Playwright;

namespace Mefapex.Tests.EndToEnd;

/// <summary>Every page in both languages, both themes and three widths, kept as pictures to be looked at.</summary>
public sealed class GalleryTests(TopologyFixture system, Browser browser)
{
    public static MatrixTheoryData<string, string, int> Looks => new(["tr", "en"], ["light", "dark"], [360, 820, 1280]);

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Nothing_overflows_and_nothing_complains(string language, string theme, int width)
    {
        var topology = await system.UpAsync();
        await using var page = await browser.OpenAsync(topology.Web, new BrowserNewContextOptions
        {
            Locale = language == "tr" ? "tr-TR" : "en-GB",
            ColorScheme = theme == "dark" ? ColorScheme.Dark : ColorScheme.Light,
            ViewportSize = new ViewportSize { Width = width, Height = 800 },
            HasTouch = width < 500,
        });

        await page.Page.GotoAsync("/login");
        await KeepAsync("1-sign-in");
        await page.SignInAsync("demo");
        await KeepAsync("2-welcome");
        await page.AskAsync(language == "tr" ? "Fazla mesai ücreti nasıl hesaplanır?" : "How is overtime paid?");
        await KeepAsync("3-answer");
        await page.AskAsync("dolar");
        await KeepAsync("4-declined");

        if (width < 832)
            await page.Page.Locator("[data-drawer-open]").ClickAsync();
        await page.Page.Locator(".user-menu summary").ClickAsync();
        await KeepAsync("5-menu");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.Page.Locator(".conversation").First.HoverAsync();
        await page.Page.Locator(".conversation button").First.ClickAsync();
        await page.Page.GetByRole(AriaRole.Dialog).WaitForAsync();
        await KeepAsync("6-delete");
        page.ShouldBeClean();

        await page.Page.GotoAsync("/c/0");
        await page.Page.Locator(".empty-state").WaitForAsync();
        await KeepAsync("7-no-such-conversation");
        await page.Page.GotoAsync("/yok");
        await KeepAsync("8-no-such-page");

        async Task KeepAsync(string name)
        {
            await page.KeepPictureAsync($"{width}-{theme}-{language}-{name}");
            (await page.Page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width, name);
        }
    }
}
