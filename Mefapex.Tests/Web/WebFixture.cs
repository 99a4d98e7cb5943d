using Mefapex.Tests.Support;

namespace Mefapex.Tests.Web;

/// <summary>Class fixture: the web app before an API that follows a script.</summary>
public sealed class WebFixture : IAsyncLifetime
{
    private ScriptedApi? _api;
    private WebHost? _web;

    public ScriptedApi Api => _api ?? throw new InvalidOperationException("The API has not started.");

    public WebHost Web => _web ?? throw new InvalidOperationException("The web app has not started.");

    public async ValueTask InitializeAsync()
    {
        _api = await ScriptedApi.StartAsync();
        _web = WebHost.Start(_api.Address);
    }

    public async ValueTask DisposeAsync()
    {
        if (_web is not null)
            await _web.DisposeAsync();
        if (_api is not null)
            await _api.DisposeAsync();
    }
}
