using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Accounts;

public sealed class ProductionTests(PostgresFixture postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Production_makes_no_demo_users()
    {
        var database = await postgres.CreateDatabaseAsync("production_new");
        await using var host = await ApiHost.Start(database, environment: "Production").ReadyAsync();

        foreach (var username in new[] { "demo", "hasta", "editor", "yonetici", "operator" })
        {
            using var response = await host.Anonymous.PostWireAsync("/login", new LoginRequest(username, "1234"));
            await response.ShouldBeProblemAsync(401, "wrong-credentials");
        }
    }

    [Fact]
    public async Task Demo_users_that_are_switched_off_cannot_sign_in()
    {
        var database = await ApiFactory.CreateDatabaseAsync(postgres);
        var off = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Accounts:DemoUsers"] = "false" };
        await using var host = await ApiHost.Start(database, off).ReadyAsync();

        using var response = await host.Anonymous.PostWireAsync("/login", new LoginRequest("demo", "1234"));
        await response.ShouldBeProblemAsync(401, "wrong-credentials");
    }

    [Fact]
    public async Task Another_demo_password_replaces_the_old_one()
    {
        var database = await ApiFactory.CreateDatabaseAsync(postgres);
        var changed = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Accounts:DemoPassword"] = "bambaşka" };
        await using var host = await ApiHost.Start(database, changed).ReadyAsync();

        using var old = await host.Anonymous.PostWireAsync("/login", new LoginRequest("demo", "1234"));
        await old.ShouldBeProblemAsync(401, "wrong-credentials");
        var login = await host.Anonymous.PostWireAsync<LoginResponse>("/login", new LoginRequest("hasta", "bambaşka"));
        login.UserInfo.Username.ShouldBe("hasta");
    }

    [Fact]
    public async Task Production_does_not_start_on_a_database_with_demo_users()
    {
        var (exitCode, output) = await RunAsync(new()
        {
            [$"ConnectionStrings__{ResourceNames.Database}"] = await ApiFactory.CreateDatabaseAsync(postgres),
            ["Tokens__SigningKey"] = ApiHost.SigningKey,
        });

        exitCode.ShouldBe(1, output);
        output.ShouldContain("demo, editor, hasta, operator, yonetici");
        output.ShouldContain("delete from users where demo");
    }

    [Fact]
    public async Task The_api_does_not_start_without_a_secret()
    {
        var (exitCode, output) = await RunAsync(new()
        {
            [$"ConnectionStrings__{ResourceNames.Database}"] = "Host=127.0.0.1;Port=9;Username=x;Password=Rb4uYq1xTn7c;Database=x",
            ["Tokens__SigningKey"] = "",
        });

        exitCode.ShouldBe(1, output);
        output.ShouldContain("Mefapex.Api does not start: Tokens:SigningKey (or SECRET_KEY)");
    }

    [Fact]
    public async Task The_api_does_not_start_without_a_database_to_look_for()
    {
        var (exitCode, output) = await RunAsync(new() { ["Tokens__SigningKey"] = ApiHost.SigningKey });

        exitCode.ShouldBe(1, output);
        output.ShouldContain($"ConnectionStrings__{ResourceNames.Database}");
        output.ShouldNotContain("Unhandled exception");
    }

    [Theory]
    [InlineData("Rb4uYq1xTn7c", "your-secret-key-change-in-production", "Tokens:SigningKey (or SECRET_KEY) is the key of an example")]
    [InlineData("postgres123", ApiHost.SigningKey, "has a password of 11 characters, fewer than 12")]
    [InlineData("postgres12345", ApiHost.SigningKey, "has a password that anybody guesses")]
    [InlineData("", ApiHost.SigningKey, "names no password")]
    public async Task The_api_does_not_start_with_a_weak_secret_and_says_which(string password, string key, string sentence)
    {
        var (exitCode, output) = await RunAsync(new()
        {
            [$"ConnectionStrings__{ResourceNames.Database}"] = $"Host=127.0.0.1;Port=9;Username=x;Password={password};Database=x",
            ["Tokens__SigningKey"] = key,
        });

        exitCode.ShouldBe(1, output);
        output.ShouldContain("Mefapex.Api does not start: ");
        output.ShouldContain(sentence);
        if (password.Length > 0)
            output.ShouldNotContain(password);
        output.ShouldNotContain(key);
        output.ShouldNotContain("Unhandled exception");
    }

    [Fact]
    public async Task The_api_reads_its_secrets_from_files()
    {
        var folder = Directory.CreateTempSubdirectory("mefapex-secrets-");
        var database = Path.Combine(folder.FullName, "database");
        var key = Path.Combine(folder.FullName, "key");
        await File.WriteAllTextAsync(database, await ApiFactory.CreateDatabaseAsync(postgres) + "\n", Cancellation);
        await File.WriteAllTextAsync(key, ApiHost.SigningKey + "\n", Cancellation);

        var (exitCode, output) = await RunAsync(new()
        {
            [$"ConnectionStrings__{ResourceNames.Database}__FILE"] = database,
            ["SECRET_KEY_FILE"] = key,
        });
        folder.Delete(recursive: true);

        exitCode.ShouldBe(1, output);
        output.ShouldContain("delete from users where demo");
    }

    [Fact]
    public async Task An_occupied_port_is_named()
    {
        using var occupant = new TcpListener(IPAddress.Loopback, 0);
        occupant.Start();
        var url = $"http://{occupant.LocalEndpoint}";
        var (exitCode, output) = await RunAsync(new()
        {
            [$"ConnectionStrings__{ResourceNames.Database}"] = "Host=127.0.0.1;Port=9;Username=x;Password=Rb4uYq1xTn7c;Database=x",
            ["Tokens__SigningKey"] = ApiHost.SigningKey,
        }, url);

        exitCode.ShouldBe(1, output);
        output.ShouldContain($"{url}: address already in use");
        output.ShouldContain("MEFAPEX_API_PORT");
    }

    /// <summary>The program itself, as an operator starts it, with nothing of this process's settings.</summary>
    private static async Task<(int ExitCode, string Output)> RunAsync(
        Dictionary<string, string> settings,
        string url = "http://127.0.0.1:0")
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "Mefapex.Api.dll"), "--urls", url },
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        foreach (var name in new[] { "DATABASE_URL", "POSTGRES_HOST", "SECRET_KEY", "Tokens__SigningKey", $"ConnectionStrings__{ResourceNames.Database}" })
            start.Environment.Remove(name);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = process.StandardError.ReadToEndAsync(Cancellation);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        finally
        {
            process.Kill();
        }

        return (process.ExitCode, await output + await errors);
    }
}
