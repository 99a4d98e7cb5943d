using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Mefapex.Api.Data;

/// <summary>
/// The database as the user of the connection string has it, who owns the tables and whom no policy binds: for the schema, the
/// sample content and the planner's statistics. Everything else goes through <see cref="DataScope"/>.
/// </summary>
internal sealed class OwnerDatabase(NpgsqlDataSource source) : IAsyncDisposable
{
    public NpgsqlDataSource Source => source;

    /// <summary>A context whose models are forgotten with these services, rather than kept as long as the process lives.</summary>
    public MefapexDb CreateContext(IServiceProvider services) =>
        new(new DbContextOptionsBuilder<MefapexDb>().UseMefapex(source).UseInternalServiceProvider(services).Options);

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
