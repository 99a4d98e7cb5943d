using System.Globalization;
using Mefapex.AppHost.Postgres;
using Mefapex.AppHost.Processes;
using Mefapex.AppHost.Settings;
using Mefapex.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mefapex.AppHost.Full;

/// <summary>What the services keep their data in.</summary>
/// <param name="Database">Needed.</param>
/// <param name="Others">What is there besides; without them the services do the same work over PostgreSQL or in memory.</param>
internal sealed record Backing(
    IResourceBuilder<IResourceWithConnectionString> Database,
    IReadOnlyList<IResourceBuilder<IResourceWithConnectionString>> Others)
{
    public static Action<ProjectResourceOptions> WithoutLaunchProfile { get; } = options => options.ExcludeLaunchProfile = true;

    public static Backing InContainers(IDistributedApplicationBuilder builder, HostSettings settings)
    {
        var password = builder.AddParameter("postgres-password", PostgresServer.PasswordFrom(settings.PostgresPassword), secret: true);
        var postgres = builder.AddPostgres(ResourceNames.Postgres, password: password, port: settings.Port(HostPort.Postgres))
            .WithDataVolume($"mefapex-postgres-{settings.Id}");
        return new Backing(
            postgres.AddDatabase(ResourceNames.Database),
            [
                builder.AddRedis(ResourceNames.Redis).WithDataVolume($"mefapex-redis-{settings.Id}"),
                builder.AddQdrant(ResourceNames.Qdrant).WithDataVolume($"mefapex-qdrant-{settings.Id}"),
                builder.AddKafka(ResourceNames.Kafka).WithDataVolume($"mefapex-kafka-{settings.Id}"),
            ]);
    }

    public static async Task<Backing> FromLocalProgramsAsync(IDistributedApplicationBuilder builder, HostSettings settings)
    {
        var server = await PostgresServer.PrepareAsync(PostgresOptions.For(settings), Console.WriteLine, CancellationToken.None);
        var postgres = AddProgram(builder, ResourceNames.Postgres, server.Command, server.IsReadyAsync);
        var password = builder.AddParameter("postgres-password", PostgresServer.PasswordFrom(settings.PostgresPassword), secret: true);
        var port = settings.Port(HostPort.Postgres).ToString(CultureInfo.InvariantCulture);
        var database = builder.AddConnectionString(
            ResourceNames.Database,
            ReferenceExpression.Create(
                $"Host=127.0.0.1;Port={port};Username={PostgresServer.Superuser};Password={password};Database={ResourceNames.Database}"))
            .WaitFor(postgres);
        if (LocalRedis.Prepare(settings) is not { } redis)
            return new Backing(database, []);

        var redisServer = AddProgram(builder, "redis-server", redis.Command, redis.IsReadyAsync);
        var redisPassword = builder.AddParameter("redis-password", redis.Password, secret: true);
        var cache = builder.AddConnectionString(
            ResourceNames.Redis, ReferenceExpression.Create($"{redis.Address},password={redisPassword}")).WaitFor(redisServer);
        return new Backing(database, [cache]);
    }

    private static IResourceBuilder<ExecutableResource> AddProgram(
        IDistributedApplicationBuilder builder,
        string name,
        Command command,
        Func<CancellationToken, Task<bool>> isReady)
    {
        var check = $"{name}-takes-connections";
        builder.Services.AddHealthChecks().AddAsyncCheck(check, async token =>
            await isReady(token) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
        return builder.AddExecutable(name, command.FileName, command.WorkingDirectory ?? "/", [.. command.Arguments])
            .WithHealthCheck(check);
    }
}

internal static class BackingReferences
{
    public static IResourceBuilder<ProjectResource> WithOptionalReferences(
        this IResourceBuilder<ProjectResource> project,
        IEnumerable<IResourceBuilder<IResourceWithConnectionString>> resources)
    {
        foreach (var resource in resources)
            project.WithReference(resource).WaitFor(resource);
        return project;
    }
}
