using System.Globalization;
using Mefapex.Ai.Models;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Mefapex.Tests.Support;

/// <summary>The AI service in this process with its bundled models, on a loopback port.</summary>
public sealed class AiHost : IAsyncDisposable
{
    private readonly Factory _factory;

    private AiHost(int port)
    {
        _factory = new Factory(port);
        _factory.UseKestrel();
        _factory.StartServer();
        Address = _factory.ClientOptions.BaseAddress;
    }

    public Uri Address { get; }

    /// <param name="port">A free port; 0 lets the system choose one.</param>
    public static AiHost Start(int port = 0) => new(port);

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    // The port is a setting, because UseKestrel(port) changes the address beside the starting program: on a busy machine too late.
    private sealed class Factory(int port) : WebApplicationFactory<ModelOptions>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseSetting(WebHostDefaults.ServerUrlsKey, string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
            builder.UseSetting("Logging:LogLevel:Default", "Warning");
        }
    }
}
