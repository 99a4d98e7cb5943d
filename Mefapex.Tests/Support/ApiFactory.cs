using System.Globalization;

namespace Mefapex.Tests.Support;

/// <summary>
/// Class fixture: the API on a database of its own with the sample content, without an AI service. The database is
/// copied from one that was migrated and seeded once for the whole run.
/// </summary>
public sealed class ApiFactory(PostgresFixture postgres) : IAsyncLifetime
{
    private static int _count;
    private ApiHost? _host;

    public ApiHost Host => _host ?? throw new InvalidOperationException("The API has not started.");

    /// <summary>The database of <see cref="Host"/>.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>A database with schema and sample content for a host that a test starts itself.</summary>
    public static Task<string> CreateDatabaseAsync(PostgresFixture postgres) => postgres.CreateDatabaseAsync(
        string.Create(CultureInfo.InvariantCulture, $"api_{Interlocked.Increment(ref _count)}"),
        "api_template",
        async connectionString =>
        {
            await using var host = ApiHost.Start(connectionString);
            await host.ReadyAsync();
        });

    public async ValueTask InitializeAsync()
    {
        ConnectionString = await CreateDatabaseAsync(postgres);
        _host = await ApiHost.Start(ConnectionString).ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
    }
}
