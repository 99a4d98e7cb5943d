using Mefapex.Contracts;
using Mefapex.Web.Accounts;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Mefapex.Tests.Support;

/// <summary>The web app in this process, listening on a loopback port of its own.</summary>
public sealed class WebHost : IAsyncDisposable
{
    private readonly Factory _factory;

    private WebHost(Factory factory)
    {
        _factory = factory;
        Address = factory.ClientOptions.BaseAddress;
    }

    public Uri Address { get; }

    public IServiceProvider Services => _factory.Services;

    /// <param name="api">Where it looks for the API.</param>
    /// <param name="settings">Configuration keys on top of that.</param>
    /// <param name="port">A free port; 0 lets the system choose one.</param>
    public static WebHost Start(
        Uri api, IReadOnlyDictionary<string, string?>? settings = null, string environment = "Development", int port = 0)
    {
        var factory = new Factory(api, settings ?? new Dictionary<string, string?>(), environment);
        factory.UseKestrel(port);
        factory.StartServer();
        return new WebHost(factory);
    }

    /// <summary>A client with cookies of its own that reports redirects instead of following them.</summary>
    public HttpClient Client() => new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = Address };

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private sealed class Factory(Uri api, IReadOnlyDictionary<string, string?> settings, string environment)
        : WebApplicationFactory<SignInPage>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment(environment);
            builder.UseSetting($"services:{ResourceNames.Api}:http:0", api.ToString().TrimEnd('/'));
            builder.UseSetting("Logging:LogLevel:Default", "Warning");
            foreach (var (key, value) in settings)
                builder.UseSetting(key, value);
        }
    }
}
