using Npgsql;

namespace Mefapex.Api.Data;

/// <summary>
/// Whose rows the statements of this flow of control see and write: those of one tenant or of all. It goes with each
/// transaction to PostgreSQL, whose policies hold to it (<see cref="RowSecurity"/>). While nobody has said, a statement fails.
/// A request's scope is set once its tenant is known (<see cref="UnknownYet"/>); other work enters one.
/// </summary>
internal sealed class DataScope
{
    private static readonly AsyncLocal<DataScope?> Ambient = new();

    private Guid? _tenant;
    private bool _all;

    private DataScope()
    {
    }

    private static DataScope Current => Ambient.Value is { } scope && (scope._all || scope._tenant is not null)
        ? scope
        : throw new InvalidOperationException(
            $"Whose rows is this about? Resolve the request's tenant, or enter {nameof(DataScope)}.{nameof(Of)} or {nameof(AllTenants)}.");

    private string Tenant => _tenant?.ToString() ?? "";

    private string Role => _all ? RowSecurity.PlatformRole : RowSecurity.TenantRole;

    /// <summary>For work on one tenant's rows, until disposed.</summary>
    public static Entered Of(Guid tenantId) => new(new DataScope { _tenant = tenantId });

    /// <summary>For what no tenant is known of yet, as at a sign-in, or what concerns them all, as a queue of jobs; until disposed.</summary>
    public static Entered AllTenants() => new(new DataScope { _all = true });

    /// <summary>For a request: <see cref="Say"/> will say whose rows it is about, to all that runs in it.</summary>
    public static Entered UnknownYet() => new(new DataScope());

    /// <param name="tenantId">Null for all tenants.</param>
    public static void Say(Guid? tenantId)
    {
        var scope = Ambient.Value ?? throw new InvalidOperationException("There is no request here.");
        (scope._tenant, scope._all) = (tenantId, tenantId is null);
    }

    /// <summary>Sets the scope for the transaction in which it runs; returns one row.</summary>
    public static string Sql =>
        $"select set_config('{RowSecurity.TenantSetting}', '{Current.Tenant}', true), set_config('role', '{Current.Role}', true)";

    /// <summary>As <see cref="Sql"/>, the same text for every tenant, so that it can be prepared.</summary>
    public static NpgsqlBatchCommand BatchCommand() => new(
        $"select set_config('{RowSecurity.TenantSetting}', $1, true), set_config('role', $2, true)")
    {
        Parameters = { new() { Value = Current.Tenant }, new() { Value = Current.Role } },
    };

    public readonly struct Entered : IDisposable
    {
        private readonly DataScope? _before;

        internal Entered(DataScope scope) => (_before, Ambient.Value) = (Ambient.Value, scope);

        public void Dispose() => Ambient.Value = _before;
    }
}

internal static class ScopedConnections
{
    /// <summary>Begins a transaction in the <see cref="DataScope"/>, for statements that go past Entity Framework.</summary>
    public static async Task<NpgsqlTransaction> BeginScopedAsync(this NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(DataScope.Sql, connection, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return transaction;
    }
}
