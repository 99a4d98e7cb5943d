using System.Net.Http.Headers;
using System.Net.Http.Json;
using Mefapex.Api.Data;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Support;

/// <summary>The API in this process, listening on a loopback port of its own, with real tokens and a real database.</summary>
public sealed class ApiHost : IAsyncDisposable
{
    /// <summary>The secret that this host seals the keys of its tokens with.</summary>
    public const string SigningKey = "a key for tests that signs nothing outside of them";

    private readonly Factory _factory;

    private ApiHost(Factory factory)
    {
        _factory = factory;
        Address = factory.ClientOptions.BaseAddress;
        Anonymous = Client();
    }

    public IServiceProvider Services => _factory.Services;

    public Uri Address { get; }

    /// <summary>A client without a token.</summary>
    public HttpClient Anonymous { get; }

    /// <summary>Starts the API; without further settings nothing answers where it looks for the AI service.</summary>
    /// <param name="settings">Configuration keys on top of those.</param>
    /// <param name="interceptor">Sees everything that Entity Framework sends.</param>
    public static ApiHost Start(
        string connectionString,
        IReadOnlyDictionary<string, string?>? settings = null,
        string environment = "Development",
        IInterceptor? interceptor = null)
    {
        var factory = new Factory(connectionString, settings ?? new Dictionary<string, string?>(), environment, interceptor);
        factory.UseKestrel();
        factory.StartServer();
        return new ApiHost(factory);
    }

    /// <summary>Waits until the schema is up to date and the sample content is there.</summary>
    public async Task<ApiHost> ReadyAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        await Services.GetRequiredService<DatabaseState>().WhenReadyAsync(deadline.Token);
        return this;
    }

    /// <summary>A client that carries the token of a demo user.</summary>
    public async Task<HttpClient> SignInAsync(string username)
    {
        using var response = await Anonymous.PostAsJsonAsync(
            "/login", new LoginRequest(username, "1234"), WireJson.Options, TestContext.Current.CancellationToken);
        var login = await response.ReadWireAsync<LoginResponse>();
        return Client(login.AccessToken);
    }

    /// <summary>A client that carries this token.</summary>
    public HttpClient Client(string? token = null)
    {
        var client = new HttpClient { BaseAddress = Address };
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>A token of this host's key for whomever, made at another time where one is given.</summary>
    public async Task<string> TokenAsync(
        string subject, string name, string? tenant, IEnumerable<string> roles, TimeProvider? time = null, double minutes = 15) =>
        (await new TokenIssuer(
            Services.GetRequiredService<TokenKeys>(),
            Options.Create(new TokenOptions { LifetimeMinutes = minutes }),
            time ?? TimeProvider.System)
            .IssueAsync(subject, name, tenant, roles, cancellationToken: TestContext.Current.CancellationToken)).Value;

    public async ValueTask DisposeAsync()
    {
        Anonymous.Dispose();
        await _factory.DisposeAsync();
    }

    // Any type of the assembly names the program to start.
    private sealed class Factory(
        string connectionString, IReadOnlyDictionary<string, string?> settings, string environment, IInterceptor? interceptor)
        : WebApplicationFactory<MefapexDb>
    {
        /// <summary>Unless a test names folders of its own; gone with the host.</summary>
        private string FilesFolder { get; } = Path.Combine(Path.GetTempPath(), $"mefapex-files-{Guid.NewGuid():N}");

        private string MailFolder { get; } = Path.Combine(Path.GetTempPath(), $"mefapex-mail-{Guid.NewGuid():N}");

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            foreach (var folder in (string[])[FilesFolder, MailFolder])
            {
                if (Directory.Exists(folder))
                    Directory.Delete(folder, recursive: true);
            }
        }

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment(environment);
            builder.UseSetting(WebHostDefaults.ServerUrlsKey, "http://127.0.0.1:0");
            builder.UseSetting($"ConnectionStrings:{ResourceNames.Database}", connectionString);
            builder.UseSetting("Tokens:SigningKey", SigningKey);
            builder.UseSetting($"services:{ResourceNames.Ai}:http:0", "http://127.0.0.1:9");
            builder.UseSetting("Files:Folder", FilesFolder);
            builder.UseSetting("Mail:Outbox", MailFolder);
            builder.UseSetting("Logging:LogLevel:Default", "Warning");

            // Tests ask faster than people; those of the limits turn them on.
            builder.UseSetting("Limits:Enabled", "false");

            // A busy machine must not look like a database that hangs.
            builder.UseSetting("Answers:SearchTimeout", "00:00:30");
            foreach (var (key, value) in settings)
                builder.UseSetting(key, value);
            if (interceptor is not null)
                builder.ConfigureServices(services => services.ConfigureDbContext<MefapexDb>(options => options.AddInterceptors(interceptor)));
        }
    }
}
