using System.Net.Http.Headers;
using System.Net.Http.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Audit;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Accounts;

/// <summary>Class fixture: the API with a mail folder of its own, and people to administer.</summary>
public sealed class AdministrationFixture(PostgresFixture postgres) : IAsyncLifetime
{
    public const string Password = "üç mavi balık gezer";
    public const string Users = "/api/v1/admin/users";

    private readonly string _outbox = Path.Combine(Path.GetTempPath(), $"mefapex-outbox-{Guid.NewGuid():N}");
    private ApiHost? _host;

    public ApiHost Host => _host ?? throw new InvalidOperationException("The API has not started.");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await ApiHost.Start(
        await ApiFactory.CreateDatabaseAsync(postgres),
        new Dictionary<string, string?>(StringComparer.Ordinal) { ["Mail:Outbox"] = _outbox }).ReadyAsync();

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        if (Directory.Exists(_outbox))
            Directory.Delete(_outbox, recursive: true);
    }

    /// <summary>Mails to an address, as they lie in the folder.</summary>
    public IReadOnlyList<string> MailsTo(string address) => Directory.Exists(_outbox)
        ? [.. Directory.GetFiles(_outbox, "*.eml").Select(File.ReadAllText).Where(m => m.Contains($"To: {address}", StringComparison.Ordinal))]
        : [];

    /// <summary>The operator at work in a tenant.</summary>
    public async Task<HttpClient> OperatorAsync(string? tenant = "fabrika")
    {
        var client = await Host.SignInAsync("operator");
        if (tenant is not null)
            client.DefaultRequestHeaders.Add("X-Tenant", tenant);
        return client;
    }

    /// <summary>Somebody new with these roles.</summary>
    public async Task<Person> NewAsync(string name, string[]? roles = null, string tenant = "fabrika", string? fullName = null)
    {
        using var registration = new HttpRequestMessage(HttpMethod.Post, new Uri("/register", UriKind.Relative))
        {
            Headers = { { "X-Tenant", tenant } },
            Content = JsonContent.Create(new RegisterRequest(name, $"{name}@example.com", Password, fullName), options: WireJson.Options),
        };
        using var response = await Host.Anonymous.SendAsync(registration, Cancellation);
        var id = (await response.ReadWireAsync<RegisterResponse>()).UserId;
        if (roles is not null)
        {
            using var platform = await OperatorAsync(tenant);
            (await PatchAsync(platform, id, new UserChange(roles))).Dispose();
        }

        return new(id, name, Host.Client((await SignInAsync(name)).AccessToken));
    }

    public Task<LoginResponse> SignInAsync(string name) =>
        Host.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest(name, Password));

    /// <summary>A change of the account as it is.</summary>
    public static async Task<HttpResponseMessage> PatchAsync(HttpClient client, string id, UserChange change) =>
        await PatchAsync(client, id, change, await TagAsync(client, id));

    public static async Task<HttpResponseMessage> PatchAsync(HttpClient client, string id, UserChange change, string? tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, new Uri($"{Users}/{id}", UriKind.Relative))
        {
            Content = JsonContent.Create(change, options: WireJson.Options),
        };
        if (tag is not null)
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Parse(tag));
        return await client.SendAsync(request, Cancellation);
    }

    public static async Task<string?> TagAsync(HttpClient client, string id)
    {
        using var response = await client.GetAsync(new Uri($"{Users}/{id}", UriKind.Relative), Cancellation);
        return response.Headers.ETag?.ToString();
    }

    public static async Task<IReadOnlyList<AuditItem>> AuditAsync(HttpClient admin, string verb, string subject) =>
        [.. (await admin.GetWireAsync<Page<AuditItem>>($"/api/v1/admin/audit?verb={verb}&limit=100")).Items.Where(i => i.Subject.Id == subject)];
}

/// <summary>Somebody signed in.</summary>
public sealed record Person(string Id, string Name, HttpClient Client) : IDisposable
{
    public void Dispose() => Client.Dispose();
}
