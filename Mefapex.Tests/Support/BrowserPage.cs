using Microsoft.Playwright;

namespace Mefapex.Tests.Support;

/// <summary>
/// A page as a person sees it. What the page complained about in the console, and what it asked of other sites, are
/// kept for <see cref="ShouldBeClean"/>.
/// </summary>
public sealed class BrowserPage : IAsyncDisposable
{
    private readonly Uri _site;
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    internal BrowserPage(Uri site, IBrowserContext context, IPage page)
    {
        _site = site;
        _context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                _complaints.Add(message.Text);
        };
        page.PageError += (_, error) => _complaints.Add(error);
        page.Dialog += async (_, dialog) =>
        {
            _complaints.Add($"a script opened a dialog: {dialog.Message}");
            await dialog.DismissAsync();
        };
        page.Request += (_, request) =>
        {
            var url = new Uri(request.Url);
            if (url.Scheme is not ("data" or "blob") && url.Authority != site.Authority)
                _complaints.Add($"a request to another site: {url}");
        };
    }

    public IPage Page { get; }

    public IBrowserContext Context => _context;

    public ILocator Question => Page.Locator("#question");

    public ILocator Turns => Page.Locator(".turn");

    public string Path => new Uri(Page.Url).AbsolutePath;

    public async Task SignInAsync(string username, string password = "1234")
    {
        await Page.GotoAsync("/login");
        await SubmitSignInAsync(username, password);
        await ReadyAsync();
    }

    public async Task SubmitSignInAsync(string username, string password)
    {
        await Page.Locator("[name='Form.Username']").FillAsync(username);
        await Page.Locator("[name='Form.Password']").FillAsync(password);
        await Page.Locator("form button[type=submit]").ClickAsync();
    }

    /// <summary>Waits until the chat page is in touch with the server.</summary>
    public Task ReadyAsync() => Page.Locator("[data-composer][data-live]").WaitForAsync();

    /// <summary>Types a question, sends it with Enter and returns its turn, whose answer may still be under way.</summary>
    public async Task<ILocator> SendAsync(string question)
    {
        var number = await Turns.CountAsync();
        await Question.FillAsync(question);
        await Question.PressAsync("Enter");
        var turn = Turns.Nth(number);
        await turn.WaitForAsync();
        return turn;
    }

    /// <summary>Asks and waits for the whole answer.</summary>
    public async Task<ILocator> AskAsync(string question)
    {
        var turn = await SendAsync(question);
        await turn.Locator("[data-copy]").WaitForAsync();
        return turn;
    }

    /// <summary>Keeps a picture among the test artifacts.</summary>
    public Task KeepPictureAsync(string name) => Page.ScreenshotAsync(new PageScreenshotOptions
    {
        Path = System.IO.Path.Combine(Artifacts.Folder("screenshots"), name + ".png"),
        Animations = ScreenshotAnimations.Disabled,
    });

    public void ShouldBeClean() => _complaints.ShouldBeEmpty();

    public async ValueTask DisposeAsync() => await _context.CloseAsync();
}
