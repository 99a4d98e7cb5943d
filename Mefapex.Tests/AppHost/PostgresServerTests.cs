using System.Globalization;
using Mefapex.AppHost.Postgres;
using Mefapex.AppHost.Processes;
using Mefapex.Tests.Support;
using Npgsql;

namespace Mefapex.Tests.AppHost;

public sealed class PostgresServerTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"mefapex-server-{Guid.NewGuid():N}");

    // The fixture decides what happens where there is no PostgreSQL.
    public async ValueTask InitializeAsync() => await postgres.CreateDatabaseAsync("apphost_probe");

    public ValueTask DisposeAsync()
    {
        PostgresFixture.RemoveData(Path.Combine(_folder, "data"));
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Data_outlives_a_stop_and_a_start()
    {
        var options = Options();
        var first = await StartAsync(options);
        await ExecuteAsync(first, "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('çalışma')");
        await first.StopAsync(TestContext.Current.CancellationToken);

        var second = await StartAsync(options);
        try
        {
            (await ExecuteAsync(second, "SELECT upper(word) FROM kept")).ShouldBe("ÇALIŞMA");
        }
        finally
        {
            await second.StopAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Starts_again_after_the_server_was_killed()
    {
        var options = Options();
        var first = await StartAsync(options);
        await ExecuteAsync(first, "CREATE TABLE kept (n int)");
        var killed = await PidAsync(first);
        ProcessIdentity.Of(killed)!.Signal(ProcessSignal.Kill);

        var second = await StartAsync(options);
        try
        {
            (await ExecuteAsync(second, "SELECT count(*)::text FROM kept")).ShouldBe("0");
        }
        finally
        {
            await second.StopAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_server_left_running_by_a_killed_supervisor_is_stopped_first()
    {
        var options = Options();
        var abandoned = await StartAsync(options);
        var leftover = ProcessIdentity.Of(await PidAsync(abandoned))!;
        var said = new List<string>();

        var second = await PostgresServer.PrepareAsync(options, said.Add, TestContext.Current.CancellationToken);

        leftover.IsAlive.ShouldBeFalse();
        said.ShouldContain(line => line.Contains(leftover.Pid.ToString(CultureInfo.InvariantCulture)));
        (await second.IsReadyAsync(TestContext.Current.CancellationToken)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_lost_password_file_is_replaced_and_a_wrong_password_is_refused()
    {
        var options = Options();
        var first = await StartAsync(options);
        var oldConnection = first.ConnectionString;
        await first.StopAsync(TestContext.Current.CancellationToken);
        File.Delete(options.PasswordFile);

        var second = await StartAsync(options);
        try
        {
            await ExecuteAsync(second, "SELECT 1");
            await using var old = NpgsqlDataSource.Create(oldConnection);
            var refusal = await Should.ThrowAsync<PostgresException>(
                async () => await old.OpenConnectionAsync(TestContext.Current.CancellationToken));
            refusal.SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
        }
        finally
        {
            await second.StopAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task The_password_file_is_private()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes");
            return;
        }

        var options = Options();

        await PostgresServer.PrepareAsync(options, _ => { }, TestContext.Current.CancellationToken);

        File.GetUnixFileMode(options.PasswordFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task Data_of_a_version_that_is_not_installed_is_refused_with_the_remedy()
    {
        var options = Options();
        var server = await PostgresServer.PrepareAsync(options, _ => { }, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(server.DataFolder, "cluster", "PG_VERSION"), "9\n", TestContext.Current.CancellationToken);

        var refusal = await Should.ThrowAsync<PostgresUnavailableException>(
            () => PostgresServer.PrepareAsync(options, _ => { }, TestContext.Current.CancellationToken));

        refusal.Message.ShouldContain("install PostgreSQL 9");
    }

    [Fact]
    public async Task A_copy_of_a_template_has_its_content_and_the_template_is_built_once()
    {
        var built = 0;
        async Task Build(string connectionString)
        {
            built++;
            await using var source = NpgsqlDataSource.Create(connectionString);
            await using var command = source.CreateCommand("CREATE TABLE made AS SELECT 7 AS n");
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        foreach (var name in new[] { "apphost_copy_a", "apphost_copy_b" })
        {
            var connectionString = await postgres.CreateDatabaseAsync(name, "apphost_template", Build);
            await using var source = NpgsqlDataSource.Create(connectionString);
            await using var command = source.CreateCommand("SELECT n FROM made");
            (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(7);
        }

        built.ShouldBe(1);
    }

    private PostgresOptions Options() => new()
    {
        DataFolder = Path.Combine(_folder, "data"),
        PasswordFile = Path.Combine(_folder, "secrets", "password"),
        ToolsFolder = Path.Combine(RepositoryRoot.Path, ".mefapex", "tools"),
        Port = PostgresFixture.FreePort(),
        Database = "sample",
        Durable = false,
    };

    private static async Task<PostgresServer> StartAsync(PostgresOptions options)
    {
        var server = await PostgresServer.PrepareAsync(options, _ => { }, TestContext.Current.CancellationToken);
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    private static async Task<int> PidAsync(PostgresServer server)
    {
        var line = await File.ReadAllLinesAsync(
            Path.Combine(server.DataFolder, "cluster", "postmaster.pid"), TestContext.Current.CancellationToken);
        return int.Parse(line[0], CultureInfo.InvariantCulture);
    }

    private static async Task<string?> ExecuteAsync(PostgresServer server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        return (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))?.ToString();
    }
}
