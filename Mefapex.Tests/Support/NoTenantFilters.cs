using System.Data.Common;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Mefapex.Tests.Support;

/// <summary>Takes the service's own conditions on the tenant out of what Entity Framework sends, so that policies stand alone.</summary>
internal sealed partial class NoTenantFilters : DbCommandInterceptor
{
    private int _taken;

    /// <summary>How many conditions were taken out.</summary>
    public int Taken => _taken;

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        TakeOut(command);
        return ValueTask.FromResult(result);
    }

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        TakeOut(command);
        return ValueTask.FromResult(result);
    }

    [GeneratedRegex(@"(?:\w+\.)?tenant_id = @\w+")]
    private static partial Regex Condition();

    private void TakeOut(DbCommand command) => command.CommandText = Condition().Replace(command.CommandText, condition =>
    {
        Interlocked.Increment(ref _taken);
        return $"({condition.Value} or true)";
    });
}
