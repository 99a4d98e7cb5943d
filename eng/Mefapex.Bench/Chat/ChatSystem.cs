using System.Diagnostics;
using System.Globalization;
using Mefapex.AppHost.Postgres;
using Mefapex.Bench.Measuring;
using Mefapex.Contracts;
using Npgsql;
using Spectre.Console;

namespace Mefapex.Bench.Chat;

/// <summary>A fresh PostgreSQL, the AI service and the API, each a process of its own, with a tenant full of knowledge.</summary>
internal sealed class ChatSystem : IAsyncDisposable
{
    private static readonly TimeSpan IndexTimeout = TimeSpan.FromMinutes(15);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mefapex-bench-");
    private readonly IAnsiConsole _console;
    private PostgresServer? _postgres;
    private ServiceProcess? _ai;
    private ServiceProcess? _api;
    private NpgsqlDataSource? _source;

    private ChatSystem(IAnsiConsole console) => _console = console;

    public ServiceProcess Ai => _ai!;

    public ServiceProcess Api => _api!;

    public string ConnectionString => _postgres!.ConnectionString;

    /// <param name="settings">Of the API, as environment variables.</param>
    public static async Task<ChatSystem> StartAsync(
        IReadOnlyDictionary<string, string> settings, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var system = new ChatSystem(console);
        try
        {
            await system.StartAsync(settings, cancellationToken);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>Fills a tenant, and waits until all of it is searched by vectors.</summary>
    public async Task FillAsync(IReadOnlyList<BenchTopic> topics, int chunks, CancellationToken cancellationToken)
    {
        _console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Filling a tenant with {topics.Count} entries and {chunks} chunks"));
        var tenantId = await new BenchKnowledge(_source!).FillAsync(topics, chunks, _console.WriteLine, cancellationToken);
        await IndexedAsync(tenantId, chunks, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_source is not null)
            await _source.DisposeAsync();
        if (_api is not null)
            await _api.DisposeAsync();
        if (_ai is not null)
            await _ai.DisposeAsync();
        if (_postgres is not null)
        {
            await _postgres.StopAsync(CancellationToken.None);
            if (Directory.Exists(_postgres.DataFolder))
                Directory.Delete(_postgres.DataFolder, recursive: true);
        }

        if (_folder.Exists)
            _folder.Delete(recursive: true);
    }

    private async Task StartAsync(IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        _postgres = await PostgresServer.PrepareAsync(
            new PostgresOptions
            {
                DataFolder = Path.Combine(_folder.FullName, "data"),
                PasswordFile = Path.Combine(_folder.FullName, "password"),
                ToolsFolder = Path.Combine(Checkout.Root, ".mefapex", "tools"),
                Port = ServiceProcess.FreePort(),
                Database = ResourceNames.Database,
            },
            _console.WriteLine,
            cancellationToken);
        await _postgres.StartAsync(cancellationToken);
        _ai = await ServiceProcess.StartAsync("Mefapex.Ai", new Dictionary<string, string>(), cancellationToken);
        _api = await ServiceProcess.StartAsync(
            "Mefapex.Api",
            new Dictionary<string, string>(settings)
            {
                [$"ConnectionStrings__{ResourceNames.Database}"] = _postgres.ConnectionString,
                [$"services__{ResourceNames.Ai}__http__0"] = _ai.Address.ToString(),
                ["Tokens__SigningKey"] = Guid.NewGuid().ToString(),
                ["Files__Folder"] = Path.Combine(_folder.FullName, "files"),
                // All questions come from one address; limits stay on, as they are part of the way.
                ["Limits__Chat__Address__Permits"] = "1000000",
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
            },
            cancellationToken);
        _source = NpgsqlDataSource.Create(_postgres.ConnectionString);
    }

    /// <summary>Waits until no text lacks its vector.</summary>
    private async Task IndexedAsync(Guid tenantId, int chunks, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            await using var command = _source!.CreateCommand(
                """
                select (select count(*) from chunk_vectors where tenant_id = $1), (
                    select count(*) from knowledge_entries e where e.tenant_id = $1 and not exists (
                        select from knowledge_vectors v where v.tenant_id = $1 and v.entry_id = e.id))
                """);
            command.Parameters.Add(new() { Value = tenantId });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            var (embedded, entriesLeft) = (row.GetInt64(0), row.GetInt64(1));
            if (embedded == chunks && entriesLeft == 0)
                break;
            if (Stopwatch.GetElapsedTime(begin) > IndexTimeout)
                throw new BenchException($"The vectors were not there after {IndexTimeout.TotalMinutes} minutes.");
            _console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Vectors: {entriesLeft} entries and {chunks - embedded} chunks to go"));
            await Task.Delay(TimeSpan.FromSeconds(3), cancellationToken);
        }

        // The index switches over just after its last vector is stored; what PostgreSQL owes for the filling it pays now.
        await Task.Delay(TimeSpan.FromSeconds(10), cancellationToken);
        foreach (var sql in (string[])["vacuum analyze", "checkpoint"])
        {
            await using var settle = _source.CreateCommand(sql);
            settle.CommandTimeout = 600;
            await settle.ExecuteNonQueryAsync(cancellationToken);
        }

        _console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Vectors are there after {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s"));
    }
}
