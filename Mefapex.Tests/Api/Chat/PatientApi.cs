using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.Api.Chat;

/// <summary>Class fixture: the API, patient enough that tests can hold its answers back.</summary>
public sealed class PatientApi(PostgresFixture postgres) : IAsyncLifetime
{
    private ApiHost? _host;

    public ApiHost Host => _host ?? throw new InvalidOperationException("The API has not started.");

    public string ConnectionString { get; private set; } = "";

    /// <summary>Another replica of the API.</summary>
    public Task<ApiHost> StartAsync(params (string Key, string Value)[] settings) => ApiHost.Start(
        ConnectionString + ";Command Timeout=60",
        new Dictionary<string, string?>(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)))
        {
            ["Answers:SearchTimeout"] = "00:01:00",
            ["Answers:LoadTimeout"] = "00:01:00",
        }).ReadyAsync();

    /// <summary>Until it is disposed no question is answered: the version of the knowledge cannot be read.</summary>
    public async Task<IAsyncDisposable> HoldAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("begin; lock table knowledge_bases in access exclusive mode", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    public async ValueTask InitializeAsync()
    {
        ConnectionString = await ApiFactory.CreateDatabaseAsync(postgres);
        _host = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
    }
}
