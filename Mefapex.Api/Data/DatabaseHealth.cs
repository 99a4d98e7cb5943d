using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Mefapex.Api.Data;

/// <summary>Readiness check <c>database</c>: set up, and answering now.</summary>
internal sealed class DatabaseHealth(NpgsqlDataSource dataSource, DatabaseState state) : IHealthCheck
{
    public const string Name = "database";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default)
    {
        if (!state.IsReady)
            return HealthCheckResult.Unhealthy(state.Obstacle);

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        try
        {
            await using var command = dataSource.CreateCommand("select 1");
            await command.ExecuteScalarAsync(deadline.Token);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy(
                e is OperationCanceledException ? $"PostgreSQL did not answer in {Patience.TotalSeconds} s" : e.Message);
        }
    }
}
