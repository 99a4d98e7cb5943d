using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Contracts.Accounts;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Mefapex.Tests.Api.Privacy;

[CollectionDefinition(Name)]
public sealed class PrivacyHost : ICollectionFixture<PrivacyFixture>
{
    public const string Name = "privacy";
}

/// <summary>The API with a database and an outbox of its own, and people to forget.</summary>
public sealed class PrivacyFixture(PostgresFixture postgres) : IAsyncLifetime
{
    public const string Password = "uzun bir parola 7";

    private readonly string _outbox = Path.Combine(Path.GetTempPath(), $"mefapex-outbox-{Guid.NewGuid():N}");
    private ApiHost? _host;
    private NpgsqlDataSource? _source;

    /// <summary>The database of <see cref="Host"/>.</summary>
    public string ConnectionString { get; private set; } = "";

    public ApiHost Host => _host ?? throw new InvalidOperationException("The API has not started.");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        ConnectionString = await ApiFactory.CreateDatabaseAsync(postgres);
        _source = NpgsqlDataSource.Create(ConnectionString);
        _host = await ApiHost.Start(ConnectionString, new Dictionary<string, string?> { ["Mail:Outbox"] = _outbox }).ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        if (_source is not null)
            await _source.DisposeAsync();
        if (Directory.Exists(_outbox))
            Directory.Delete(_outbox, recursive: true);
    }

    /// <summary>A member of <c>fabrika</c> whose address is the name at example.org.</summary>
    internal async Task<Person> PersonAsync(string username, params string[] roles)
    {
        User user;
        await using (var scope = Host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.WholeDatabase();
            user = new()
            {
                Id = Guid.NewGuid(),
                TenantId = await db.Tenants.Where(t => t.Slug == "fabrika").Select(t => t.Id).SingleAsync(Cancellation),
                Username = username,
                Email = username + "@example.org",
                Roles = roles is [] ? [Roles.Member] : roles,
                CreatedAt = DateTimeOffset.UnixEpoch,
            };
            user.PasswordHash = await scope.ServiceProvider.GetRequiredService<Passwords>().HashAsync(user, Password, Cancellation);
            db.Users.Add(user);
            await db.SaveChangesAsync(Cancellation);
        }

        var login = await Host.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest(username, Password));
        return new(Host.Client(login.AccessToken), user.Id, user.TenantId!.Value);
    }

    public async Task<long> CountAsync(string sql)
    {
        await using var command = _source!.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _source!.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    public async Task<List<string>> NamesAsync(string sql)
    {
        var names = new List<string>();
        await using var command = _source!.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        while (await reader.ReadAsync(Cancellation))
            names.Add(reader.GetString(0));
        return names;
    }

    /// <summary>Tables with a row that has a text in any of its columns.</summary>
    public async Task<List<string>> FindAsync(string text)
    {
        var found = new List<string>();
        foreach (var table in await NamesAsync("select table_name from information_schema.tables where table_schema = 'public'"))
        {
            if (await CountAsync($"select count(*) from {table} t where t::text like '%{text}%'") > 0)
                found.Add(table);
        }

        return found;
    }

    internal sealed record Person(HttpClient Client, Guid Id, Guid Tenant);
}
