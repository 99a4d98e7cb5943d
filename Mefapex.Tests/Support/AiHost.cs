using Mefapex.Ai.Models;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Mefapex.Tests.Support;

/// <summary>The AI service in this process with its bundled models, on a loopback port.</summary>
public sealed class AiHost : IAsyncDisposable
{
    private readonly Factory _factory = new();

    private AiHost(int port)
    {
        _factory.UseKestrel(port);
        _factory.StartServer();
        Address = _factory.ClientOptions.BaseAddress;
    }

    public Uri Address { get; }

    /// <param name="port">A free port; 0 lets the system choose one.</param>
    public static AiHost Start(int port = 0) => new(port);

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private sealed class Factory : WebApplicationFactory<ModelOptions>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder) =>
            builder.UseSetting("Logging:LogLevel:Default", "Warning");
    }
}
