using Mefapex.Contracts;
using Mefapex.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Mefapex.Api.Data;

internal static class DataExtensions
{
    public static WebApplicationBuilder AddData(this WebApplicationBuilder builder)
    {
        var connection = ConnectionString(builder.Configuration);
        builder.Services.AddSingleton(services => new NpgsqlDataSourceBuilder(connection)
            .UseLoggerFactory(services.GetRequiredService<ILoggerFactory>())
            .Build());
        builder.Services.AddDbContextFactory<MefapexDb>((services, options) =>
            options.UseMefapex(services.GetRequiredService<NpgsqlDataSource>()));
        builder.Services.AddSingleton<DatabaseState>();
        builder.Services.AddHostedService<DatabaseSetup>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealth>(DatabaseHealth.Name, tags: [HealthEndpoints.ReadyTag]);
        return builder;
    }

    /// <summary>How a context talks to PostgreSQL, in the service and in tests alike.</summary>
    public static TOptions UseMefapex<TOptions>(this TOptions options, NpgsqlDataSource dataSource)
        where TOptions : DbContextOptionsBuilder
    {
        options
            .UseNpgsql(dataSource, npgsql => npgsql
                .MigrationsHistoryTable("schema_migrations")
                .EnableRetryOnFailure(maxRetryCount: 2, maxRetryDelay: TimeSpan.FromMilliseconds(200), errorCodesToAdd: null))
            // Migrations are written by hand without a model snapshot; a test compares their schema with the model's.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning));
        return options;
    }

    private static string ConnectionString(IConfiguration configuration)
    {
        var configured = configuration.GetConnectionString(ResourceNames.Database);
        if (string.IsNullOrWhiteSpace(configured))
        {
            throw new InvalidOperationException(
                $"No database is configured. Start with ./mefapex up, or set ConnectionStrings__{ResourceNames.Database}.");
        }

        var given = new NpgsqlConnectionStringBuilder(configured);
        if (!given.ContainsKey("Timeout"))
            given.Timeout = 3;
        if (!given.ContainsKey("Command Timeout"))
            given.CommandTimeout = 15;
        given.ApplicationName ??= "mefapex-api";
        return given.ConnectionString;
    }
}
