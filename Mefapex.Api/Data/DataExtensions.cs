using Mefapex.Api.Admin;
using Mefapex.Contracts;
using Mefapex.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Api.Data;

internal static class DataExtensions
{
    public static WebApplicationBuilder AddData(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<DatabaseOptions>()
            .Configure<IConfiguration>((database, configuration) =>
                database.Configured = configuration.GetConnectionString(ResourceNames.Database))
            .ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<DatabaseOptions>, DatabaseOptions.Validator>();
        builder.Services.AddAdapter("database", services => $"PostgreSQL at {Options(services).Place}");
        builder.Services.AddSingleton(services => new OwnerDatabase(Source(services, Options(services).ConnectionString).Build()));
        builder.Services.AddSingleton(services => Source(services, Options(services).ScopedConnectionString)
            .UsePhysicalConnectionInitializer(RowSecurity.Enter, RowSecurity.EnterAsync)
            .Build());
        builder.Services.AddDbContextFactory<MefapexDb>((services, options) => options
            .UseMefapex(services.GetRequiredService<NpgsqlDataSource>())
            .AddInterceptors(new DataScopeInterceptor()));
        builder.Services.AddSingleton<DatabaseState>();
        builder.Services.AddSingleton<Recurrence>();
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

    private static NpgsqlDataSourceBuilder Source(IServiceProvider services, string connectionString) =>
        new NpgsqlDataSourceBuilder(connectionString).UseLoggerFactory(services.GetRequiredService<ILoggerFactory>());

    private static DatabaseOptions Options(IServiceProvider services) =>
        services.GetRequiredService<IOptions<DatabaseOptions>>().Value;
}
