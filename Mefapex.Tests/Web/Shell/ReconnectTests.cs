using Mefapex.Tests.Support;
using Microsoft.Playwright;

namespace Mefapex.Tests.Web.Shell;

public sealed class ReconnectTests(Browser browser)
{
    [Fact]
    public async Task A_page_survives_a_restart_of_the_server_with_its_draft()
    {
        var folder = Directory.CreateTempSubdirectory("mefapex-web-");
        var settings = new Dictionary<string, string?> { ["Web:StateFolder"] = folder.FullName };
        var port = PostgresFixture.FreePort();
        await using var api = await ScriptedApi.StartAsync();
        var before = WebHost.Start(api.Address, settings, port: port);
        await using var page = await browser.OpenAsync(before.Address);
        await page.SignInAsync("demo");
        await page.AskAsync("Yeniden başlatmadan önce");
        await page.Question.FillAsync("yarım kalan");

        await before.DisposeAsync();
        await page.Page.GetByText("Bağlantı koptu, yeniden bağlanılıyor…").WaitForAsync();
        await page.KeepPictureAsync("reconnecting");
        await using (WebHost.Start(api.Address, settings, port: port))
        {
            await page.Page.Locator("#components-reconnect-modal").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
            await page.Turns.First.GetByText("Bu bir").WaitForAsync();
            await page.ReadyAsync();
            (await page.Question.InputValueAsync()).ShouldBe("yarım kalan");
            await page.AskAsync("Yeniden başlattıktan sonra");
            (await page.Turns.CountAsync()).ShouldBe(2);
        }

        folder.Delete(recursive: true);
    }
}
